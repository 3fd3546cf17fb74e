// Package sqlitefx gives an Fx application a run history in an SQLite file. It is apart from
// package sqlite, so that a program that only reads a history links no Fx.
package sqlitefx

import (
	"path/filepath"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/filelocks"
)

// Module provides the history in folder to an Fx application as its history.Store, and
// the files in its folder locks as the locks.Locker. So all applications with this
// history have the same locks.
//
// The store is a [sqlite.Folder]. The first call that reads or records opens it, and the
// stop of the application closes it. So an application that launches no run creates
// no file.
func Module(folder string) fx.Option {
	return fx.Module("sqlite history", fx.Provide(
		func(lc fx.Lifecycle) history.Store {
			store := sqlite.NewFolder(folder)
			lc.Append(fx.StopHook(store.Close))
			return store
		},
		func() locks.Locker { return filelocks.New(filepath.Join(folder, "locks")) },
	))
}
