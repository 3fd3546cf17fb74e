package delays

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"

	"github.com/jszwec/csvutil"
)

// Airport is a place that flights leave and reach.
type Airport struct {
	// IATA is the airport's code, unique among airports.
	IATA string `json:"iata" csv:"iata"`

	// Name, City and State are empty where not known. State has two letters.
	Name    string `json:"name" csv:"name"`
	City    string `json:"city" csv:"city"`
	State   string `json:"state" csv:"state"`
	Country string `json:"country" csv:"country"`

	// Latitude and Longitude are degrees, north and east.
	Latitude  float64 `json:"latitude" csv:"latitude"`
	Longitude float64 `json:"longitude" csv:"longitude"`
}

// notKnown is how the list of airports writes a missing city or state.
const notKnown = "NA"

// ParseAirports reads airports from CSV with a header row that names every
// field of [Airport], in any order; other columns are passed over. It keeps
// their order. An error names the line at fault.
func ParseAirports(r io.Reader) ([]Airport, error) {
	reader := csv.NewReader(r)
	decoder, err := csvutil.NewDecoder(reader)
	if err != nil {
		return nil, fmt.Errorf("parsing airports: reading the header: %w", err)
	}
	decoder.DisallowMissingColumns = true
	var airports []Airport
	lines := make(map[string]int)
	for {
		var a Airport
		err := decoder.Decode(&a)
		if errors.Is(err, io.EOF) {
			return airports, nil
		}
		if err != nil {
			return nil, fmt.Errorf("parsing airports: %w", err)
		}
		line, _ := reader.FieldPos(0)
		if err := checkAirport(a); err != nil {
			return nil, fmt.Errorf("parsing airports: line %d: %w", line, err)
		}
		if first, ok := lines[a.IATA]; ok {
			return nil, fmt.Errorf("parsing airports: line %d: %s is on line %d already", line, a.IATA, first)
		}
		lines[a.IATA] = line
		if a.City == notKnown {
			a.City = ""
		}
		if a.State == notKnown {
			a.State = ""
		}
		airports = append(airports, a)
	}
}

// checkAirport says what is wrong with a, nil if nothing is. The comparisons
// are written so that they catch NaN.
func checkAirport(a Airport) error {
	switch {
	case a.IATA == "":
		return errors.New("the airport has no code")
	case !(a.Latitude >= -90 && a.Latitude <= 90):
		return fmt.Errorf("latitude %v is not between -90 and 90", a.Latitude)
	case !(a.Longitude >= -180 && a.Longitude <= 180):
		return fmt.Errorf("longitude %v is not between -180 and 180", a.Longitude)
	}
	return nil
}
