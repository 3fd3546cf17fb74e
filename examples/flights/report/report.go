package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"math"
	"strings"

	"github.com/fxrun/fxrun/examples/flights/delays"
)

//go:embed page.gohtml
var pageText string

// HTML is a whole HTML document, in UTF-8.
type HTML string

// Data is what a report shows. Nothing is computed again that is given here;
// an empty list leaves its part of the page out. Render changes none of it.
type Data struct {
	// ByMonth gives the cards, in the given order.
	ByMonth []delays.MonthDelay

	// ByAirport gives the totals, the map and the table, in the given order.
	ByAirport []delays.AirportDelay

	// Worst gives the bars, the first on top.
	Worst []delays.AirportDelay

	// MinFlights is how many flights an airport of Worst has at least; the
	// page says so. Zero says nothing.
	MinFlights int

	// Airports says where the airports of ByAirport are on the map. Those of
	// the continental states are its ground, one faint dot each.
	Airports []delays.Airport
}

// page is what the template shows: texts, and numbers for SVG.
type page struct {
	Period  string
	Totals  *totals // nil without flights
	Months  []monthCard
	Bars    *barChart // nil without bars
	BarsMin string    // empty without a minimum
	Map     *usMap    // nil without an airport to draw
	Rows    []tableRow
	LateMin int
}

// Render returns the report as an HTML page, the same for the same data. It
// refuses data that can't be drawn: a figure that is no finite number, a share
// outside 0 to 1, a month that is not like "2001-01". It reports all that is
// wrong at once.
func Render(data Data) (HTML, error) {
	if err := check(data); err != nil {
		return "", fmt.Errorf("rendering the report: %w", err)
	}
	barsMin := ""
	if data.MinFlights > 0 {
		barsMin = flightCount(data.MinFlights)
	}
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return "", fmt.Errorf("rendering the report: %w", err)
	}
	var out strings.Builder
	err = t.Execute(&out, page{
		Period:  period(data.ByMonth),
		Totals:  newTotals(data.ByAirport),
		Months:  newMonthCards(data.ByMonth),
		Bars:    newBarChart(data.Worst),
		BarsMin: barsMin,
		Map:     newUSMap(data.ByAirport, data.Airports),
		Rows:    newTableRows(data.ByAirport),
		LateMin: delays.LateAfter,
	})
	if err != nil {
		return "", fmt.Errorf("rendering the report: %w", err)
	}
	return HTML(out.String()), nil
}

// check says what can't be drawn.
func check(data Data) error {
	var errs []error
	figures := func(what string, n int, mean, share float64) {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s: %d flights", what, n))
		}
		if math.IsNaN(mean) || math.IsInf(mean, 0) {
			errs = append(errs, fmt.Errorf("%s: the mean delay is %v", what, mean))
		}
		if !(share >= 0 && share <= 1) { // catches NaN
			errs = append(errs, fmt.Errorf("%s: the share of late flights is %v", what, share))
		}
	}
	for _, m := range data.ByMonth {
		figures("month "+m.Month, m.Flights, m.MeanDelayMinutes, m.ShareLate)
		if _, err := monthName(m.Month); err != nil {
			errs = append(errs, err)
		}
	}
	for _, a := range data.ByAirport {
		figures("airport "+a.IATA, a.Flights, a.MeanDelayMinutes, a.ShareLate)
	}
	for _, a := range data.Worst {
		figures("worst airport "+a.IATA, a.Flights, a.MeanDelayMinutes, a.ShareLate)
	}
	return errors.Join(errs...)
}
