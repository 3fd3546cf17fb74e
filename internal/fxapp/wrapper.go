package fxapp

import (
	"reflect"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
)

// wrapper is a resource's constructor as a child's Fx app sees it: its results
// under one key each, and what it needs from Fx as parameters. It finds the
// child that it is called for among its parameters, so that one option serves
// all children.
type wrapper struct {
	wrapped  sync.Once
	provide  fx.Option
	borrowed sync.Once
	borrow   fx.Option
}

// wrap does its work once, when a child first needs the resource: most of a
// large container is never asked for in one process.
func (a *Parts) wrap(n *graph.Node) fx.Option {
	a.wrappers[n.Index].wrapped.Do(func() {
		build := signature.Make(paramsOf(a.graph.AsksOf(n)), a.resultKeys(n), func(params []reflect.Value) ([]reflect.Value, error) {
			return params[0].Interface().(*Child).Build(n, params[1:])
		})
		a.wrappers[n.Index].provide = provide(build)
	})
	return a.wrappers[n.Index].provide
}

// resultKeys are the keys of a resource's results in Fx. What every Fx app has, a
// resource gives under another key, and overrides puts it in the place of Fx's own.
func (a *Parts) resultKeys(n *graph.Node) []signature.Key {
	keys := a.graph.ResultKeys(n)
	for i, key := range keys {
		if OfEveryApp(key) {
			keys[i].Name = "fxrun: of resource " + n.Key
		}
	}
	return keys
}

// overrides puts what a resource gives in the place of what every Fx app has.
func (a *Parts) overrides(n *graph.Node) []fx.Option {
	var options []fx.Option
	keys := a.resultKeys(n)
	for i, key := range a.graph.ResultKeys(n) {
		if OfEveryApp(key) {
			options = append(options, decorate(forwarding(keys[i], key)))
		}
	}
	return options
}

// borrow is the option of a resource that lives longer than the child: it gives
// out what there is already.
func (a *Parts) borrow(n *graph.Node) fx.Option {
	a.wrappers[n.Index].borrowed.Do(func() {
		give := signature.Make(paramsOf(nil), a.resultKeys(n), func(params []reflect.Value) ([]reflect.Value, error) {
			child := params[0].Interface().(*Child)
			results, found := make([]reflect.Value, len(n.Function.Results)), false
			for i, key := range a.graph.ResultKeys(n) {
				results[i] = child.result(graph.Provider{Node: n, Result: i}, key)
				found = found || results[i].IsValid()
				if !results[i].IsValid() { // an option of the parent stands in for another result, so that nobody asks for this one
					results[i] = reflect.Zero(n.Function.Results[i].ValueType())
				}
			}
			if !found {
				return nil, fault.Errorf("resource %s lives per %s, and was not started", n.Key, n.Lifetime)
			}
			return results, nil
		})
		a.wrappers[n.Index].borrow = provide(give)
	})
	return a.wrappers[n.Index].borrow
}
