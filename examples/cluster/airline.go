package main

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/examples/flights/carrierapi"
	"github.com/fxrun/fxrun/examples/flights/data"
	"github.com/fxrun/fxrun/examples/flights/delays"
)

// airline is the airline's API. The first request for flights waits until the show goes on, so that
// there is time to kill the worker that has sent it.
type airline struct {
	url   string
	asked chan struct{} // closed at the first request for flights
	goOn  chan struct{} // closed when requests for flights are answered
	stop  func(context.Context) error
}

func startAirline() (*airline, error) {
	flights, err := delays.ParseFlights(data.FlightsJSON())
	if err != nil {
		return nil, err
	}
	a := &airline{asked: make(chan struct{}), goOn: make(chan struct{})}
	api := carrierapi.New(flights, carrierapi.Credentials{User: "demo", Password: "demo-password"})
	asked := sync.OnceFunc(func() { close(a.asked) })
	a.url, a.stop, err = carrierapi.Start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/flights") {
			asked()
			select {
			case <-a.goOn:
			case <-r.Context().Done():
			}
		}
		api.ServeHTTP(w, r)
	}))
	return a, err
}
