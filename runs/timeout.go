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
	timer := time.AfterFunc(limit-r.lasted(), func() { r.cancel(fmt.Errorf("the run %w after %s", ErrTimedOut, limit)) })
	return func() { timer.Stop() }
}
