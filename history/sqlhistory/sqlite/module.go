package sqlite

import (
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
)

// Module provides the history in folder to an Fx application as its history.Store.
// It is a [Folder], opened by the first call that reads or records, and closed when
// the application stops. So an application that launches nothing makes no file.
func Module(folder string) fx.Option {
	return fx.Module("sqlite history", fx.Provide(func(lc fx.Lifecycle) history.Store {
		store := NewFolder(folder)
		lc.Append(fx.StopHook(store.Close))
		return store
	}))
}
