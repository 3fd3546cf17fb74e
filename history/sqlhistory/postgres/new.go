package postgres

import (
	"context"
	"fmt"

	"github.com/fxrun/fxrun/history/sqlhistory"
)

// New returns the history in the database that url names: see [Open]. It is opened when it
// is first used. Reading it changes nothing in the database. The first Append makes what is
// missing. The error says what is wrong with url; New makes no connection.
//
// The caller closes it.
func New(url string) (*sqlhistory.Lazy, error) {
	address, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the run history: %w", err)
	}
	return sqlhistory.NewLazy("run history in "+address.name,
		func(ctx context.Context) (*sqlhistory.Store, error) { return Open(ctx, url) },
		func(ctx context.Context) (*sqlhistory.Store, error) { return OpenForReading(ctx, url) }), nil
}
