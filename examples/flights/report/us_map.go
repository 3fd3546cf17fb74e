package report

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/examples/flights/report/albers"
)

// usMap is a map of the continental United States. All numbers are in the
// SVG's units, from the upper left corner.
type usMap struct {
	Width, Height int
	Ground        string // path of one dot for each known airport
	Dots          []dot  // the largest first, so that none hides another
	Labels        []label
	Key           []keyEntry
	Sizes         []size
	Elsewhere     string // airports with flights that are not on the map
	ElseFlights   string
}

// dot is an airport with flights.
type dot struct {
	X, Y, R string
	Class   string
	Title   string
}

// size explains how large a dot is; its middle is at Y, its label at LabelY.
type size struct{ X, Y, R, LabelY, Label string }

// The drawing shows the projection's plane from mapLeft to the right and from
// mapTop down, both in radii of the globe.
const (
	mapLeft   = -0.378
	mapTop    = 0.250
	mapScale  = 1290 // units for a radius of the globe
	mapWidth  = 960
	mapHeight = 605

	dotRadius   = 0.66 // of an airport with one flight
	smallestDot = 2.2

	sizesY = 560 // on which the sample dots stand: in the ocean
)

// newUSMap returns nil if none of the rows' airports is on the map.
func newUSMap(rows []delays.AirportDelay, airports []delays.Airport) *usMap {
	m := &usMap{Width: mapWidth, Height: mapHeight, Key: delayKey()}
	usa := albers.New(29.5, 45.5, 37.5, -96)
	places := make(map[string]point, len(airports))
	var ground strings.Builder
	for _, a := range airports {
		if !continental(a) {
			continue
		}
		x, y := usa.Project(a.Latitude, a.Longitude)
		p := point{x: (x - mapLeft) * mapScale, y: (mapTop - y) * mapScale}
		places[a.IATA] = p
		// A line of no length with round ends is a dot, and much shorter to
		// write than a circle.
		ground.WriteString("M" + oneDecimal(p.x) + " " + oneDecimal(p.y) + "h0")
	}
	m.Ground = ground.String()

	bySize := slices.SortedFunc(slices.Values(rows), func(a, b delays.AirportDelay) int {
		return cmp.Or(cmp.Compare(b.Flights, a.Flights), cmp.Compare(a.IATA, b.IATA))
	})
	var circles []circle
	elsewhere, elseFlights := 0, 0
	for _, row := range bySize {
		at, ok := places[row.IATA]
		if !ok {
			elsewhere++
			elseFlights += row.Flights
			continue
		}
		r := radius(row.Flights)
		circles = append(circles, circle{point: at, r: r, text: row.IATA, flights: row.Flights})
		m.Dots = append(m.Dots, dot{
			X: coordinate(at.x), Y: coordinate(at.y), R: coordinate(r),
			Class: delayClass(row.MeanDelayMinutes),
			Title: title(row),
		})
	}
	if len(m.Dots) == 0 {
		return nil
	}
	m.Labels = placeLabels(circles)
	m.Sizes = newSizes()
	if elsewhere > 0 {
		m.Elsewhere, m.ElseFlights = airportCount(elsewhere), flightCount(elseFlights)
	}
	return m
}

// continental reports whether an airport is in the 48 states between Canada
// and Mexico or the capital: no other American airport is in this window.
func continental(a delays.Airport) bool {
	return a.Latitude >= 24 && a.Latitude <= 50 && a.Longitude >= -125 && a.Longitude <= -66
}

// radius makes the area of a dot grow with the flights, down to what can still
// be seen.
func radius(flights int) float64 { return max(smallestDot, dotRadius*math.Sqrt(float64(flights))) }

func oneDecimal(v float64) string { return coordinate(math.Round(v*10) / 10) }

// newSizes lays the sample dots out from left to right.
func newSizes() []size {
	var sizes []size
	for _, sample := range []struct {
		n     int
		x     float64
		label string
	}{{10, 40, "10"}, {100, 120, "100"}, {1000, 250, "1,000 flights"}} {
		r := radius(sample.n)
		sizes = append(sizes, size{
			X: coordinate(sample.x), Y: coordinate(sizesY - r), R: coordinate(r),
			LabelY: coordinate(sizesY + 25), Label: sample.label,
		})
	}
	return sizes
}
