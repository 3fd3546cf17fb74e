package fxapp

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/stackless"
)

// bound returns an fx.Invoke of the target, for every child that gets the target.
// Fx builds the arguments, and the function is called with them later, after
// everything has started. A target is kept for as long as the container.
func (a *Parts) bound(t *graph.Target) fx.Option {
	known, ok := a.targets.Load(t)
	if !ok {
		known, _ = a.targets.LoadOrStore(t, new(lazyOption))
	}
	return known.(*lazyOption).get(func() fx.Option {
		return stackless.Invoke(signature.Make(paramsOf(t.Needed()), nil, func(params []reflect.Value) ([]reflect.Value, error) {
			params[0].Interface().(*Child).bind(t, params[1:])
			return nil, nil
		}))
	})
}
