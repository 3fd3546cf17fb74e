package assets

import (
	"fmt"
	"time"
)

// CrashPolicy says what happens with a run whose process has ended without recording the
// end of the run: it was killed, or its machine has stopped. Such a run always fails.
type CrashPolicy string

const (
	// CrashGiveUp does nothing more. It is the default.
	CrashGiveUp CrashPolicy = "give_up"
	// CrashResume queues a new run for the steps that have not succeeded. The new run gets the
	// values that the earlier run has stored. It is executed by a process that takes
	// queued runs. If the process of this run ends too, the rest is queued again, three
	// times at most. A step that was being executed is executed again, so its function
	// must allow that: it may have done a part of its work.
	//
	// A run is not resumed if somebody had asked for its cancellation, or if the history
	// does not hold all of its launch, as with a secret that was given literally. The end
	// of the run then says so.
	CrashResume CrashPolicy = "resume"
)

// OnCrash sets the policy for crashes of the job's runs. A launch may set another one.
func OnCrash(policy CrashPolicy) JobPart {
	return jobPartFunc(func(d *jobDefinition) {
		if policy != CrashGiveUp && policy != CrashResume {
			d.faults = append(d.faults, fmt.Errorf("assets.OnCrash(%q): there are assets.CrashGiveUp and assets.CrashResume", policy))
		}
		d.onCrash = policy
	})
}

// RetryRun repeats a run of the job that has failed, up to n times. Each repetition is a new
// run of the steps that have not succeeded, which gets the values that the earlier run has
// stored. backoff returns the wait before each repetition, counted from 1. If it is nil,
// there is no wait. See package backoff.
//
// A run is not repeated if it was cancelled, if an error of it is wrapped by [Permanent],
// if all of its steps have succeeded, or if its process has ended: see [OnCrash] for that.
// [Retry] repeats single steps within a run, where resources stay open.
func RetryRun(n int, backoff func(attempt int) time.Duration) JobPart {
	return jobPartFunc(func(d *jobDefinition) {
		if n < 0 {
			d.faults = append(d.faults, fmt.Errorf("assets.RetryRun(%d): it must not be negative", n))
		}
		d.retries, d.backoff = n, backoff
	})
}
