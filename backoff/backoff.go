// Package backoff says how long to wait between attempts. [Exponential] and [Jittered]
// are for assets.Retry and container.StartRetry, which ask for the wait before each
// further attempt, counted from 1. [Wait] waits.
//
// The package imports the standard library only.
package backoff

import (
	"math/rand/v2"
	"time"
)

// Exponential returns a backoff of first, and then of twice as much each
// time, but of most at most. If most is less than first, each wait is most. If
// one of them is 0 or less, there is no wait.
func Exponential(first, most time.Duration) func(attempt int) time.Duration {
	return func(attempt int) time.Duration {
		if first <= 0 || most <= 0 {
			return 0
		}
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
// together. It returns nil, which is no wait, for nil.
func Jittered(backoff func(attempt int) time.Duration) func(attempt int) time.Duration {
	if backoff == nil {
		return nil
	}
	return func(attempt int) time.Duration {
		wait := backoff(attempt)
		return wait - time.Duration(rand.Float64()*float64(wait)/2)
	}
}
