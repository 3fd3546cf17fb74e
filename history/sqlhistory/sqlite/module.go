package sqlite

import (
	"context"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
)

// Module provides the history in folder to an Fx application as its history.Store.
// It is opened when something first asks for it, and closed when the
// application stops.
func Module(folder string) fx.Option {
	return fx.Module("sqlite history", fx.Provide(func(lc fx.Lifecycle) (history.Store, error) {
		// The launcher needs it before any hook has run; opening takes no more
		// than a moment.
		store, err := Open(context.Background(), folder)
		if err != nil {
			return nil, err
		}
		lc.Append(fx.StopHook(store.Close))
		return store, nil
	}))
}
