package cli

import (
	"context"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/panics"
)

// lifecycle is what the constructors of the application get in place of the
// lifecycle of Fx. Its start hooks end with a context of their own.
//
// Fx would give them the context of its own start. When that one ends, Fx stops
// nothing of what has started by then.
type lifecycle struct {
	fx.Lifecycle
	starting context.Context // of the start hooks; set before they are called
	full     bool            // nothing more is started
}

// Append adds the hooks. After the end of the context no further one is started,
// and Fx stops those that were. When nothing more is to be started, it takes only
// hooks without OnStart, which release what their constructor acquired.
func (l *lifecycle) Append(hook fx.Hook) {
	if l.full && hook.OnStart != nil {
		return
	}
	if start := hook.OnStart; start != nil {
		hook.OnStart = func(context.Context) error {
			if err := context.Cause(l.starting); err != nil {
				return err
			}
			return caught(func() error { return start(l.starting) })
		}
	}
	if stop := hook.OnStop; stop != nil {
		hook.OnStop = func(ctx context.Context) error { return caught(func() error { return stop(ctx) }) }
	}
	l.Lifecycle.Append(hook)
}

// caught calls a hook and returns a panic in it as an error, so that the others
// are stopped.
func caught(hook func() error) (err error) {
	defer func() {
		if recovered := recover(); recovered != nil {
			err = panics.Recovered(recovered)
		}
	}()
	return hook()
}

// start starts the application. When ctx ends, or its start timeout is over, it
// stops what has started. A hook that does not return then is left behind after
// the stop timeout.
func (l *lifecycle) start(ctx context.Context, app *fx.App) error {
	starting, cancel := context.WithTimeout(ctx, app.StartTimeout())
	defer cancel()
	l.starting = starting
	both, cancelBoth := context.WithTimeout(context.WithoutCancel(ctx), app.StartTimeout()+app.StopTimeout()+time.Second)
	defer cancelBoth()
	return app.Start(both)
}
