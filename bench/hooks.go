package bench

import (
	"context"
	"errors"
	"slices"

	"go.uber.org/fx"
)

// hooks is the least that an fx.Lifecycle can be, for contenders that have none.
type hooks []fx.Hook

func (h *hooks) Append(hook fx.Hook) { *h = append(*h, hook) }

// use starts everything, and stops what has started.
func (h *hooks) use(ctx context.Context) error {
	for at, hook := range *h {
		if err := hook.OnStart(ctx); err != nil {
			return errors.Join(err, stop(ctx, (*h)[:at]))
		}
	}
	return stop(ctx, *h)
}

func stop(ctx context.Context, started []fx.Hook) error {
	var errs []error
	for _, hook := range slices.Backward(started) {
		if err := hook.OnStop(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
