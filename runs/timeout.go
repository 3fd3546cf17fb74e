package runs

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/assets"
)

// ErrTimedOut is the cause with which the context of a run ends whose timeout is over.
// The error of such a run matches it.
var ErrTimedOut = errors.New("timed out")

// noTimeout is the timeout of a run whose launch wants none, whatever its job says.
const noTimeout time.Duration = -1

// timeout returns the timeout of a run, 0 for none, or noTimeout.
func (r Request) timeout(job assets.JobPlan) time.Duration {
	if r.Timeout == 0 {
		return job.Timeout
	}
	return max(r.Timeout, noTimeout)
}

// limit ends the run when its timeout is over. The caller calls stop when the steps
// have ended.
func (r *Run) limit() (stop func()) {
	limit := r.launch.record.Timeout
	if limit <= 0 {
		return func() {}
	}
	r.execution.deadline = r.executing.Add(limit)
	timer := time.AfterFunc(limit-r.lasted(), r.execution.TimedOut)
	return func() { timer.Stop() }
}

// Deadline returns the time at which the timeout of the run is over. It returns false if the run
// has none. The context of the run ends then by itself. A [Cluster] has to end the run too, for
// the case that no process owns it then. The clock is that of the process that has begun the run.
func (e *Execution) Deadline() (deadline time.Time, ok bool) { return e.deadline, !e.deadline.IsZero() }

// TimedOut says that the cluster has ended the run because its timeout is over. The context of
// the run ends, and the run fails with [ErrTimedOut].
func (e *Execution) TimedOut() {
	e.abort(fmt.Errorf("the run %w after %s", ErrTimedOut, e.site.launch.record.Timeout))
}
