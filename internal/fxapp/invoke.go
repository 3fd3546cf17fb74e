package fxapp

import (
	"reflect"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/stackless"
)

// boundTarget is the Fx option that binds one target.
type boundTarget struct {
	built  sync.Once
	option fx.Option
}

// bound makes an fx.Invoke of the target, for every child that gets the target.
// Fx builds the arguments, and the function is called with them later, after
// everything has started. bound does its work once, when a child first gets the
// target, because one process never uses most targets of a large graph. A target
// is kept for as long as the container.
func (a *Parts) bound(t *graph.Target) fx.Option {
	known, ok := a.targets.Load(t)
	if !ok {
		known, _ = a.targets.LoadOrStore(t, new(boundTarget))
	}
	bound := known.(*boundTarget)
	bound.built.Do(func() {
		bound.option = stackless.Invoke(signature.Make(paramsOf(t.Needed()), nil, func(params []reflect.Value) ([]reflect.Value, error) {
			params[0].Interface().(*Child).bind(t, params[1:])
			return nil, nil
		}))
	})
	return bound.option
}
