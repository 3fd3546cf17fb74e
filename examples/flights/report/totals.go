package report

import "github.com/fxrun/fxrun/examples/flights/delays"

// totals are the figures at the head of the page.
type totals struct {
	Flights, MeanDelay, ShareLate, Airports string
}

// newTotals weighs the airports' means by their flights; nil without flights.
func newTotals(rows []delays.AirportDelay) *totals {
	var flights int
	var delay, late float64
	for _, row := range rows {
		flights += row.Flights
		delay += row.MeanDelayMinutes * float64(row.Flights)
		late += row.ShareLate * float64(row.Flights)
	}
	if flights == 0 {
		return nil
	}
	return &totals{
		Flights:   count(flights),
		MeanDelay: minutes(delay / float64(flights)),
		ShareLate: percent(late / float64(flights)),
		Airports:  count(len(rows)),
	}
}
