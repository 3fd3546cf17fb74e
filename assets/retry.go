package assets

import (
	"errors"
	"time"
)

// Retry tries a step up to n more times where it fails: by an error, a panic or
// its [Timeout]. Each attempt loads its inputs anew, gets resources of its own
// where they live per step, and nothing is stored before the function has
// returned. backoff gives the wait before each further attempt, counted from 1;
// nil is no wait. See package backoff. An error wrapped by
// [Permanent] is not tried again, nor is a step of a cancelled run.
func Retry(n int, backoff func(attempt int) time.Duration) Option {
	return aboutFunction("Retry", func(d *definition) {
		if n < 0 {
			d.fault("assets.Retry(%d): it must not be negative", n)
		}
		d.retries, d.backoff = n, backoff
	})
}

// Permanent wraps an error of a step that no further attempt would mend: it is
// not retried. A nil error stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

// IsPermanent reports whether err was wrapped by [Permanent] somewhere.
func IsPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	return ok
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }
