package fxapp

import (
	"context"
	"log/slog"
	"reflect"

	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// Child has the values that one child container gives to its Fx application, and
// those that it gets from it.
type Child struct {
	// Context, Logger and Info are values that every function of the child may
	// ask for.
	Context context.Context
	Logger  *slog.Logger
	Info    resource.RunInfo
	// Events gets the events of Fx in place of Logger. An option of the caller
	// or of the parent makes it. It is nil without such an option.
	Events fxevent.Logger
	// FromParent are the values that the fx.Options of the parent have touched.
	FromParent map[signature.Key]reflect.Value
	// Lends has the same kind of values for nested children. The application
	// adds them.
	Lends map[signature.Key]reflect.Value
	// Bound has the arguments of the targets. The application adds them.
	Bound map[*graph.Target][]reflect.Value
	// Results returns the results of the constructor of a resource, or nil if it was
	// not called.
	Results func(n *graph.Node) []reflect.Value
	// Build calls the constructor of a resource with the values that Fx found, and
	// starts the resource.
	Build func(n *graph.Node, params []reflect.Value) ([]reflect.Value, error)
}

// Value returns the value of an ask in a child whose resources have been built.
func (c *Child) Value(a graph.Ask) reflect.Value {
	if fromParent, ok := c.FromParent[a.Key]; ok {
		return fromParent
	}
	switch {
	case a.Value.IsValid():
		return a.Value
	case a.From.Node != nil:
		return c.Results(a.From.Node)[a.From.Result]
	}
	return reflect.Zero(a.Type)
}

// Own returns a value that every function of the child may ask for.
func (c *Child) Own(kind graph.InputKind) reflect.Value {
	switch kind {
	case graph.ContextInput:
		return reflect.ValueOf(c.Context)
	case graph.LoggerInput:
		return reflect.ValueOf(c.Logger)
	default:
		return reflect.ValueOf(c.Info)
	}
}

// result returns a result of a resource that lives longer than the child, as the
// child sees it. It returns the zero Value if there is none.
func (c *Child) result(from graph.Provider, key signature.Key) reflect.Value {
	if fromParent, ok := c.FromParent[key]; ok {
		return fromParent
	}
	if results := c.Results(from.Node); results != nil {
		return results[from.Result]
	}
	return reflect.Value{}
}

// bindHere binds a target of a child whose resources Fx has not built. It takes
// the values from the child, because no option of Fx can have replaced them.
func (c *Child) bindHere(t *graph.Target) {
	values := make([]reflect.Value, len(t.Needed()))
	for i, needed := range t.Needed() {
		values[i] = c.Value(needed)
	}
	c.bind(t, values)
}

// bind keeps the arguments of the function of a target.
func (c *Child) bind(t *graph.Target, values []reflect.Value) {
	c.Bound[t] = graph.Arrange(t.Inputs(), values, func(kind graph.InputKind) reflect.Value {
		if kind == graph.ConfigInput {
			return reflect.Value{} // it is copied for each call
		}
		return c.Own(kind)
	})
}
