package delays

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// LateAfter is the delay, in minutes, up to which a flight still counts as on
// time.
const LateAfter = 15

// Flight is one flight that took place.
type Flight struct {
	// Date is when the flight left, to the minute, on the clock of its origin.
	// The zone is not known: the location is always UTC.
	Date time.Time `json:"date" csv:"date"`

	// Delay is how late the flight arrived, in minutes; negative when early.
	Delay int `json:"delay" csv:"delay"`

	// Distance is the length of the flight, in miles.
	Distance int `json:"distance" csv:"distance"`

	// Origin is the IATA code of the airport that the flight left.
	Origin string `json:"origin" csv:"origin"`

	// Destination is the IATA code of the airport where the flight arrived.
	Destination string `json:"destination" csv:"destination"`
}

// Late reports whether the flight arrived more than [LateAfter] minutes late.
func (f Flight) Late() bool { return f.Delay > LateAfter }

// Month is the month of the flight's departure, as "2001-01".
func (f Flight) Month() string { return f.Date.Format(MonthLayout) }

// MonthLayout is the layout, for package time, of a month.
const MonthLayout = "2006-01"

// sourceDate is how the Bureau's sample writes a time.
const sourceDate = "2006/01/02 15:04"

// ParseFlights reads flights as the Bureau's sample gives them: one JSON array
// of objects, with dates like "2001/01/01 00:47". It keeps their order. An
// error names the flight that is at fault, counted from 1.
//
// The JSON form of [Flight] itself has RFC 3339 dates and is not read by
// ParseFlights.
func ParseFlights(r io.Reader) ([]Flight, error) {
	var rows []struct {
		Flight
		Date string `json:"date"`
	}
	decoder := json.NewDecoder(r)
	if err := decoder.Decode(&rows); err != nil {
		return nil, fmt.Errorf("parsing flights: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("parsing flights: there is more after the array")
	}
	flights := make([]Flight, len(rows))
	for i, row := range rows {
		date, err := time.Parse(sourceDate, row.Date)
		if err != nil {
			return nil, fmt.Errorf("parsing flights: flight %d: %w", i+1, err)
		}
		if row.Origin == "" || row.Destination == "" {
			return nil, fmt.Errorf("parsing flights: flight %d: it has no origin or no destination", i+1)
		}
		flights[i] = row.Flight
		flights[i].Date = date
	}
	return flights, nil
}
