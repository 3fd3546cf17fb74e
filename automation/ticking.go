package automation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/worker"
)

// ticking is the work of a daemon while it holds the lock.
type ticking struct {
	*Daemon
	units  []*unit
	byName map[string]*unit // by the name of the journal

	unwritten *unwritten // the journals that have something that may be written late

	due     dueHeap
	resting chan *unit         // to a goroutine that has ticked before
	ended   chan []*unit       // whose ticks have ended
	news    chan []*unit       // that must be looked at
	slots   chan struct{}      // one for each tick that is evaluated
	seats   chan struct{}      // one for each goroutine that rests
	work    context.Context    // of evaluations; it ends after ctx, see Drain
	stop    context.CancelFunc // ends work
	under   sync.WaitGroup     // ticks
	pool    worker.Pool        // calls what users supply

	drift time.Duration // how far the clock on the wall has moved against the time that has passed
	began time.Time
}

func newTicking(d *Daemon) *ticking {
	t := &ticking{
		Daemon: d, byName: make(map[string]*unit), ended: make(chan []*unit, 64), news: make(chan []*unit), unwritten: newUnwritten(),
		slots: make(chan struct{}, d.config.MaxParallel), seats: make(chan struct{}, d.config.MaxParallel), resting: make(chan *unit), began: time.Now(),
	}
	for _, a := range d.config.Automations.all {
		u := &unit{automation: a, ticking: t, journal: &journal{store: d.journals, name: a.journal(), unwritten: t.unwritten}}
		t.units = append(t.units, u)
		t.byName[a.journal()] = u
	}
	t.drift = t.measureDrift()
	return t
}

// begin reads the states of all units, and records those that are new, and who ticks.
func (t *ticking) begin(ctx context.Context) error {
	last, err := t.journals.Entries(ctx, history.EntryQuery{Last: true})
	if err != nil {
		return fmt.Errorf("reading what schedules and sensors did: %w", err)
	}
	for _, entry := range last {
		if u := t.byName[entry.Journal]; u != nil {
			if err := u.journal.set(entry); err != nil {
				return err
			}
		}
	}
	_, end, err := t.feed.EventsAfter(ctx, -1, history.EventQuery{})
	if err != nil {
		return fmt.Errorf("reading the end of the history: %w", err)
	}
	for _, u := range t.units {
		if c, changed := u.defined(t.clock.now(), end); changed {
			u.journal.later(c)
		}
	}
	if err := t.flush(ctx); err != nil {
		return err
	}
	return t.recordBegin(ctx)
}

// run ticks until ctx ends, and then waits for the ticks that are evaluated.
func (t *ticking) run(ctx context.Context) error {
	t.work, t.stop = context.WithCancel(context.WithoutCancel(ctx))
	defer t.stop()
	own, cancel := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { t.follow(own) })
	beside.Go(func() { t.lookForChanges(own) })
	beside.Go(func() { t.flushAgain(own) })
	beside.Go(func() { t.prune(own) })
	t.schedule()
	t.loop(ctx)
	cancel()
	beside.Wait()
	defer t.pool.Close()
	return t.drain()
}

// schedule finds out when each unit ticks first. Sensors begin one after another.
func (t *ticking) schedule() {
	spread := time.Duration(len(t.units)) * time.Millisecond
	for _, u := range t.units {
		u.ended = time.Now().Add(-u.settings.every + rand.N(min(spread, u.settings.every)+1)) //nolint:gosec // no secret depends on it
		u.poked = u.events != nil
		t.set(u)
	}
}

// loop starts the ticks that are due.
func (t *ticking) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case units := <-t.ended:
			t.setEnded(units)
		case changed := <-t.news:
			for _, u := range changed {
				t.set(u)
			}
		}
		t.heedClock()
		now := time.Now()
		t.startDue(ctx, now)
		wait := t.clock.most
		if at, ok := t.due.next(); ok {
			wait = min(wait, at-now.Sub(t.began))
		}
		timer.Reset(wait)
	}
}

// setEnded puts units into the heap whose ticks have ended, and the others that have by now.
func (t *ticking) setEnded(units []*unit) {
	for {
		for _, u := range units {
			u.busy = false
			t.set(u)
		}
		select {
		case units = <-t.ended:
		default:
			return
		}
	}
}

// tellEnded tells the loop that the ticks of units have ended.
func (t *ticking) tellEnded(ctx context.Context, units ...*unit) {
	if len(units) == 0 {
		return
	}
	select {
	case t.ended <- units:
	case <-ctx.Done():
	}
}

// startDue starts the ticks that are due.
func (t *ticking) startDue(ctx context.Context, now time.Time) {
	var plain, quick []*unit
	since := now.Sub(t.began)
	for u := t.due.take(since); u != nil; u = t.due.take(since) {
		switch {
		case u.isPlain():
			plain = append(plain, u)
		case u.isQuick():
			quick = append(quick, u)
		default:
			u.busy, u.poked = true, false
			t.startAlone(ctx, u)
		}
	}
	t.startQuick(ctx, quick)
	if len(plain) > 0 {
		t.startTogether(ctx, plain)
	}
}

// heedClock finds out whether somebody has set the clock, or the machine has slept. Then
// the times of schedules come sooner or later than they seemed to.
func (t *ticking) heedClock() {
	drift := t.measureDrift()
	if moved := drift - t.drift; moved.Abs() < 100*time.Millisecond {
		return
	}
	t.drift = drift
	for _, u := range t.units {
		if u.kind == KindSchedule {
			t.set(u)
		}
	}
}

func (t *ticking) measureDrift() time.Duration {
	return t.clock.now().Round(0).Sub(t.began.Round(0)) - time.Since(t.began)
}

// set puts a unit into the heap at the time at which it ticks next.
func (t *ticking) set(u *unit) {
	t.due.remove(u)
	if u.busy {
		return
	}
	wait, ticks := u.wait(t.clock.now())
	if !ticks {
		return
	}
	at := time.Since(t.began) + max(0, wait)
	if wait > 0 && u.kind == KindSensor && u.events == nil {
		at = withOthers(at, u.settings.every/200)
	}
	t.due.add(u, at)
}

// withOthers moves a time by less than slack, so that many sensors are due at few moments,
// and wake the loop rarely.
func withOthers(at, slack time.Duration) time.Duration {
	if slack <= 0 {
		return at
	}
	return (at + slack - 1).Truncate(slack)
}

// startAlone ticks a unit in a goroutine of its own, or in one that has ticked others before:
// the stack of that one is large enough already, which saves a fifth of the time of a tick.
func (t *ticking) startAlone(ctx context.Context, u *unit) {
	select {
	case t.resting <- u:
		return
	default: // nobody rests
	}
	t.under.Go(func() {
		for u != nil {
			t.tickAlone(ctx, u)
			u = t.rest(ctx)
		}
	})
}

// tickAlone ticks a unit in this goroutine, and tells the loop.
func (t *ticking) tickAlone(ctx context.Context, u *unit) {
	defer t.tellEnded(ctx, u)
	t.tickInSlot(ctx, u)
}

// tickInSlot ticks a unit in this goroutine, when a slot is free.
func (t *ticking) tickInSlot(ctx context.Context, u *unit) {
	select {
	case t.slots <- struct{}{}:
	case <-ctx.Done():
		return
	}
	var once sync.Once
	release := func() { once.Do(func() { <-t.slots }) }
	defer release()
	u.tick(ctx, release)
}

// rest waits for the next unit that this goroutine ticks. It returns nil if there is none, and
// if enough others rest.
func (t *ticking) rest(ctx context.Context) *unit {
	select {
	case t.seats <- struct{}{}:
		defer func() { <-t.seats }()
	default:
		return nil
	}
	select {
	case u := <-t.resting:
		return u
	case <-ctx.Done():
		return nil
	}
}

// poke has units looked at again.
func (t *ticking) poke(ctx context.Context, units []*unit) {
	if len(units) == 0 {
		return
	}
	select {
	case t.news <- units:
	case <-ctx.Done():
	}
}

// drain waits for the ticks that are evaluated, and ends them when their time is over.
func (t *ticking) drain() error {
	done := make(chan struct{})
	go func() {
		t.under.Wait()
		close(done)
	}()
	deadline := time.NewTimer(t.config.Drain)
	defer deadline.Stop()
	var late error
	select {
	case <-done:
	case <-deadline.C:
		t.stop()
		grace := time.NewTimer(abandonAfter + time.Second)
		defer grace.Stop()
		select {
		case <-done:
		case <-grace.C:
			late = fmt.Errorf("stopping the daemon: some schedules or sensors did not end within %s", t.config.Drain)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), t.config.Drain)
	defer cancel()
	if late == nil {
		for _, u := range t.units {
			u.writeSkips()
		}
	}
	return errors.Join(late, t.flush(ctx))
}

// flushAgain writes what may be written late, a moment after it was noted.
func (t *ticking) flushAgain(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.unwritten.told:
		}
		if !backoff.Wait(ctx, t.clock.late) {
			return // the rest is written at the end
		}
		if err := t.flush(ctx); err != nil && ctx.Err() == nil {
			t.warn("recording ticks", err)
		}
	}
}

// flush writes what the journals have that may be written late. What could not be written
// stays there for the next time.
func (t *ticking) flush(ctx context.Context) error {
	journals := t.unwritten.take()
	err := flush(ctx, t.journals, journals)
	if err != nil {
		for _, j := range journals {
			if j.hasPending() {
				t.unwritten.add(j)
			}
		}
	}
	return err
}
