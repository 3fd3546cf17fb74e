package bench

import (
	"context"

	"go.uber.org/fx"
)

func newFxOfNeeded(g Graph, use *Use) (func(context.Context) error, error) {
	return newFx(g, g.Needed, use), nil
}

func newFxOfAll(g Graph, use *Use) (func(context.Context) error, error) {
	return newFx(g, g.Declared, use), nil
}

// newFx makes an application of the first n resources for each run. The options
// are made once: each of them looks at its call stack.
func newFx(g Graph, n int, use *Use) func(context.Context) error {
	functions := g.functions(n, use.Hook)
	options := fx.Options(fx.NopLogger, fx.Provide(functions...), fx.Invoke(g.question(functions, use.answer)))
	return func(ctx context.Context) error {
		app := fx.New(options)
		if err := app.Start(ctx); err != nil {
			return err
		}
		return app.Stop(ctx)
	}
}
