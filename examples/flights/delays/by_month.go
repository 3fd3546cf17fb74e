package delays

import (
	"iter"
	"maps"
	"slices"
)

// MonthDelay is how late the flights of one month arrive.
type MonthDelay struct {
	// Month is as in "2001-01".
	Month string `json:"month" csv:"month"`

	// Flights counts the flights that left in the month; at least 1.
	Flights int `json:"flights" csv:"flights"`

	// MeanDelayMinutes is their mean delay; negative when they are early.
	MeanDelayMinutes float64 `json:"mean_delay_minutes" csv:"mean_delay_minutes"`

	// ShareLate is the part of them that is [Flight.Late], between 0 and 1.
	ShareLate float64 `json:"share_late" csv:"share_late"`
}

// ByMonth gives one row for each month in which a flight leaves, in order. No
// flights give no rows. The error is that of flights, which it reads once.
func ByMonth(flights iter.Seq2[Flight, error]) ([]MonthDelay, error) {
	tallies, err := tallyBy(Flight.Month, flights)
	if err != nil {
		return nil, err
	}
	rows := make([]MonthDelay, 0, len(tallies))
	for _, month := range slices.Sorted(maps.Keys(tallies)) {
		t := tallies[month]
		rows = append(rows, MonthDelay{
			Month:            month,
			Flights:          t.flights,
			MeanDelayMinutes: t.mean(),
			ShareLate:        t.shareLate(),
		})
	}
	return rows, nil
}
