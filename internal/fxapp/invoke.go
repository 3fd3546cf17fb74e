package fxapp

import (
	"reflect"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
)

// targetOptions are the Fx options that bind one target.
type targetOptions struct {
	built  sync.Once
	bound  fx.Option
	own    sync.Once
	direct fx.Option
}

// optionsOf returns the options of a target. A target is kept for as long as
// the container.
func (a *Parts) optionsOf(t *graph.Target) *targetOptions {
	if known, ok := a.targets.Load(t); ok {
		return known.(*targetOptions)
	}
	known, _ := a.targets.LoadOrStore(t, new(targetOptions))
	return known.(*targetOptions)
}

// bound makes an fx.Invoke of the target, for every child that gets the target.
// Fx builds the arguments, and the function is called with them later, after
// everything has started. bound does its work once, when a child first gets the
// target, because one process never uses most targets of a large graph.
func (a *Parts) bound(t *graph.Target) fx.Option {
	options := a.optionsOf(t)
	options.built.Do(func() {
		options.bound = invoke(signature.Make(paramsOf(t.Needed()), nil, func(params []reflect.Value) ([]reflect.Value, error) {
			params[0].Interface().(*Child).bind(t, params[1:])
			return nil, nil
		}))
	})
	return options.bound
}

// Direct binds a target of a child whose resources Fx has not built. The fx.Invoke
// takes the values from the child, because no option of Fx can have replaced them.
func (a *Parts) Direct(t *graph.Target) fx.Option {
	options := a.optionsOf(t)
	options.own.Do(func() {
		options.direct = invoke(func(child *Child) {
			values := make([]reflect.Value, len(t.Needed()))
			for i, needed := range t.Needed() {
				values[i] = child.Value(needed)
			}
			child.bind(t, values)
		})
	})
	return options.direct
}
