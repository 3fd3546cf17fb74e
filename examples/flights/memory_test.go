package main

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/examples/flights/carrier"
	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/examples/flights/report"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// fakeCarrier is an airline without a network, and with one month.
type fakeCarrier struct {
	pages iter.Seq2[[]delays.Flight, error]
}

func (f fakeCarrier) Months(context.Context) ([]string, error) { return []string{"2001-01"}, nil }

func (f fakeCarrier) Flights(context.Context, string) iter.Seq2[[]delays.Flight, error] {
	return f.pages
}

// instead makes a fake of what assets ask for as an interface.
func instead(api carrier.API) fx.Option {
	return fx.Replace(fx.Annotate(api, fx.As(new(carrier.API))))
}

// page is a hundred flights from Atlanta.
func page(delay int) []delays.Flight {
	flights := make([]delays.Flight, 100)
	for i := range flights {
		flights[i] = delays.Flight{
			Date: time.Date(2001, time.January, 1, 8, i%60, 0, 0, time.UTC), Origin: "ATL", Destination: "JFK", Delay: delay, Distance: 760,
		}
	}
	return flights
}

// The whole job runs in memory: with a fake airline, reports and a database in
// memory, and values that fxruntest keeps there. Nothing real is started, nothing
// is written, and the airline's config is not asked for.
func TestNightlyInMemory(t *testing.T) {
	t.Setenv("CARRIER_URL", "nonsense")
	twoPages := func(yield func([]delays.Flight, error) bool) {
		_ = yield(page(10), nil) && yield(page(30), nil)
	}
	reports := keptInMemory{}

	result := fxruntest.RunJob(t, "nightly", Definitions(),
		instead(fakeCarrier{twoPages}),
		insteadOfReports(reports),
		fxruntest.Config(container.RunConfig{Resources: map[string]any{"database": sqlite.Config{Path: sqlite.Memory}}}))

	want := Worst{MinFlights: 100, Airports: []delays.AirportDelay{{
		IATA: "ATL", Name: "William B Hartsfield-Atlanta Intl", State: "GA", Flights: 200, MeanDelayMinutes: 20, ShareLate: 0.5,
	}}}
	if diff := cmp.Diff(want, fxruntest.Value[Worst](t, result)); diff != "" {
		t.Error(diff)
	}
	drawn := fxruntest.Value[report.HTML](t, result)
	if kept := reports[result.Record.Queued.Format(archived)]; kept != string(drawn) {
		t.Errorf("the archive holds %.100q", kept)
	}
	for _, event := range fxruntest.EventsOf[history.ResourceStarting](result) {
		if event.Resource != "database" && event.Resource != "warehouse" {
			t.Errorf("resource %s was started", event.Resource)
		}
	}
}
