package runs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fxrun/fxrun/internal/panics"
)

// poolLine is where the steps of a launcher wait for places in pools. They are served in
// the order of the priorities of their runs. Of steps with the same priority, the one that
// came first is served first. A launcher does not know which steps wait in other launchers,
// so it looks for free places again and again.
type poolLine struct {
	lookout
	launcher *Launcher
	waiting  []*stepWaiter // in their order; the lock of the lookout guards them
}

func (l *poolLine) init(launcher *Launcher) {
	l.lookout.init(l.serveAll, func() bool { return len(l.waiting) == 0 })
	l.launcher = launcher
}

// stepWaiter is a step that waits.
type stepWaiter struct {
	limits   []limit
	priority int
	given    chan stepPlaces // one value at most
	failing  time.Time       // since when its locks cannot be taken; zero if they can
}

// stepPlaces are the places of a step, or why it cannot have any.
type stepPlaces struct {
	places *places
	err    error
}

// take returns the places of a step, once there are some. If it has to wait, it calls
// waits before.
func (l *poolLine) take(ctx context.Context, limits []limit, priority int, waits func()) (*places, error) {
	w := &stepWaiter{limits: limits, priority: priority, given: make(chan stepPlaces, 1)}
	l.mu.Lock()
	at, _ := slices.BinarySearchFunc(l.waiting, w, func(a, b *stepWaiter) int { return cmp.Or(cmp.Compare(b.priority, a.priority), -1) })
	l.waiting = slices.Insert(l.waiting, at, w)
	l.mu.Unlock()
	l.serveAll()
	select {
	case given := <-w.given:
		return given.places, given.err
	default:
	}
	waits()
	l.mu.Lock()
	l.begin()
	l.mu.Unlock()
	select {
	case given := <-w.given:
		return given.places, given.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	l.waiting = slices.DeleteFunc(l.waiting, func(other *stepWaiter) bool { return other == w })
	l.mu.Unlock()
	l.move()
	select {
	case given := <-w.given: // just now
		return nil, errors.Join(context.Cause(ctx), given.err, given.places.release())
	default:
		return nil, context.Cause(ctx)
	}
}

// leave gives places to others.
func (l *poolLine) leave(given *places) {
	if err := given.release(); err != nil {
		l.launcher.warn("a place in a pool could not be given back", "error", err)
	}
	l.move()
}

// serveAll gives free places to those who wait. A step that finds none keeps those that came
// later from the places that it needs, since a step in several pools would otherwise never
// find all of them free.
func (l *poolLine) serveAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := make(map[string]bool) // by the name of their locks
	l.waiting = slices.DeleteFunc(l.waiting, func(w *stepWaiter) bool {
		if slices.ContainsFunc(w.limits, func(one limit) bool { return kept[one.locks] }) {
			keepAll(kept, w.limits)
			return false
		}
		var taken *places
		err := panics.Guard(func() (err error) {
			taken, _, err = takePlaces(context.Background(), l.launcher.config.Locks, w.limits)
			return err
		})
		if taken == nil && !w.isHopeless(err) {
			keepAll(kept, w.limits)
			return false
		}
		w.given <- stepPlaces{taken, err}
		return true
	})
}

// patience is how long a step waits for locks that cannot be taken, such as those of a
// database that is restarted.
const patience = 30 * time.Second

// isHopeless reports whether an error of the locks, or nil, ends the wait.
func (w *stepWaiter) isHopeless(err error) bool {
	switch {
	case err == nil:
		w.failing = time.Time{}
	case w.failing.IsZero():
		w.failing = time.Now()
	}
	return err != nil && time.Since(w.failing) >= patience
}

func keepAll(kept map[string]bool, limits []limit) {
	for _, limit := range limits {
		kept[limit.locks] = true
	}
}

// AttrWaitsFor is the attribute of a log line of a step that waits for a place in a pool.
// It says which pool. The step has stopped waiting when it starts.
const AttrWaitsFor = "waits_for"
