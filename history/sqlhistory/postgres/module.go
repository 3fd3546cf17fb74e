package postgres

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
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

// Module provides the history in a database to an Fx application as its history.Store, and
// locks in the same database as its locks.Locker: see [New] and package postgreslocks. The
// first call that reads or records opens the history, the first lock connects the locks,
// and the stop of the application closes both.
func Module(url string) fx.Option {
	return fx.Module("postgres history", fx.Provide(
		func(lc fx.Lifecycle) (history.Store, error) {
			store, err := New(url)
			if err != nil {
				return nil, err
			}
			lc.Append(fx.StopHook(store.Close))
			return store, nil
		},
		func(lc fx.Lifecycle) (locks.Locker, error) {
			database, err := postgreslocks.New(url)
			if err != nil {
				return nil, err
			}
			lc.Append(fx.StopHook(database.Close))
			return database, nil
		},
	))
}
