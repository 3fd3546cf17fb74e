// Package postgresfx gives an Fx application a run history in a PostgreSQL database. It is apart
// from package postgres, so that a program that only reads a history links no Fx.
package postgresfx

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
)

// Module provides the history in a database to an Fx application as its history.Store, and
// locks in the same database as its locks.Locker: see [postgres.New] and package postgreslocks. The
// first call that reads or records opens the history, the first lock connects the locks,
// and the stop of the application closes both.
func Module(url string) fx.Option {
	return fx.Module("postgres history", fx.Provide(
		func(lc fx.Lifecycle) (history.Store, error) {
			store, err := postgres.New(url)
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
