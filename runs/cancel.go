package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// requestsEvery is the time between two looks for a cancel request that somebody
// else has recorded.
const requestsEvery = time.Second

// Cancel asks the run to stop. No more steps start, the contexts of the running
// steps end, and after these steps have returned the resources are stopped. Cancel
// does not wait for this. It does nothing if the run has ended. reason says who
// asked and why.
//
// Any process may instead append a history.RunCancelRequested to the log of the run.
// The run then stops in the same way, within a second. [Run.Drain] lets the running
// steps end.
func (r *Run) Cancel(reason string) {
	r.cancelOnce.Do(func() {
		<-r.queued // a request cannot be the first event of the run
		// Recorded first: whoever reads the log sees why the rest happened.
		_ = r.log.append(context.WithoutCancel(r.life), history.RunCancelRequested{Reason: reason, By: r.launcher.ownership.name})
		r.cancel(cancelledBecause(reason))
	})
}

func cancelledBecause(reason string) error {
	if reason == "" {
		return ErrCancelled
	}
	return fmt.Errorf("%w: %s", ErrCancelled, reason)
}

// asked returns what a request says, as a reason.
func asked(request history.RunCancelRequested) string {
	switch {
	case request.By == "" || strings.Contains(request.Reason, request.By):
		return request.Reason
	case request.Reason == "":
		return "by " + request.By
	}
	return request.Reason + " (by " + request.By + ")"
}

// errEnded is why a run stops that has an end in its log, which another process has
// recorded because it took this one for gone.
var errEnded = errors.New("another process has recorded the end of the run")

// obeyRequests cancels the run when a request to do so stands in its log, and stops it
// when somebody else has recorded its end, or has adopted it. It returns when the run has
// ended. A store tells nobody of what others append, so the log is read again and again,
// each time from where the last look ended.
func (r *Run) obeyRequests() {
	ticker := time.NewTicker(requestsEvery)
	defer ticker.Stop()
	for seen := int64(0); ; {
		select {
		case <-r.life.Done():
			return
		case <-ticker.C:
		}
		reached := r.log.reached()
		var found []history.Event
		err := panics.Guard(func() (err error) {
			found, err = r.launcher.config.Store.Events(r.life, history.EventQuery{
				RunID: r.launch.id, AfterSeq: seen, Types: []history.EventType{history.TypeRunCancelRequested, history.TypeRunAdopted, history.TypeRunFinished},
			})
			return err
		})
		if err != nil {
			continue // a history that can't be read may be readable the next time
		}
		if len(found) == 0 {
			seen = reached
			continue
		}
		for _, event := range found {
			seen = event.Seq
			r.obey(event)
		}
	}
}

// obey does what an event of the log wants of the process that executes the run.
func (r *Run) obey(event history.Event) {
	switch data := event.Data.(type) {
	case history.RunCancelRequested:
		if data.Within > 0 {
			r.drainOnce.Do(func() { r.drain(asked(data), data.Within) })
			return
		}
		r.cancelOnce.Do(func() { r.cancel(cancelledBecause(asked(data))) })
	case history.RunAdopted:
		if event.Seq > r.adopted.Load() {
			r.leaveRun("another process has taken it over")
		}
	case history.RunFinished:
		r.cancelOnce.Do(func() { r.cancel(errEnded) })
	default: // they want nothing
	}
}
