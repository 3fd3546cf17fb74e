package carrier_test

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/examples/flights/carrier"
	"github.com/fxrun/fxrun/examples/flights/carrierapi"
	"github.com/fxrun/fxrun/examples/flights/delays"
)

// The client is an ordinary Fx constructor: it works in any Fx app.
func ExampleNew() {
	ctx := context.Background()
	flights := []delays.Flight{{Date: time.Date(2001, 1, 1, 6, 2, 0, 0, time.UTC), Delay: -6, Origin: "MHT", Destination: "BWI"}}
	url, stop, err := carrierapi.Start(carrierapi.New(flights, carrierapi.Credentials{User: "demo", Password: "demo-password"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = stop(ctx) }()

	var api carrier.API
	app := fx.New(
		fx.NopLogger,
		fx.Supply(
			carrier.Config{URL: url},
			carrier.CredentialsConfig{User: "demo", Password: container.NewSecret("demo-password")},
		),
		fx.Provide(carrier.NewCredentials, fx.Annotate(carrier.New, fx.As(new(carrier.API)))),
		fx.Populate(&api),
	)
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()

	for page, err := range api.Flights(ctx, "2001-01") {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, flight := range page {
			fmt.Println(flight.Origin, "to", flight.Destination, flight.Delay)
		}
	}
	// Output: MHT to BWI -6
}
