package automation

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
)

// unit is a schedule or a sensor that the daemon ticks.
type unit struct {
	*automation
	*ticking
	journal *journal
	mayHave atomic.Bool // the history may have an event for it

	// What follows only the loop of the daemon touches.

	busy  bool
	poked bool
	waits bool // in the heap of units
	entry int  // the number of its entry there

	// What follows only the tick touches, and the loop between ticks.

	ended     time.Time // when the last tick ended, or counts as ended
	notBefore time.Time // when the history may work again
	quick     bool      // the last tick took little time
	inPlace   bool      // the function is called in the goroutine of the tick
	exit      *exit     // if the function has ended that goroutine in the last tick
	failures  int       // ticks that could not be recorded, one after another
	reached   int64     // how far the events were read
	skips     *TickRecord
	skipped   time.Time // when skips was written last
	interval  time.Duration
	pattern   *runs.QueuedRun // what a schedule without a function asks for; nil before the first tick
}

// defined returns the entry for a unit that is new, or whose times have changed. It then
// ticks from now on.
func (u *unit) defined(now time.Time, end int64) (change, bool) {
	state := u.journal.known()
	times := ""
	if u.kind == KindSchedule {
		times = u.times.String() + " in " + u.times.Zone().String()
	}
	if u.journal.reached() > 0 && state.Times == times && (state.Started || u.events == nil) {
		return change{}, false
	}
	return change{kind: kindDefined, at: now, apply: func(state *State, _ int64) (any, error) {
		if state.Times != times || state.Since.IsZero() {
			state.Times, state.Since = times, now.UTC()
			state.Attempt, state.Again, state.Scheduled = 0, time.Time{}, time.Time{}
		}
		if u.events != nil && !state.Started {
			state.Position, state.Started = end, true
		}
		return nil, nil
	}}, true
}

// isOn reports whether the definition ticks.
func (a *automation) isOn(state State) bool {
	if state.Switched != "" {
		return state.Switched == "on"
	}
	return !a.settings.off
}

// wait returns how long it takes to the next tick. It returns false if there is none.
func (u *unit) wait(now time.Time) (time.Duration, bool) {
	state := u.journal.known()
	wait, ticks := u.waitByState(state, now)
	if state.Open > 0 { // what was decided is to be done, also if it was turned off since
		wait, ticks = 0, true
	}
	return max(wait, time.Until(u.notBefore)), ticks
}

func (u *unit) waitByState(state State, now time.Time) (time.Duration, bool) {
	switch {
	case !u.isOn(state):
		return 0, false
	case !state.Again.IsZero():
		return state.Again.Sub(now), true
	case u.kind == KindSchedule:
		next := u.times.Next(later(state.Since, state.Last))
		return next.Sub(now), !next.IsZero()
	case u.events != nil:
		return 0, u.poked || u.mayHave.Load()
	default:
		if u.interval == 0 {
			u.interval = u.nextInterval()
		}
		return time.Until(u.ended.Add(u.interval)), true
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// nextInterval returns the interval of a sensor with its jitter.
func (u *unit) nextInterval() time.Duration {
	jitter := u.settings.jitter
	if jitter < 0 {
		jitter = u.settings.every / 10
	}
	return max(100*time.Millisecond, u.settings.every-jitter+rand.N(2*jitter+1)) //nolint:gosec // no secret depends on it
}

// tick does what is due. It calls release if its function does not end in time, so that
// others can tick. If it ends its goroutine, nothing after it runs: see [panics.Call].
func (u *unit) tick(ctx context.Context, release func()) {
	began := time.Now()
	u.exit = nil
	panics.Call(func() error { return u.tickOnce(ctx, release) }, func(err error) {
		if u.exit != nil {
			err = u.exit.err
		}
		u.over(ctx, err)
		u.quick = err == nil && u.exit == nil && u.ended.Sub(began) < quickly
	})
}

// exit is the end of a tick whose function has ended the goroutine. err says why that could not
// be recorded.
type exit struct{ err error }

// over notes how a tick has ended.
func (u *unit) over(ctx context.Context, err error) {
	u.ended, u.interval = time.Now(), 0
	if err == nil || errors.Is(err, errSuperseded) {
		u.failures, u.notBefore = 0, time.Time{}
		return
	}
	u.mayHave.Store(u.events != nil)
	wait := min(time.Second<<min(u.failures, 5), 30*time.Second)
	u.failures, u.notBefore = u.failures+1, time.Now().Add(wait)
	if ctx.Err() == nil {
		u.warn("a tick cannot be recorded, and is tried again", err, string(u.kind), u.name)
	}
}

func (u *unit) tickOnce(ctx context.Context, release func()) error {
	state := u.journal.known()
	if state.Open > 0 {
		if err := u.queueOpen(ctx, state.Open); err != nil {
			return err
		}
	}
	if !u.isOn(state) {
		return nil
	}
	switch {
	case u.kind == KindSchedule:
		return u.tickSchedule(ctx, release, state)
	case u.events != nil:
		return u.tickEvents(ctx, release)
	}
	_, err := u.decide(ctx, release, &occasion{scheduled: u.clock.now()})
	return err
}
