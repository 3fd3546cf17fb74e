package main

import (
	"context"
	"fmt"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/examples/flights/carrier"
	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/examples/flights/report"
)

// Each asset has a type of its own: it is by its type that another asset asks
// for it.
type (
	Airports  []delays.Airport
	Flights   []delays.Flight
	ByAirport []delays.AirportDelay
	Worst     []delays.AirportDelay
)

// ReadAirports reads the list of airports that comes with the program.
func ReadAirports() (Airports, error) {
	airports, err := delays.ParseAirports(data.AirportsCSV())
	return airports, err
}

// FetchFlights fetches all flights from the airline, month by month.
func FetchFlights(ctx context.Context, step *assets.Context, api carrier.API) (Flights, error) {
	months, err := api.Months(ctx)
	if err != nil {
		return nil, err
	}
	var flights Flights
	for _, month := range months {
		inMonth, err := api.Flights(ctx, month)
		if err != nil {
			return nil, err
		}
		flights = append(flights, inMonth...)
		step.Progress(int64(len(flights)), 0)
		step.Logger().Info("fetched a month", "month", month, "flights", len(inMonth))
	}
	return flights, nil
}

// ComputeByAirport says how late the flights that leave each airport are.
func ComputeByAirport(flights Flights, airports Airports) ByAirport {
	return delays.ByAirport(flights, airports)
}

// LoadByMonth puts the delays of each month into the warehouse, which stores
// them itself: there is no value to return.
func LoadByMonth(ctx context.Context, step *assets.Context, flights Flights, warehouse *Warehouse) error {
	months := delays.ByMonth(flights)
	step.AddMetadata("table", warehouse.Table())
	step.AddMetadata("rows", len(months))
	return warehouse.ReplaceMonths(ctx, months)
}

// An airport needs minFlights to be among the worst: a single late flight says
// nothing.
const (
	worstCount = 20
	minFlights = 100
)

// FindWorst finds the airports with the longest mean delay.
func FindWorst(byAirport ByAirport) (Worst, error) {
	worst := delays.Worst(byAirport, worstCount, minFlights)
	if len(worst) == 0 {
		return nil, fmt.Errorf("none of %d airports has %d flights", len(byAirport), minFlights)
	}
	return worst, nil
}

// DrawReport draws the report. It comes after delays/by_month, whose table it
// reads.
func DrawReport(ctx context.Context, airports Airports, byAirport ByAirport, worst Worst, warehouse *Warehouse) (report.HTML, error) {
	months, err := warehouse.Months(ctx)
	if err != nil {
		return "", err
	}
	return report.Render(report.Data{
		ByMonth: months, ByAirport: byAirport, Worst: worst, MinFlights: minFlights, Airports: airports,
	})
}
