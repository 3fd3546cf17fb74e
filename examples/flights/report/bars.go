package report

import (
	"fmt"
	"math"

	"github.com/fxrun/fxrun/examples/flights/delays"
)

// barChart is a list of airports, each with a bar as long as its mean delay.
// Lengths are in percent of the drawing's width, so that the chart fits any
// screen without its text changing size.
type barChart struct {
	Bars  []bar
	Ticks []tick
	Key   []keyEntry
}

// bar is one airport's.
type bar struct {
	IATA, Place string
	Width       string // percent
	Minutes     string
	Class       string
	Title       string
}

// tick is a line of the scale.
type tick struct {
	X     string // percent
	Label string
}

// barRoom is the part of the width, in percent, that the scale takes; the rest
// is for the label of the longest bar.
const barRoom = 90

// newBarChart returns nil for no rows. A mean below zero has no bar, only its
// label.
func newBarChart(rows []delays.AirportDelay) *barChart {
	if len(rows) == 0 {
		return nil
	}
	longest := 0.0
	for _, row := range rows {
		longest = max(longest, row.MeanDelayMinutes)
	}
	step := tickStep(longest)
	end := max(longest, step)
	chart := &barChart{Key: lateKey()}
	for i := range int(end/step+1e-9) + 1 { // 0.3/0.1 is a little under 3
		v := float64(i) * step
		chart.Ticks = append(chart.Ticks, tick{X: coordinate(v / end * barRoom), Label: coordinate(v)})
	}
	for _, row := range rows {
		chart.Bars = append(chart.Bars, bar{
			IATA:    row.IATA,
			Place:   place(row),
			Width:   coordinate(max(0, row.MeanDelayMinutes/end*barRoom)),
			Minutes: minutes(row.MeanDelayMinutes),
			Class:   lateClass(row.ShareLate),
			Title:   title(row),
		})
	}
	return chart
}

// tickStep is the roundest step (1, 2 or 5 times a power of ten) that makes
// two to five parts of what is to be shown.
func tickStep(longest float64) float64 {
	switch {
	case longest <= 0:
		return 1
	case longest < 0.1: // the labels have one decimal
		return 0.1
	}
	power := math.Pow(10, math.Floor(math.Log10(longest/5)))
	for _, factor := range []float64{1, 2, 5} {
		if longest/(factor*power) <= 5 {
			return factor * power
		}
	}
	return 10 * power
}

// place is an airport's name and state, as far as they are known.
func place(row delays.AirportDelay) string {
	switch {
	case row.Name == "":
		return row.State
	case row.State == "":
		return row.Name
	}
	return row.Name + ", " + row.State
}

// title says in words what a mark shows.
func title(row delays.AirportDelay) string {
	return fmt.Sprintf("%s %s: mean delay %s minutes, %s late, %s",
		row.IATA, place(row), minutes(row.MeanDelayMinutes), percent(row.ShareLate), flightCount(row.Flights))
}
