package main

import (
	"context"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/examples/flights/carrier"
	"github.com/fxrun/fxrun/examples/flights/carrierapi"
	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
)

// EndpointConfig says where the airline's API is.
type EndpointConfig struct {
	URL string `desc:"base URL of the airline's API; empty for the demo"`
}

// Endpoint is where the airline's API is.
type Endpoint struct{ url string }

// NewEndpoint returns the endpoint that cfg names. If cfg names none, it starts a
// server that stands in for the airline, on a free port, until the run ends.
func NewEndpoint(lc fx.Lifecycle, cfg EndpointConfig) *Endpoint {
	endpoint := &Endpoint{url: cfg.URL}
	if cfg.URL != "" {
		return endpoint
	}
	var stop func(context.Context) error
	lc.Append(fx.Hook{
		OnStart: func(context.Context) (err error) {
			flights, err := delays.ParseFlights(data.FlightsJSON())
			if err != nil {
				return err
			}
			demo := carrierapi.Credentials{User: "demo", Password: "demo-password"}
			endpoint.url, stop, err = carrierapi.Start(carrierapi.New(flights, demo))
			return err
		},
		OnStop: func(ctx context.Context) error { return stop(ctx) },
	})
	return endpoint
}

// CarrierConfig configures the client of the airline's API.
type CarrierConfig struct {
	Timeout time.Duration `default:"30s" desc:"longest time for one request"`
}

// NewCarrier returns the client of the airline's API. It is called after the
// endpoint has started, and so knows its URL.
func NewCarrier(lc fx.Lifecycle, cfg CarrierConfig, endpoint *Endpoint, credentials *carrier.Credentials) (*carrier.Client, error) {
	config := carrier.Config{URL: endpoint.url, Timeout: cfg.Timeout}
	if err := config.Validate(); err != nil {
		return nil, err
	}
	return carrier.New(lc, config, credentials), nil
}
