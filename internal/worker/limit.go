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

// tookLonger is the cause of the end of a context with a limit. It is made for every
// call and rarely read, so its text is made only when somebody asks for it.
type tookLonger time.Duration //nolint:errname // it reads as a cause

func (limit tookLonger) Error() string {
	return fmt.Sprintf("it took longer than %s: %v", time.Duration(limit), context.DeadlineExceeded)
}

func (limit tookLonger) Unwrap() error { return context.DeadlineExceeded }

// timedOut returns the cause of the end of the context, which names the limit, if the
// function has returned nothing but the error of its context.
func timedOut(ctx context.Context, err error) error {
	if err == context.DeadlineExceeded && errors.Is(ctx.Err(), err) { //nolint:errorlint // an error that the user has wrapped says more
		return context.Cause(ctx)
	}
	return err
}
