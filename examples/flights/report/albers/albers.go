// Package albers projects places on the globe to a plane by the equal-area
// conic projection of Albers, the usual one for maps of the United States.
package albers

import "math"

// Projection is one such projection. Make it with [New]. It is not changed
// once made, so it is safe for concurrent use.
type Projection struct {
	n, c, radius, longitude float64
}

// New returns the projection whose scale is true along the two given
// parallels, and that puts the given latitude and longitude at (0, 0). All are
// in degrees. The parallels must not lie opposite each other across the
// equator.
func New(parallel1, parallel2, latitude, longitude float64) Projection {
	sin1 := math.Sin(radians(parallel1))
	p := Projection{n: (sin1 + math.Sin(radians(parallel2))) / 2, longitude: radians(longitude)}
	p.c = math.Pow(math.Cos(radians(parallel1)), 2) + 2*p.n*sin1
	p.radius = p.rho(latitude)
	return p
}

// Project returns where a place, in degrees north and east, lies on the plane:
// x to the east and y to the north, in radii of the globe.
func (p Projection) Project(latitude, longitude float64) (x, y float64) {
	rho := p.rho(latitude)
	theta := p.n * (radians(longitude) - p.longitude)
	return rho * math.Sin(theta), p.radius - rho*math.Cos(theta)
}

// rho is how far a parallel is from the tip of the cone.
func (p Projection) rho(latitude float64) float64 {
	return math.Sqrt(p.c-2*p.n*math.Sin(radians(latitude))) / p.n
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }
