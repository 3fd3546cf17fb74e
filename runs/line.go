package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

const (
	// lookEvery is about the time between two looks for free places and for queued runs.
	// What happens in this process needs no look.
	lookEvery = 200 * time.Millisecond
	// courtesy is how long a free place is left to a run of another process that comes
	// first. That process looks several times meanwhile, unless it is stopped.
	courtesy = time.Second
)

// line is where the runs of a launcher wait until they may begin, and where the launcher
// takes queued runs. The runs of all launchers with a store stand in one line, which is
// the store's list of queued runs, sorted by priority. Each launcher looks at this list,
// and serves those that it executes. One goroutine does this, while there is something to
// do.
type line struct {
	launcher *Launcher
	news     chan struct{} // holds a token if something has changed

	mu      sync.Mutex
	waiting map[string]*waiter // by run ID
	workers []*taker
	moving  bool                         // the goroutine exists
	served  sync.WaitGroup               // for it, and for those that claim runs
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
	l.launcher, l.news = launcher, make(chan struct{}, 1)
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
	l.begin()
	l.mu.Unlock()
	cause, closing := error(nil), l.closingFor(r)
	select {
	case given := <-w.given:
		return given, nil
	case <-closing:
		cause = errLeft
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

// begin starts the goroutine unless it exists. The caller holds the lock.
func (l *line) begin() {
	if !l.moving {
		l.moving = true
		l.served.Go(l.serve)
	}
	l.changed = true
	l.move()
}

// change has the goroutine read the list at once, if it exists.
func (l *line) change() {
	l.mu.Lock()
	l.changed = true
	l.mu.Unlock()
	l.move()
}

// move has the goroutine look at once, if it exists. If the list was read a moment ago, it
// is not read again, since each run that ends would else have all others read that wait.
func (l *line) move() {
	select {
	case l.news <- struct{}{}:
	default:
	}
}

// serve looks again and again, until nobody waits and no queued runs are taken.
func (l *line) serve() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if l.isOver() {
			return
		}
		select {
		case <-l.news:
		case <-timer.C:
		}
		l.look()
		timer.Reset(lookEvery/2 + rand.N(lookEvery))
	}
}

// isOver reports whether there is nothing more to do, so that the goroutine ends.
func (l *line) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 && len(l.workers) == 0 {
		l.moving = false
		return true
	}
	return false
}

// look serves the line once.
func (l *line) look() {
	err := panics.Guard(func() error { return l.lookOnce(context.Background()) })
	switch {
	case err == nil:
		l.failing = time.Time{}
	case l.failing.IsZero():
		l.failing = time.Now()
		if !errors.Is(err, ErrClosed) {
			l.launcher.warn("queued runs could not be looked for", "error", err)
		}
	case time.Since(l.failing) > lookPatience:
		l.giveUp(fmt.Errorf("waiting for a place: queued runs could not be looked for: %w", err))
	}
}

// lookPatience is how long runs wait while the history cannot be read. It may be damaged.
const lookPatience = 30 * time.Second

// giveUp ends the runs of this launcher that wait.
func (l *line) giveUp(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.waiting {
		if run, ok := l.launcher.Active(id); ok {
			run.cancel(cause)
		}
	}
}

func (l *line) lookOnce(ctx context.Context) error {
	if !l.isDue() {
		return nil
	}
	fresh, err := l.readList(ctx)
	if err != nil {
		return err
	}
	turn := newTurn(l)
	left := l.list[:0:0]
	defer func() { l.list = left }()
	for i, record := range l.list {
		if l.isFull() {
			turn.left, left = true, append(left, l.list[i:]...)
			break
		}
		taken, err := l.serveOne(ctx, turn, record)
		if err != nil {
			left = append(left, l.list[i:]...)
			return err
		}
		if !taken {
			left = append(left, record)
		}
	}
	if fresh {
		l.release(turn)
	}
	return nil
}

// readList reads the list, unless it was read a moment ago, holds some runs, and nothing
// is known that has changed since. It reports whether it has read it.
func (l *line) readList(ctx context.Context) (fresh bool, err error) {
	l.mu.Lock()
	changed := l.changed
	l.changed = false
	l.mu.Unlock()
	began := time.Now()
	if !changed && len(l.list) > 0 && began.Sub(l.readAt) < min(lookEvery/2+10*l.reading, courtesy) {
		return false, nil
	}
	list, err := l.standing(ctx)
	if err != nil {
		l.list = nil
		return false, err
	}
	l.list, l.readAt, l.reading = list, began, time.Since(began)
	l.forget(list)
	return true, nil
}

// isFull reports whether no run can begin here now, whatever limits there are.
func (l *line) isFull() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) == 0 && !slices.ContainsFunc(l.workers, (*taker).isFree)
}

// isDue reports whether somebody could begin now.
func (l *line) isDue() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.waiting {
		if !time.Now().Before(w.notBefore) {
			return true
		}
	}
	return len(l.workers) > 0
}

// standing returns the queued runs of the store in their order.
func (l *line) standing(ctx context.Context) ([]history.Record, error) {
	found, err := l.launcher.config.Store.Runs(ctx, history.RunQuery{Statuses: []history.Status{history.StatusQueued}, OmitSteps: true})
	if err != nil {
		return nil, err
	}
	slices.Reverse(found) // the first that was queued stands first
	slices.SortStableFunc(found, func(a, b history.Record) int { return cmp.Compare(priorityOf(b.Tags), priorityOf(a.Tags)) })
	return found, nil
}

// serveOne lets one run begin if there is a place for it, and if this launcher executes
// it. It reports whether the run waits no more.
func (l *line) serveOne(ctx context.Context, turn *turn, record history.Record) (taken bool, err error) {
	l.mu.Lock()
	w, claimed := l.waiting[record.ID], l.claimed[record.ID]
	l.mu.Unlock()
	if w != nil {
		return l.admit(ctx, turn, record.ID, w)
	}
	takeable := turn.isTakeable(ctx, record)
	if takeable && !claimed {
		turn.left = true
		if taken, err := l.take(ctx, turn, record); taken || err != nil {
			return taken, err
		}
	}
	if takeable && !claimed || turn.livenessOf(ctx, record.Owner) == LivenessRunning {
		turn.ahead = append(turn.ahead, ahead{record.ID, l.launcher.config.Limits.ofRun(record.Tags)})
	}
	return false, nil
}

// admit lets a run of this launcher begin if there is a place for it.
func (l *line) admit(ctx context.Context, turn *turn, id string, w *waiter) (admitted bool, err error) {
	if time.Now().Before(w.notBefore) {
		return false, nil
	}
	given, err := turn.places(ctx, w.limits)
	if err != nil || given == nil {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[id] != w {
		return true, given.release() // it has ended meanwhile
	}
	delete(l.waiting, id)
	w.given <- given
	return true, nil
}

// forget drops what is known of runs that are queued no more.
func (l *line) forget(standing []history.Record) {
	ids := make(map[string]bool, len(standing))
	for _, record := range standing {
		ids[record.ID] = true
	}
	maps.DeleteFunc(l.offered, func(id string, _ time.Time) bool { return !ids[id] })
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.claimed, func(id string, _ bool) bool { return !ids[id] })
	maps.DeleteFunc(l.first, func(id string, _ history.RunQueued) bool { return !ids[id] })
}

// maxFirst is the largest number of first events that are kept in memory.
const maxFirst = 4096

// queued notes runs that were queued here, as the store has them, and has them looked at.
// Whoever takes one of them here need not read it again.
func (l *line) queued(stored ...history.Event) {
	l.mu.Lock()
	for _, event := range stored {
		if data, ok := event.Data.(history.RunQueued); ok && len(l.workers) > 0 && len(l.first) < maxFirst {
			l.first[event.RunID] = data
		}
	}
	l.mu.Unlock()
	l.change()
}

// firstEvent returns the first event of a queued run.
func (l *line) firstEvent(ctx context.Context, id string) (history.RunQueued, error) {
	l.mu.Lock()
	queued, known := l.first[id]
	delete(l.first, id)
	l.mu.Unlock()
	if known {
		return queued, nil
	}
	return queuedAs(ctx, l.launcher.config.Store, id)
}
