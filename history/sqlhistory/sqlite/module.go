package sqlite

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
)

// Module provides the history in folder to an Fx application as its history.Store.
// The store is a [Folder]. The first call that reads or records opens it, and the
// stop of the application closes it. So an application that launches no run creates
// no file.
func Module(folder string) fx.Option {
	return fx.Module("sqlite history", fx.Provide(func(lc fx.Lifecycle) history.Store {
		store := NewFolder(folder)
		lc.Append(fx.StopHook(store.Close))
		return store
	}))
}
