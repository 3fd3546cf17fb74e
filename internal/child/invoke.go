package child

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
func (a *assembly) optionsOf(t *graph.Target) *targetOptions {
	if known, ok := a.targets.Load(t); ok {
		return known.(*targetOptions)
	}
	known, _ := a.targets.LoadOrStore(t, new(targetOptions))
	return known.(*targetOptions)
}

// bound makes the target an Invoke of every child that it is given to: Fx builds
// the arguments, and the function is called with them later, once everything
// has started. It does its work once, when a child is first given the target:
// most of a large graph is never run in one process.
func (a *assembly) bound(t *graph.Target) fx.Option {
	options := a.optionsOf(t)
	options.built.Do(func() {
		options.bound = invoke(signature.Make(paramsOf(t.Needed()), nil, func(params []reflect.Value) ([]reflect.Value, error) {
			params[0].Interface().(*childState).bind(t, params[1:])
			return nil, nil
		}))
	})
	return options.bound
}

// direct is as bound, for a child whose resources Fx has not built: the Invoke
// takes the values from the child's state, in which no option of Fx can have
// replaced them.
func (a *assembly) direct(t *graph.Target) fx.Option {
	options := a.optionsOf(t)
	options.own.Do(func() {
		options.direct = invoke(func(state *childState) {
			values := make([]reflect.Value, len(t.Needed()))
			for i, needed := range t.Needed() {
				values[i] = state.value(needed)
			}
			state.bind(t, values)
		})
	})
	return options.direct
}

// bind keeps the arguments of a target's function.
func (s *childState) bind(t *graph.Target, values []reflect.Value) {
	s.bound[t] = graph.Arrange(t.Inputs(), values, func(kind graph.InputKind) reflect.Value {
		if kind == graph.ConfigInput {
			return reflect.Value{} // see Child.Arguments
		}
		return s.own(kind)
	})
}
