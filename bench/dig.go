package bench

import (
	"context"

	"go.uber.org/dig"
	"go.uber.org/fx"
)

// newDig fills a dig container with what is needed, for each run. dig has no
// lifecycle, so it is given a plain slice of hooks.
func newDig(g Graph, use *Use) (func(context.Context) error, error) {
	functions := g.functions(g.Needed, use.Hook)
	question := g.question(functions, use.answer)
	return func(ctx context.Context) error {
		var started hooks
		// As Fx does it: looking for cycles at each Provide takes quadratic time.
		c := dig.New(dig.DeferAcyclicVerification())
		if err := c.Provide(func() fx.Lifecycle { return &started }); err != nil {
			return err
		}
		for _, function := range functions {
			if err := c.Provide(function); err != nil {
				return err
			}
		}
		if err := c.Invoke(question); err != nil {
			return err
		}
		return started.use(ctx)
	}, nil
}
