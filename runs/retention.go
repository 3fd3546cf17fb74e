package runs

import (
	"time"

	"github.com/fxrun/fxrun/history"
)

const (
	// DefaultAge is how long runs are kept if a [Retention] does not say it: 90 days.
	// In this time a job of each month has three runs to compare.
	DefaultAge = 90 * 24 * time.Hour
	// DefaultRuns is how many runs of each job are kept if a [Retention] does not say
	// it. A run of ten steps has some 60 events, which take about 12 kB of a file. So
	// 10,000 of them are about 120 MB for a job that runs every few minutes.
	DefaultRuns = 10_000
)

// Retention says how long the store keeps the runs that have ended. A run is kept as
// long as both limits keep it. history.Pruner says what stays nevertheless: the last
// materialization of each asset, and who made it. The zero Retention is the default.
type Retention struct {
	// Age is how long a run is kept after its end. 0 is [DefaultAge]. A negative Age
	// is no limit.
	Age time.Duration
	// Runs is how many runs of each job are kept, the newest. The runs without a job
	// count as those of one job. 0 is [DefaultRuns]. A negative number is no limit.
	Runs int
}

// KeepAll is the retention that removes nothing.
var KeepAll = Retention{Age: -1, Runs: -1}

// at returns the retention as the history knows it.
func (r Retention) at(now time.Time) history.Retention {
	var limits history.Retention
	switch {
	case r.Age == 0:
		limits.FinishedBefore = now.Add(-DefaultAge)
	case r.Age > 0:
		limits.FinishedBefore = now.Add(-r.Age)
	}
	switch {
	case r.Runs == 0:
		limits.Keep = DefaultRuns
	case r.Runs > 0:
		limits.Keep = r.Runs
	}
	return limits
}
