package resource

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/goroutine"
	"github.com/fxrun/fxrun/internal/panics"
)

type outcomeKey struct{}

// WithOutcome returns a context with an outcome, which Outcome returns.
func WithOutcome(ctx context.Context, outcome error) context.Context {
	return context.WithValue(ctx, outcomeKey{}, outcome)
}

// Outcome returns the outcome that Child.Close was given, from the context of an
// OnStop hook. Package container documents it.
func Outcome(ctx context.Context) error {
	outcome, _ := ctx.Value(outcomeKey{}).(error)
	return outcome
}

// Grace is how long a function may take to notice that its context has ended
// before it is given up.
const Grace = time.Second

// errNoYield is returned by a function that ends before it has started anything.
var errNoYield = errors.New("it returned without calling yield")

// Around writes the start and the stop of a resource as one function, so that
// defer and local variables work across both. Package container documents it.
func Around(lc fx.Lifecycle, fn func(ctx context.Context, yield func() error) error) {
	var current *around // each start makes a new one, since Fx may start an application again
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			current = &around{started: make(chan struct{}), stop: make(chan error, 1), ended: make(chan error, 1)}
			return current.start(ctx, fn)
		},
		OnStop: func(ctx context.Context) error { return current.finish(ctx) },
	})
}

// around is one call of a user's function, from its start to its stop.
type around struct {
	yielded atomic.Bool
	cancel  context.CancelCauseFunc // of the function's context
	started chan struct{}           // closed by yield
	stop    chan error              // carries the outcome
	ended   chan error              // carries the function's error
}

func (a *around) start(ctx context.Context, fn func(context.Context, func() error) error) error {
	var own context.Context
	own, a.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	go func() {
		defer a.cancel(nil)
		defer goroutine.Join(own)() // fn counts as a function of the child, like a hook
		a.run(own, fn)
	}()
	select {
	case <-a.started:
		return nil
	case err := <-a.ended:
		if err == nil {
			err = errNoYield
		}
		return err
	case <-ctx.Done():
		cause := context.Cause(ctx)
		a.cancel(cause)
		a.stop <- cause // fn may still call yield
		return fmt.Errorf("before yield: %w", errors.Join(cause, <-a.ended))
	}
}

func (a *around) yield() error {
	if a.yielded.Swap(true) {
		panic("container.Around: yield was called twice")
	}
	close(a.started)
	return <-a.stop
}

// finish lets yield return. After ctx has ended, the context of the function
// ends too, and the function gets some time to notice this.
func (a *around) finish(ctx context.Context) error {
	a.stop <- Outcome(ctx)
	select {
	case err := <-a.ended:
		return err
	case <-ctx.Done():
	}
	cause := context.Cause(ctx)
	a.cancel(cause)
	patience := time.NewTimer(Grace / 2) // less time than the caller of this hook gives it
	defer patience.Stop()
	select {
	case err := <-a.ended:
		return fmt.Errorf("after yield: %w", errors.Join(cause, err))
	case <-patience.C:
		return fmt.Errorf("after yield: %w", cause)
	}
}

// run calls fn and sends its error. A panic becomes an error here, because fn
// has a goroutine of its own, where no other function could catch the panic.
func (a *around) run(ctx context.Context, fn func(context.Context, func() error) error) {
	panics.Call(func() error { return fn(ctx, a.yield) }, func(err error) { a.ended <- err })
}
