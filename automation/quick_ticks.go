package automation

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// quickly is how long the last tick of a sensor took at most, so that it ticks in one
	// goroutine with others. Such ticks cost about as much as a switch between goroutines.
	quickly = time.Millisecond
	// quickAtOnce is how many sensors tick one after another in one goroutine.
	quickAtOnce = 64
	// quickPatience is after what time the sensors that have not begun get goroutines of
	// their own, since one of those before them is slow this time.
	quickPatience = 10 * time.Millisecond
)

// isQuick reports whether a unit ticks one after another with others that are due.
func (u *unit) isQuick() bool { return u.quick && u.kind == KindSensor && u.events == nil }

// startQuick ticks sensors whose last ticks were quick.
func (t *ticking) startQuick(ctx context.Context, units []*unit) {
	for chunk := range slices.Chunk(units, quickAtOnce) {
		for _, u := range chunk {
			u.busy, u.poked = true, false
		}
		q := &quickTicks{ticking: t, waiting: chunk}
		t.under.Go(func() { q.tick(ctx) })
	}
}

// quickTicks are ticks that are made one after another.
type quickTicks struct {
	*ticking

	mu      sync.Mutex
	waiting []*unit // that have not begun
	over    []*unit // that the loop has not been told of
}

// tick ticks the units. If one of them takes long, the others do not wait for it.
func (q *quickTicks) tick(ctx context.Context) {
	impatient := time.AfterFunc(quickPatience, func() { q.split(ctx) })
	defer impatient.Stop()
	defer q.split(ctx)
	for u := q.next(); u != nil; u = q.next() {
		q.tickOne(ctx, u)
	}
}

// tickOne ticks one unit, which counts as ended in any case.
func (q *quickTicks) tickOne(ctx context.Context, u *unit) {
	u.inPlace = true
	defer func() {
		u.inPlace = false
		q.mu.Lock()
		defer q.mu.Unlock()
		q.over = append(q.over, u)
	}()
	q.tickInSlot(ctx, u)
}

func (q *quickTicks) next() *unit {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	u := q.waiting[0]
	q.waiting = q.waiting[1:]
	return u
}

// split starts the units that have not begun in goroutines of their own, and tells the loop of
// those that have ended.
func (q *quickTicks) split(ctx context.Context) {
	q.mu.Lock()
	for _, u := range q.waiting { // while tick waits for the lock, so that it ends later
		q.startAlone(ctx, u)
	}
	over := q.over
	q.waiting, q.over = nil, nil
	q.mu.Unlock()
	q.tellEnded(ctx, over...)
}
