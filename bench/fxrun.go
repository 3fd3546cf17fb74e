package bench

import (
	"context"
	"errors"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

func newFxrun(g Graph, use *Use) (func(context.Context) error, error) {
	return newChildren(g, use)
}

// newFxrunWithOption gives each child a plain fx.Option that touches no resource, so
// the child builds them itself.
func newFxrunWithOption(g Graph, use *Use) (func(context.Context) error, error) {
	return newChildren(g, use, fx.Supply(uint8(3)))
}

// newFxrunDecorated gives each child a decorator of the first resource, so Fx builds
// this resource and all that need it.
func newFxrunDecorated(g Graph, use *Use) (func(context.Context) error, error) {
	first := reflect.TypeOf(g.functions(1, use.Hook)[0]).Out(0)
	decorator := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{first}, []reflect.Type{first}, false), func(values []reflect.Value) []reflect.Value { return values })
	return newChildren(g, use, fx.Decorate(decorator.Interface()))
}

// newChildren makes a container of everything declared once, and for each run a
// child of it.
func newChildren(g Graph, use *Use, opts ...fx.Option) (func(context.Context) error, error) {
	functions := g.functions(g.Declared, use.Hook)
	c, err := container.New(definitions(functions)...)
	if err != nil {
		return nil, err
	}
	target, err := c.Target("the question", g.question(functions, use.answer))
	if err != nil {
		return nil, err
	}
	opts = append(opts, container.Needs(target))
	return func(ctx context.Context) error {
		child, err := c.NewChild(ctx, opts...)
		if err != nil {
			return err
		}
		err = child.Call(target)
		return errors.Join(err, child.Close(err))
	}, nil
}

func definitions(functions []any) []container.Definition {
	definitions := make([]container.Definition, len(functions))
	for i, function := range functions {
		definitions[i] = container.Provide(key(i), function)
	}
	return definitions
}
