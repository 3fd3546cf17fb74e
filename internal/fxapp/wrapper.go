package fxapp

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/stackless"
)

// wrap returns the constructor of a resource as the Fx application of a child sees
// it. Each result has one key, and the parameters are the values that come from Fx.
// One parameter is the child, so one option serves all children.
func (a *Parts) wrap(n *graph.Node) fx.Option {
	return a.wraps[n.Index].get(func() fx.Option {
		return stackless.Provide(signature.Make(paramsOf(a.graph.AsksOf(n)), a.resultKeys(n), func(params []reflect.Value) ([]reflect.Value, error) {
			return params[0].Interface().(*Child).Build(n, params[1:])
		}))
	})
}

// resultKeys returns the keys of the results of a resource in Fx. If every Fx
// application has a value for the key, the resource gives its result under another
// key, and overrides puts it in the place of the value of Fx.
func (a *Parts) resultKeys(n *graph.Node) []signature.Key {
	keys := a.graph.ResultKeys(n)
	for i, key := range keys {
		if OfEveryApp(key) {
			keys[i].Name = "fxrun: of resource " + n.Key
		}
	}
	return keys
}

// overrides puts results of a resource in the place of values that every Fx
// application has.
func (a *Parts) overrides(n *graph.Node) []fx.Option {
	var options []fx.Option
	keys := a.resultKeys(n)
	for i, key := range a.graph.ResultKeys(n) {
		if OfEveryApp(key) {
			options = append(options, stackless.Decorate(forwarding(keys[i], key)))
		}
	}
	return options
}

// borrow returns the option of a resource that lives longer than the child. The
// option gives the existing results.
func (a *Parts) borrow(n *graph.Node) fx.Option {
	return a.borrows[n.Index].get(func() fx.Option {
		return stackless.Provide(signature.Make(paramsOf(nil), a.resultKeys(n), func(params []reflect.Value) ([]reflect.Value, error) {
			child := params[0].Interface().(*Child)
			results, found := make([]reflect.Value, len(n.Function.Results)), false
			for i, key := range a.graph.ResultKeys(n) {
				results[i] = child.result(graph.Provider{Node: n, Result: i}, key)
				found = found || results[i].IsValid()
				if !results[i].IsValid() { // an option of the parent takes the place of another result, so nothing asks for this one
					results[i] = reflect.Zero(n.Function.Results[i].ValueType())
				}
			}
			if !found {
				return nil, fault.Errorf("resource %s lives per %s, and was not started", n.Key, n.Lifetime)
			}
			return results, nil
		}))
	})
}
