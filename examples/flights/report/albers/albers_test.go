package albers_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/fxrun/fxrun/examples/flights/report/albers"
)

func TestProject(t *testing.T) {
	t.Parallel()
	t.Run("the numerical example of Snyder's Map Projections comes out", func(t *testing.T) {
		x, y := albers.New(29.5, 45.5, 23, -96).Project(35, -75)
		if math.Abs(x-0.2952720) > 5e-8 || math.Abs(y-0.2416774) > 5e-8 {
			t.Errorf("got %.7f, %.7f", x, y)
		}
	})
	t.Run("cells of equal area on the globe have equal area on the plane", func(t *testing.T) {
		p := albers.New(29.5, 45.5, 37.5, -96)
		const d = 1e-3
		area := func(latitude, longitude float64) float64 {
			x0, y0 := p.Project(latitude, longitude)
			x1, y1 := p.Project(latitude+d, longitude)
			x2, y2 := p.Project(latitude, longitude+d)
			onGlobe := d * d * math.Cos(latitude*math.Pi/180)
			return math.Abs((x1-x0)*(y2-y0)-(x2-x0)*(y1-y0)) / onGlobe
		}
		want := area(37.5, -96)
		for _, place := range [][2]float64{{25, -80}, {48, -124}, {45, -67}, {33, -117}} {
			if got := area(place[0], place[1]); math.Abs(got/want-1) > 1e-4 {
				t.Errorf("%v: %v, not %v", place, got, want)
			}
		}
	})
}

func ExampleProjection_Project() {
	usa := albers.New(29.5, 45.5, 37.5, -96)
	x, y := usa.Project(37.5, -96)
	fmt.Printf("%.1f %.1f\n", x, y)
	// Output: 0.0 0.0
}
