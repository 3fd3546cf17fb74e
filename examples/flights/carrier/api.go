package carrier

import (
	"context"
	"iter"

	"github.com/fxrun/fxrun/examples/flights/delays"
)

// API is an airline's flights, by month. Both methods are safe for concurrent
// use and stop when the context ends.
type API interface {
	// Months gives the months that have flights, as "2001-01", in order.
	Months(ctx context.Context) ([]string, error)

	// Flights gives all flights of a month, given as "2001-01", page by page.
	// A page is fetched when it is asked for and is the caller's to keep; it may
	// be empty. A month without flights gives none, and no error. The first
	// error ends the pages.
	Flights(ctx context.Context, month string) iter.Seq2[[]delays.Flight, error]
}
