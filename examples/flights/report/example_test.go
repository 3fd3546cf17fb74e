package report_test

import (
	"fmt"
	"strings"

	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/examples/flights/report"
)

func ExampleRender() {
	page, err := report.Render(report.Data{
		ByMonth: []delays.MonthDelay{{Month: "2001-01", Flights: 6937, MeanDelayMinutes: 6.4, ShareLate: 0.208}},
	})
	fmt.Println(strings.Contains(string(page), "<h3>January 2001</h3>"), err)
	// Output: true <nil>
}
