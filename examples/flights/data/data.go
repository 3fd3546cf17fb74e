// Package data holds the example's two data files inside the program, so that
// it runs from any folder. The README beside them says where they come from.
//
// Package delays reads them: delays.ParseFlights(data.FlightsJSON()).
package data

import (
	_ "embed"
	"io"
	"strings"
)

var (
	//go:embed airports.csv
	airportsCSV string

	//go:embed flights-20k.json
	flightsJSON string
)

// AirportsCSV returns a new reader of the 3,376 airports, as CSV with a header
// row: iata, name, city, state, country, latitude, longitude.
func AirportsCSV() io.Reader { return strings.NewReader(airportsCSV) }

// FlightsJSON returns a new reader of the 20,000 flights, as a JSON array of
// objects: date, delay, distance, origin, destination.
func FlightsJSON() io.Reader { return strings.NewReader(flightsJSON) }
