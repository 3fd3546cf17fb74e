package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/examples/flights/carrier"
	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/examples/flights/report"
)

// Each asset has a type of its own. Other assets ask for it by this type.
type (
	Airports  []delays.Airport
	Flights   iter.Seq2[[]delays.Flight, error] // a stream, page by page
	ByAirport []delays.AirportDelay
	Worst     struct {
		MinFlights int                   `json:"min_flights"` // that each of the airports has
		Airports   []delays.AirportDelay `json:"airports"`
	}
)

// ReadAirports reads the list of airports that comes with the program.
func ReadAirports() (Airports, error) {
	airports, err := delays.ParseAirports(data.AirportsCSV())
	return airports, err
}

// FetchFlights fetches all flights from the airline, month by month. It returns at
// once. Each page is fetched after the IO manager has taken the page before, so
// only some pages are in memory at a time.
func FetchFlights(ctx context.Context, step *assets.Context, api carrier.API) (Flights, error) {
	months, err := api.Months(ctx)
	if err != nil {
		return nil, err
	}
	return func(yield func([]delays.Flight, error) bool) {
		for _, month := range months {
			fetched := 0
			for page, err := range api.Flights(ctx, month) {
				if !yield(page, err) || err != nil {
					return
				}
				fetched += len(page)
			}
			step.Logger().Info("fetched a month", "month", month, "flights", fetched)
		}
	}, nil
}

// ComputeByAirport computes how late the flights from each airport are. It takes the
// rows of Flights one by one, and reads the stored rows during its loop.
func ComputeByAirport(flights iter.Seq2[delays.Flight, error], airports Airports) (ByAirport, error) {
	return delays.ByAirport(flights, airports)
}

// LoadByMonth stores the delays of each month in the warehouse, so it returns no
// value.
func LoadByMonth(ctx context.Context, step *assets.Context, flights iter.Seq2[delays.Flight, error], warehouse *Warehouse) error {
	months, err := delays.ByMonth(flights)
	if err != nil {
		return err
	}
	step.AddMetadata("table", warehouse.Table())
	step.AddMetadata("rows", len(months))
	return warehouse.ReplaceMonths(ctx, months)
}

// WorstConfig says which airports count as the worst. A launch sets it under
// steps.delays/worst.config.
type WorstConfig struct {
	Count      int `default:"20" min:"1" desc:"how many airports"`
	MinFlights int `split_words:"true" default:"100" min:"1" desc:"flights that an airport needs; a single late one says nothing"`
}

// FindWorst finds the airports with the longest mean delay.
func FindWorst(step *assets.Context, cfg WorstConfig, byAirport ByAirport) (Worst, error) {
	worst := delays.Worst(byAirport, cfg.Count, cfg.MinFlights)
	if len(worst) == 0 {
		return Worst{}, fmt.Errorf("none of %d airports has %d flights", len(byAirport), cfg.MinFlights)
	}
	step.AddMetadata("rows", len(worst))
	return Worst{MinFlights: cfg.MinFlights, Airports: worst}, nil
}

// DrawReport draws the report. It runs after delays/by_month, because it reads the
// table of that asset.
func DrawReport(ctx context.Context, airports Airports, byAirport ByAirport, worst Worst, warehouse *Warehouse) (report.HTML, error) {
	months, err := warehouse.Months(ctx)
	if err != nil {
		return "", err
	}
	return report.Render(report.Data{
		ByMonth: months, ByAirport: byAirport, Worst: worst.Airports, MinFlights: worst.MinFlights, Airports: airports,
	})
}

// archived is the name of a day's report, as a layout of package time.
const archived = "archive/2006-01-02.html"

// ArchiveReport stores the last report of each day, beside the current report.
func ArchiveReport(ctx context.Context, step *assets.Context, run container.RunInfo, page report.HTML, reports Reports) error {
	path, err := reports.Write(ctx, run.Launched.UTC().Format(archived), []byte(page))
	if err != nil {
		return err
	}
	step.AddMetadata("path", path)
	return nil
}
