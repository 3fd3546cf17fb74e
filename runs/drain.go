package runs

import (
	"context"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// drain says that no more steps of a run begin, and why.
type drain struct {
	once   *sync.Once
	begun  chan struct{} // closed when it begins
	reason *error        // read after begun
}

func newDrain() drain {
	return drain{once: new(sync.Once), begun: make(chan struct{}), reason: new(error)}
}

func (d drain) begin(cause error) {
	d.once.Do(func() {
		*d.reason = cause
		close(d.begun)
	})
}

// cause returns why no more steps begin, or nil if they do.
func (d drain) cause() error {
	select {
	case <-d.begun:
		return *d.reason
	default:
		return nil
	}
}

// Draining returns a channel that is closed when no more steps of the run should begin,
// although the context of the run goes on. [Execution.Schedule] begins none then. An
// executor without it looks at the channel itself.
func (e *Execution) Draining() <-chan struct{} { return e.drained.begun }

// Drain lets the run end soon. No more steps start. The steps that are running may go
// on until within is over, and are then cancelled as by [Run.Cancel]. If all steps of
// the run have started before, the run ends as it would have ended. Otherwise it is
// cancelled. Drain does not wait for this. It does nothing if the run has ended. reason
// says who asked and why. If within is not positive, Drain does the same as Cancel.
//
// Any process may instead append a history.RunCancelRequested with a time Within.
func (r *Run) Drain(reason string, within time.Duration) {
	if within <= 0 {
		r.Cancel(reason)
		return
	}
	r.drainOnce.Do(func() {
		<-r.queued // a request cannot be the first event of the run
		_ = r.log.append(context.WithoutCancel(r.life), history.RunCancelRequested{Reason: reason, By: r.launcher.ownership.name, Within: within})
		r.drain(reason, within)
	})
}

func (r *Run) drain(reason string, within time.Duration) {
	if reason != "" {
		reason += ": "
	}
	cause := cancelledBecause(reason + "no more steps could start, and those that were running had " + within.String())
	r.execution.drained.begin(cause)
	timer := time.AfterFunc(within, func() {
		r.drainEnded.Store(true)
		r.cancel(cause)
	})
	context.AfterFunc(r.life, func() { timer.Stop() })
}
