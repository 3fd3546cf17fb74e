package cli

import (
	"context"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/panics"
)

// lifecycle is given to the constructors of the application in place of the
// lifecycle of Fx. It gives the start hooks a context of its own.
//
// Fx would give the hooks the context of the start of the application. When this
// context ends, Fx does not stop the hooks that have started.
type lifecycle struct {
	fx.Lifecycle
	starting context.Context // for the start hooks; set before they are called
	full     bool            // whether further hooks must not start anything
}

// Append adds a hook. After the end of the context, no further start hook is
// called, and Fx calls the stop hooks of those that were. If full is set, Append
// ignores hooks with OnStart. It accepts hooks without OnStart, since they release
// what their constructor has acquired.
func (l *lifecycle) Append(hook fx.Hook) {
	if l.full && hook.OnStart != nil {
		return
	}
	if start := hook.OnStart; start != nil {
		hook.OnStart = func(context.Context) error {
			if err := context.Cause(l.starting); err != nil {
				return err
			}
			return panics.Catch(func() error { return start(l.starting) })
		}
	}
	if stop := hook.OnStop; stop != nil { // a panic must not keep the other stop hooks from being called
		hook.OnStop = func(ctx context.Context) error { return panics.Catch(func() error { return stop(ctx) }) }
	}
	l.Lifecycle.Append(hook)
}

// start starts the application. When ctx or the start timeout ends, it calls the
// stop hooks of those hooks that have started. If a start hook does not return
// then, start waits for the stop timeout and returns without it.
func (l *lifecycle) start(ctx context.Context, app *fx.App) error {
	starting, cancel := context.WithTimeout(ctx, app.StartTimeout())
	defer cancel()
	l.starting = starting
	both, cancelBoth := context.WithTimeout(context.WithoutCancel(ctx), app.StartTimeout()+app.StopTimeout()+time.Second)
	defer cancelBoth()
	return app.Start(both)
}
