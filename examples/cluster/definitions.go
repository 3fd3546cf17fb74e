package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"go.uber.org/fx"
	_ "gocloud.dev/blob/s3blob" // BUCKET_URL may be s3://...

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/examples/flights/carrier"
	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/examples/flights/report"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/objectstore"
	"github.com/fxrun/fxrun/modules/bucket"
	"github.com/fxrun/fxrun/temporal"
)

// Definitions are the program's resources, assets and jobs, and where its runs are executed.
// The config of all of it comes from the environment: FXRUN_TEMPORAL_ADDRESS, BUCKET_URL,
// CARRIER_URL and so on.
func Definitions() fx.Option {
	return fx.Options(
		// The line that is for many machines. Without an address of Temporal in the
		// environment, runs are executed in the process that launches them.
		temporal.Executor(temporal.Config{}),

		container.Provide("credentials", carrier.NewCredentials,
			container.Describe("user and password for the airline's API"),
			container.Config(carrier.CredentialsConfig{}, container.FromEnv("CARRIER"))),
		container.Provide("carrier", carrier.New, container.As[carrier.API](),
			container.Describe("client of the airline's API; logs in when a run begins on a worker"),
			container.Config(carrier.Config{}, container.FromEnv("CARRIER"))),
		container.Provide("bucket", bucket.New,
			container.Describe("where all machines find the values"),
			container.Config(bucket.Config{}, container.FromEnv("BUCKET"))),
		objectstore.Objects(assets.DefaultIO, objectstore.Config{},
			iomanagers.JSON(), iomanagers.JSONLines(), iomanagers.CSV(), iomanagers.Raw(".html")),

		assets.New("airports", ReadAirports, assets.Format("csv")),
		assets.New("flights", FetchFlights, assets.Format("jsonl"),
			assets.Retry(2, backoff.Exponential(time.Second, time.Minute))),
		assets.New("delays/by_airport", ComputeByAirport, assets.Format("csv")),
		assets.New("delays/by_month", ComputeByMonth, assets.Format("csv")),
		assets.New("delays/worst", FindWorst, assets.Format("csv")),
		assets.New("delays/report", DrawReport, assets.Format("html")),
		assets.NewJob("nightly", assets.Select("+delays/report")),
	)
}

// Each asset has a type of its own. Other assets ask for it by this type.
type (
	Airports  []delays.Airport
	Flights   iter.Seq2[[]delays.Flight, error] // a stream, page by page
	ByAirport []delays.AirportDelay
	ByMonth   []delays.MonthDelay
	Worst     []delays.AirportDelay
)

// ReadAirports reads the list of airports that comes with the program.
func ReadAirports() (Airports, error) {
	airports, err := delays.ParseAirports(data.AirportsCSV())
	return airports, err
}

// FetchFlights fetches all flights from the airline, month by month.
func FetchFlights(ctx context.Context, api carrier.API) (Flights, error) {
	months, err := api.Months(ctx)
	if err != nil {
		return nil, err
	}
	return func(yield func([]delays.Flight, error) bool) {
		for _, month := range months {
			for page, err := range api.Flights(ctx, month) {
				if !yield(page, err) || err != nil {
					return
				}
			}
		}
	}, nil
}

// ComputeByAirport computes how late the flights from each airport are.
func ComputeByAirport(flights iter.Seq2[delays.Flight, error], airports Airports) (ByAirport, error) {
	return delays.ByAirport(flights, airports)
}

// ComputeByMonth computes how late the flights of each month are.
func ComputeByMonth(flights iter.Seq2[delays.Flight, error]) (ByMonth, error) {
	return delays.ByMonth(flights)
}

// minFlights is how many flights an airport needs: a single late one says nothing.
const minFlights = 100

// FindWorst finds the airports with the longest mean delay.
func FindWorst(byAirport ByAirport) (Worst, error) {
	worst := delays.Worst(byAirport, 20, minFlights)
	if len(worst) == 0 {
		return nil, fmt.Errorf("none of %d airports has %d flights", len(byAirport), minFlights)
	}
	return worst, nil
}

// DrawReport draws the report.
func DrawReport(airports Airports, byAirport ByAirport, byMonth ByMonth, worst Worst) (report.HTML, error) {
	return report.Render(report.Data{ByMonth: byMonth, ByAirport: byAirport, Worst: worst, MinFlights: minFlights, Airports: airports})
}
