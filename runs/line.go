package runs

import (
	"context"
	"time"

	"github.com/fxrun/fxrun/history"
)

// line is where the runs of a launcher wait until they may begin, and where the launcher
// takes queued runs. The runs of all launchers with a store stand in one line, which is
// the store's list of queued runs, sorted by priority. Each launcher looks at this list,
// and serves those that it executes, in the goroutine of the lookout.
type line struct {
	lookout
	launcher *Launcher

	// What follows the lock of the lookout guards.

	waiting map[string]*waiter // by run ID
	workers []*taker
	claimed map[string]bool              // runs that are being claimed, or that cannot be executed here
	changed bool                         // the list may have changed since it was read
	first   map[string]history.RunQueued // the first events of runs that were queued here

	// What follows only the goroutine touches.

	list    []history.Record     // what was read last, without the runs that were taken since
	readAt  time.Time            // when it was read
	reading time.Duration        // how long that took
	offered map[string]time.Time // since when a run of another process could begin
	failing time.Time            // since when all looks have failed, which was told; zero if the last one has not
}

func (l *line) init(launcher *Launcher) {
	l.lookout.init(l.serveAll, func() bool { return len(l.waiting) == 0 && len(l.workers) == 0 })
	l.launcher = launcher
	l.waiting = make(map[string]*waiter)
	l.offered, l.claimed = make(map[string]time.Time), make(map[string]bool)
	l.first = make(map[string]history.RunQueued)
}

// waiter is a run of this launcher that waits.
type waiter struct {
	limits    []limit
	notBefore time.Time
	given     chan *places // one value at most
}

// wait returns when the run may begin, with its places. If the context of the run ends
// first, it returns the cause.
func (l *line) wait(r *Run) (*places, error) {
	limits, notBefore := l.launcher.config.Limits.ofRun(r.launch.record.Tags), r.launch.record.NotBefore
	if len(limits) == 0 && !time.Now().Before(notBefore) {
		return nil, orCause(r.life, nil)
	}
	w := &waiter{limits: limits, notBefore: notBefore, given: make(chan *places, 1)}
	l.mu.Lock()
	l.waiting[r.ID()] = w
	l.expect()
	l.mu.Unlock()
	cause, closing := error(nil), l.closingFor(r)
	select {
	case given := <-w.given:
		return given, nil
	case <-closing:
		cause = errStillQueued
	case <-r.life.Done():
		cause = context.Cause(r.life)
	}
	l.mu.Lock()
	delete(l.waiting, r.ID())
	l.mu.Unlock()
	l.change()
	select {
	case given := <-w.given: // just now, and the run gives it back at its end
		return given, cause
	default:
		return nil, cause
	}
}

// closingFor returns a channel that is closed when a run need not wait any more, since
// others will execute it.
func (l *line) closingFor(r *Run) <-chan struct{} {
	if r.launch.record.Takeable {
		return l.launcher.closing
	}
	return nil
}

// expect has the goroutine read the list for somebody who has just come. The caller holds
// the lock.
func (l *line) expect() {
	l.changed = true
	l.begin()
	l.move()
}

// change has the goroutine read the list at once, if it exists. What calls move alone has
// it look without reading, if the list was read a moment ago: each run that ends would
// otherwise have all others read that wait.
func (l *line) change() {
	l.mu.Lock()
	l.changed = true
	l.mu.Unlock()
	l.move()
}
