package report

import (
	"github.com/fxrun/fxrun/examples/flights/delays"
)

// tableRow is one airport of the table.
type tableRow struct {
	IATA, Name, State, Flights, MeanDelay, ShareLate string
	Width                                            string // of the bar for the share, percent
	Class                                            string
}

func newTableRows(rows []delays.AirportDelay) []tableRow {
	table := make([]tableRow, len(rows))
	for i, row := range rows {
		table[i] = tableRow{
			IATA:      row.IATA,
			Name:      row.Name,
			State:     row.State,
			Flights:   count(row.Flights),
			MeanDelay: minutes(row.MeanDelayMinutes),
			ShareLate: percent(row.ShareLate),
			Width:     coordinate(100 * row.ShareLate),
			Class:     lateClass(row.ShareLate),
		}
	}
	return table
}
