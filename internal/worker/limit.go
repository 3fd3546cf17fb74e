package worker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// WithLimit returns a context that ends after the limit, with a cause that names
// the limit.
func WithLimit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, tookLonger(limit))
}

// tookLonger is the cause of a deadline's end. It is made for every call and
// seldom read, so its text waits until somebody asks.
type tookLonger time.Duration //nolint:errname // it reads as a cause

func (limit tookLonger) Error() string {
	return fmt.Sprintf("it took longer than %s: %v", time.Duration(limit), context.DeadlineExceeded)
}

func (limit tookLonger) Unwrap() error { return context.DeadlineExceeded }

// timedOut says which limit was passed, where a function returns its context's
// bare error.
func timedOut(ctx context.Context, err error) error {
	if err == context.DeadlineExceeded && errors.Is(ctx.Err(), err) { //nolint:errorlint // bare: what the user wrapped says more
		return context.Cause(ctx)
	}
	return err
}
