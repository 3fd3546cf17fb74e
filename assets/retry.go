package assets

import (
	"errors"
	"time"
)

// Retry executes a step up to n more times if it fails by an error, a panic or
// its [Timeout]. Each attempt loads its inputs again, and gets new instances of
// the resources that live per step. Nothing is stored before the function has
// returned. backoff returns the wait before each further attempt, counted from 1.
// If it is nil, there is no wait. See package backoff. There is no
// further attempt if the error is wrapped by [Permanent], or if the run is
// cancelled.
func Retry(n int, backoff func(attempt int) time.Duration) Option {
	return aboutFunction("Retry", func(d *definition) {
		if n < 0 {
			d.fault("assets.Retry(%d): it must not be negative", n)
		}
		d.retries, d.backoff = n, backoff
	})
}

// Permanent wraps an error for which a further attempt would not help. The step
// is not retried. If err is nil, the result is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err, or an error that it wraps, is the result of
// [Permanent].
func IsPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }
