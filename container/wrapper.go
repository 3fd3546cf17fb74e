package container

import (
	"reflect"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/signature"
)

// wrapper is a resource's constructor as a child's Fx app sees it: its results
// under one key each, and what it needs from Fx as parameters. It finds the
// child that it is called for among its parameters, so that one option serves
// all children.
type wrapper struct {
	asked    sync.Once
	asks     []ask // what the constructor gets through Fx
	wrapped  sync.Once
	provide  fx.Option
	borrowed sync.Once
	borrow   fx.Option
}

var (
	childStateKey = signature.Key{Type: reflect.TypeFor[*childState]()}
	shutdownerKey = signature.Key{Type: reflect.TypeFor[fx.Shutdowner]()}
	dotGraphKey   = signature.Key{Type: reflect.TypeFor[fx.DotGraph]()}
)

// asksOf and wrap do their work once, when a child first needs the resource:
// most of a large container is never asked for in one process.
func (c *Container) asksOf(n *node) []ask {
	n.wrapper.asked.Do(func() { n.wrapper.asks = c.asks(n.inputs) })
	return n.wrapper.asks
}

func (c *Container) wrap(n *node) fx.Option {
	n.wrapper.wrapped.Do(func() {
		build := signature.Make(paramsOf(c.asksOf(n)), c.resultKeys(n), func(params []reflect.Value) ([]reflect.Value, error) {
			return params[0].Interface().(*childState).build(n, params[1:])
		})
		n.wrapper.provide = provide(build)
	})
	return n.wrapper.provide
}

// borrow is the option of a resource that lives longer than the child: it gives
// out what there is already.
func (c *Container) borrow(n *node) fx.Option {
	n.wrapper.borrowed.Do(func() {
		give := signature.Make(paramsOf(nil), c.resultKeys(n), func(params []reflect.Value) ([]reflect.Value, error) {
			instance := params[0].Interface().(*childState).instanceOf(n)
			if instance == nil || instance.results == nil {
				return nil, fault.Errorf("resource %s lives per %s, and was not started", n.key, n.lifetime)
			}
			return instance.results, nil
		})
		n.wrapper.borrow = provide(give)
	})
	return n.wrapper.borrow
}

func (c *Container) resultKeys(n *node) []signature.Key {
	keys := make([]signature.Key, len(n.function.Results))
	for i := range keys {
		keys[i] = c.resultKey(provider{n, i})
	}
	return keys
}
