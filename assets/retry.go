package assets

import (
	"errors"
	"math/rand/v2"
	"time"
)

// Retry tries a step up to n more times where it fails: by an error, a panic or
// its [Timeout]. Each attempt loads its inputs anew, gets resources of its own
// where they live per step, and nothing is stored before the function has
// returned. backoff gives the wait before each further attempt, counted from 1;
// nil is no wait. See [Exponential] and [Jittered]. An error wrapped by
// [Permanent] is not tried again, nor is a step of a cancelled run.
func Retry(n int, backoff func(attempt int) time.Duration) Option {
	return aboutFunction("Retry", func(d *definition) {
		if n < 0 {
			d.fault("assets.Retry(%d): it must not be negative", n)
		}
		d.retries, d.backoff = n, backoff
	})
}

// Exponential returns a backoff for [Retry]: first, then twice as much each
// time, but at most most.
func Exponential(first, most time.Duration) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		wait := first
		for ; attempt > 1 && wait < most; attempt-- {
			if wait > most/2 {
				return most // twice as much may be more than a Duration holds
			}
			wait *= 2
		}
		return min(wait, most)
	}
}

// Jittered returns a backoff that waits between half and all of what another
// one says, at random, so that what failed together does not come back
// together.
func Jittered(backoff func(attempt int) time.Duration) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		wait := backoff(attempt)
		return wait - time.Duration(rand.Float64()*float64(wait)/2)
	}
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
