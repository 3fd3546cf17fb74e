package container

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.uber.org/fx"
)

type outcomeKey struct{}

func withOutcome(ctx context.Context, outcome error) context.Context {
	return context.WithValue(ctx, outcomeKey{}, outcome)
}

// Outcome returns what a child was used for came to, inside an OnStop hook:
// nil for success, else why it failed or was cancelled. It is what
// [Child.Close] was given. Elsewhere it is nil.
func Outcome(ctx context.Context) error {
	outcome, _ := ctx.Value(outcomeKey{}).(error)
	return outcome
}

// errNoYield is returned by a function that ends before it has started anything.
var errNoYield = errors.New("it returned without calling yield")

// Around writes the start and the stop of a resource as one function, so that
// defer and local variables work across both:
//
//	container.Around(lc, func(ctx context.Context, yield func() error) error {
//		tx, err := db.BeginTx(ctx, nil)
//		if err != nil {
//			return err
//		}
//		defer tx.Rollback()
//		if err := yield(); err != nil {
//			return nil // it failed: roll back
//		}
//		return tx.Commit()
//	})
//
// What stands before yield is the start: an error returned there fails it.
// yield returns when it is time to stop, with the outcome (see [Outcome]); what
// stands after it is the stop, and an error returned there is the stop's. fn
// runs in a goroutine of its own, and its context ends after it has returned,
// not when starting is over. yield must be called exactly once.
//
// Around needs nothing of a child container: it works in any Fx application,
// where the outcome is nil.
func Around(lc fx.Lifecycle, fn func(ctx context.Context, yield func() error) error) {
	var (
		started = make(chan struct{}) // closed by yield
		stop    = make(chan error, 1) // carries the outcome
		ended   = make(chan error, 1) // carries fn's error
	)
	lc.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			own, cancel := context.WithCancel(context.WithoutCancel(ctx))
			go func() {
				defer cancel()
				ended <- runAround(own, fn, func() error {
					close(started)
					return <-stop
				})
			}()
			select {
			case <-started:
				return nil
			case err := <-ended:
				if err == nil {
					err = errNoYield
				}
				return err
			case <-ctx.Done():
				cancel()
				stop <- context.Cause(ctx) // in case it calls yield after all
				return fmt.Errorf("before yield: %w", errors.Join(context.Cause(ctx), <-ended))
			}
		},
		OnStop: func(ctx context.Context) error {
			stop <- Outcome(ctx)
			select {
			case err := <-ended:
				return err
			case <-ctx.Done():
				return fmt.Errorf("after yield: %w", context.Cause(ctx))
			}
		},
	})
}

// runAround turns a panic of fn into an error: it has a goroutine of its own,
// where nobody else could.
func runAround(ctx context.Context, fn func(context.Context, func() error) error, yield func() error) (err error) {
	returned := false
	defer func() {
		if recovered := recover(); recovered != nil {
			err = &PanicError{Value: recovered, Stack: debug.Stack()}
		} else if !returned {
			err = errGoexit
		}
	}()
	err = fn(ctx, yield)
	returned = true
	return err
}
