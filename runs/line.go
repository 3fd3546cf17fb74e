package runs

import (
	"cmp"
	"context"
	"errors"
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
	moving  bool            // the goroutine exists
	served  sync.WaitGroup  // for it, and for those that claim runs
	claimed map[string]bool // runs that are being claimed, or that cannot be executed here

	// What follows only the goroutine touches.

	offered map[string]time.Time // since when a run of another process could begin
	failing bool                 // the last look failed, which was told
}

func (l *line) init(launcher *Launcher) {
	l.launcher, l.news = launcher, make(chan struct{}, 1)
	l.waiting = make(map[string]*waiter)
	l.offered, l.claimed = make(map[string]time.Time), make(map[string]bool)
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
	l.move()
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
	l.move()
}

// move has the goroutine look at once, if it exists.
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
	if err != nil && !l.failing && !errors.Is(err, ErrClosed) {
		l.launcher.warn("queued runs could not be looked for", "error", err)
	}
	l.failing = err != nil
}

func (l *line) lookOnce(ctx context.Context) error {
	if !l.isDue() {
		return nil
	}
	standing, err := l.standing(ctx)
	if err != nil {
		return err
	}
	turn := newTurn(l)
	for _, record := range standing {
		if err := l.serveOne(ctx, turn, record); err != nil {
			return err
		}
	}
	l.forget(standing)
	l.release(turn)
	return nil
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
// it.
func (l *line) serveOne(ctx context.Context, turn *turn, record history.Record) error {
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
			return err
		}
	}
	if takeable && !claimed || turn.livenessOf(ctx, record.Owner) == LivenessRunning {
		turn.ahead = append(turn.ahead, ahead{record.ID, l.launcher.config.Limits.ofRun(record.Tags)})
	}
	return nil
}

// admit lets a run of this launcher begin if there is a place for it.
func (l *line) admit(ctx context.Context, turn *turn, id string, w *waiter) error {
	if time.Now().Before(w.notBefore) {
		return nil
	}
	given, err := turn.places(ctx, w.limits)
	if err != nil || given == nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[id] != w {
		return given.release() // it has ended meanwhile
	}
	delete(l.waiting, id)
	w.given <- given
	return nil
}

// forget drops what is known of runs that are queued no more.
func (l *line) forget(standing []history.Record) {
	ids := make(map[string]bool, len(standing))
	for _, record := range standing {
		ids[record.ID] = true
	}
	for id := range l.offered {
		if !ids[id] {
			delete(l.offered, id)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id := range l.claimed {
		if !ids[id] {
			delete(l.claimed, id)
		}
	}
}
