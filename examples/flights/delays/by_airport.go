package delays

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// AirportDelay is how late the flights that leave one airport arrive.
type AirportDelay struct {
	// IATA is the airport's code.
	IATA string `json:"iata" csv:"iata"`

	// Name and State are empty for an airport that is not known.
	Name  string `json:"name" csv:"name"`
	State string `json:"state" csv:"state"`

	// Flights counts the flights that left; at least 1.
	Flights int `json:"flights" csv:"flights"`

	// MeanDelayMinutes is their mean delay; negative when they are early.
	MeanDelayMinutes float64 `json:"mean_delay_minutes" csv:"mean_delay_minutes"`

	// ShareLate is the part of them that is [Flight.Late], between 0 and 1.
	ShareLate float64 `json:"share_late" csv:"share_late"`
}

// ByAirport gives one row for each airport that a flight leaves, ordered by
// code. It takes names and states from airports and passes over those without
// a flight. No flights give no rows. The error is that of flights, which it
// reads once.
func ByAirport(flights iter.Seq2[Flight, error], airports []Airport) ([]AirportDelay, error) {
	tallies, err := tallyBy(func(f Flight) string { return f.Origin }, flights)
	if err != nil {
		return nil, err
	}
	known := make(map[string]Airport, len(airports))
	for _, a := range airports {
		known[a.IATA] = a
	}
	rows := make([]AirportDelay, 0, len(tallies))
	for _, iata := range slices.Sorted(maps.Keys(tallies)) {
		t := tallies[iata]
		rows = append(rows, AirportDelay{
			IATA:             iata,
			Name:             known[iata].Name,
			State:            known[iata].State,
			Flights:          t.flights,
			MeanDelayMinutes: t.mean(),
			ShareLate:        t.shareLate(),
		})
	}
	return rows, nil
}

// Worst gives the n airports with the highest mean delay among those with at
// least minFlights flights, the highest first; equal ones are ordered by code.
// It gives fewer when there are fewer, and none for an n below 1.
func Worst(byAirport []AirportDelay, n, minFlights int) []AirportDelay {
	busy := make([]AirportDelay, 0, len(byAirport))
	for _, row := range byAirport {
		if row.Flights >= minFlights {
			busy = append(busy, row)
		}
	}
	slices.SortFunc(busy, func(a, b AirportDelay) int {
		return cmp.Or(cmp.Compare(b.MeanDelayMinutes, a.MeanDelayMinutes), cmp.Compare(a.IATA, b.IATA))
	})
	return slices.Clip(busy[:max(0, min(n, len(busy)))])
}
