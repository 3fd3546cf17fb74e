package carrier

import (
	"context"

	"github.com/fxrun/fxrun/examples/flights/delays"
)

// API is an airline's flights, by month. Both methods are safe for concurrent
// use and stop when the context ends.
type API interface {
	// Months gives the months that have flights, as "2001-01", in order.
	Months(ctx context.Context) ([]string, error)

	// Flights gives all flights of a month, given as "2001-01". A month
	// without flights gives none, and no error.
	Flights(ctx context.Context, month string) ([]delays.Flight, error)
}
