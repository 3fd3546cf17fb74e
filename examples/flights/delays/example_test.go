package delays_test

import (
	"fmt"

	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/rows"
)

func ExampleByAirport() {
	flights := []delays.Flight{
		{Origin: "ORD", Destination: "JFK", Delay: 40},
		{Origin: "JFK", Destination: "ORD", Delay: -4},
		{Origin: "ORD", Destination: "SFO", Delay: 2},
	}
	airports := []delays.Airport{
		{IATA: "ORD", Name: "Chicago O'Hare International", State: "IL"},
		{IATA: "JFK", Name: "John F Kennedy Intl", State: "NY"},
	}
	byAirport, err := delays.ByAirport(rows.From(flights), airports)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range byAirport {
		fmt.Printf("%s %s: %d flights, %+.1f minutes, %.0f%% late\n",
			row.IATA, row.State, row.Flights, row.MeanDelayMinutes, 100*row.ShareLate)
	}
	// Output:
	// JFK NY: 1 flights, -4.0 minutes, 0% late
	// ORD IL: 2 flights, +21.0 minutes, 50% late
}
