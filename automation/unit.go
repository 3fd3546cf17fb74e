package automation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
)

const (
	// lateness is by how much a tick may be late and not count as missed.
	lateness = time.Minute
	// abandonAfter is how long a function may go on after its context has ended before
	// its tick counts as failed.
	abandonAfter = time.Second
	// skipsEvery is for how long ticks that skip for the same reason are one record, and
	// skipsApart how much longer for each unit, so that many of them write little.
	skipsEvery = 5 * time.Minute
	skipsApart = 100 * time.Millisecond
	// eventPage is how many events are read at once.
	eventPage = 100
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
	due   time.Time
	at    int // in the heap; -1 if it is not there

	// What follows only the tick touches, and the loop between ticks.

	ended     time.Time // when the last tick ended, or counts as ended
	notBefore time.Time // when the history may work again
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
// others can tick. It is the last thing that its goroutine does, see [panics.Call].
func (u *unit) tick(ctx context.Context, release func()) {
	panics.Call(func() error { return u.tickOnce(ctx, release) }, func(err error) { u.over(ctx, err) })
}

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
	now := u.clock.now()
	identity := fmt.Sprintf("tick %d", state.Ticks+1)
	_, err := u.decide(ctx, release, occasionOf{identity: identity, Occasion: Occasion{Scheduled: now}})
	return err
}

// tickSchedule ticks for the time that is due, if there is one.
func (u *unit) tickSchedule(ctx context.Context, release func(), state State) error {
	now := u.clock.now()
	at := state.Scheduled
	if state.Again.IsZero() {
		due := u.times.Last(later(state.Since, state.Last), now, max(1, u.settings.catchUp))
		if len(due) == 0 {
			return nil // the clock was set back
		}
		at = due[0]
		if u.settings.catchUp == 0 && now.Sub(at) > lateness {
			return u.passOver(ctx, at)
		}
	} else if state.Again.After(now) {
		return nil
	}
	_, err := u.decide(ctx, release, u.occasionAt(at))
	return err
}

// occasionAt returns the occasion of a scheduled time.
func (u *unit) occasionAt(at time.Time) occasionOf {
	return occasionOf{identity: "at " + at.UTC().Format(time.RFC3339), Occasion: Occasion{Scheduled: at.In(u.times.Zone())}}
}

// passOver records that missed ticks are left out.
func (u *unit) passOver(ctx context.Context, last time.Time) error {
	now := u.clock.now()
	return u.journal.append(ctx, change{kind: kindSkipped, at: now, apply: func(state *State, seq int64) (any, error) {
		state.Ticks++
		state.Last = last.UTC()
		return TickRecord{
			Seq: seq, Tick: state.Ticks, Count: 1, Status: TickSkipped, Scheduled: last, Ended: now,
			Reason: "no daemon was there at this time, and the schedule does not catch up",
		}, nil
	}})
}

// tickEvents ticks for each event that has come since.
func (u *unit) tickEvents(ctx context.Context, release func()) error {
	u.mayHave.Store(false)
	for {
		position := max(u.journal.known().Position, u.reached)
		query := history.EventQuery{Types: []history.EventType{u.events.kind}, Limit: eventPage}
		if len(u.events.assets) == 1 {
			query.Asset = u.events.assets[0]
		}
		found, reached, err := u.feed.EventsAfter(ctx, position, query)
		if err != nil {
			return err
		}
		for _, event := range found {
			done, err := u.tickEvent(ctx, release, event)
			if err != nil || !done {
				return err
			}
		}
		u.reached = reached
		if len(found) < eventPage {
			return u.forgetAttempts(ctx)
		}
	}
}

// forgetAttempts ends the attempts at an event that was removed from the history since.
func (u *unit) forgetAttempts(ctx context.Context) error {
	if u.journal.known().Again.IsZero() {
		return nil
	}
	return u.journal.append(ctx, change{kind: kindDefined, at: u.clock.now(), apply: func(state *State, _ int64) (any, error) {
		state.Attempt, state.Again, state.Scheduled = 0, time.Time{}, time.Time{}
		return nil, nil
	}})
}

// tickEvent ticks for one event, if it is one for the sensor. It returns false if the event
// is to be tried again, or if the sensor was turned off.
func (u *unit) tickEvent(ctx context.Context, release func(), event history.Positioned) (bool, error) {
	if !u.events.fits(event.Event) {
		return true, nil
	}
	if ctx.Err() != nil {
		return false, nil
	}
	record, err := recordOf(ctx, u.store, event.Event)
	if err != nil {
		return false, err
	}
	if !u.events.fitsRun(record, u.name) {
		return true, nil
	}
	state := u.journal.known()
	if !u.isOn(state) || !state.Again.IsZero() && state.Again.After(u.clock.now()) {
		return false, nil
	}
	return u.decide(ctx, release, occasionOf{
		identity: fmt.Sprintf("event %d of run %s", event.Seq, event.RunID), position: event.Position,
		Occasion: Occasion{Scheduled: event.Time, Event: event.Event, Record: record},
	})
}

// occasionOf is an occasion with what its runs are identified by.
type occasionOf struct {
	Occasion
	identity string // the same for all attempts, also after a crash
	position int64  // of the event
}

// decide evaluates a tick, records what it has decided, and queues its runs. It returns
// false if the tick has failed and is to be tried again.
func (u *unit) decide(ctx context.Context, release func(), on occasionOf) (done bool, err error) {
	state := u.journal.known()
	on.Previous, on.Cursor, on.Attempt, on.Logger = state.Last, state.Cursor, state.Attempt+1, u.logger
	began := time.Now()
	result, failure := u.evaluateWithin(on.Occasion, release)
	record := TickRecord{Attempt: on.Attempt, Scheduled: on.Scheduled.UTC(), Log: result.Log, EventRun: on.Event.RunID, EventSeq: on.Event.Seq}
	var asked []RequestRecord
	if failure == nil {
		asked, record.Known, failure = u.asker().prepare(ctx, state, on, result.Requests, false, u.clock.now())
	}
	if errors.Is(failure, errHistory) {
		return false, failure
	}
	record.Duration, record.Ended = time.Since(began), u.clock.now().UTC().Truncate(time.Microsecond)
	if u.work.Err() != nil && failure != nil {
		return false, nil // the daemon stops, and the tick is for its successor
	}
	switch {
	case failure != nil:
		if done, err = u.recordFailure(ctx, state, on, record, failure); err == nil {
			u.ticked(u.automation, TickFailed)
		}
		return done, err
	case len(asked) == 0 && !result.Moved && on.position == 0 && u.kind == KindSensor && state.Attempt == 0:
		u.recordSkip(record, result)
		u.ticked(u.automation, TickSkipped)
		return true, nil
	}
	return true, u.recordRequests(ctx, state, on, record, asked, result)
}

func (u *unit) asker() *asker {
	return &asker{automation: u.automation, launcher: u.launcher, journals: u.journals}
}

// evaluateWithin evaluates a tick. If its function does not return some time after its
// context has ended, the tick has failed, and others get its slot; the next tick of the
// same unit waits for the function.
func (u *unit) evaluateWithin(on Occasion, release func()) (Evaluation, error) {
	limit := time.AfterFunc(u.settings.timeout+abandonAfter, func() {
		release()
		u.warn("a function goes on although its time is over", fmt.Errorf("it did not return within %s", u.settings.timeout), string(u.kind), u.name)
	})
	result, err := u.evaluate(u.work, on, u.pool.Guard)
	if !limit.Stop() && err == nil {
		err = fmt.Errorf("evaluating %s %s: it did not end within %s", u.kind, u.name, u.settings.timeout)
	}
	return result, err
}

// recordRequests records what a tick has asked for, and then queues it.
func (u *unit) recordRequests(ctx context.Context, before State, on occasionOf, record TickRecord, asked []RequestRecord, result Evaluation) error {
	u.writeSkips()
	r := u.requested(before, on, record, asked, result)
	if err := u.journal.append(context.WithoutCancel(ctx), r.change); err != nil {
		return err
	}
	u.ticked(u.automation, r.status)
	if len(r.queue) == 0 {
		return nil
	}
	u.tell("a tick has asked for runs", string(u.kind), u.name, "runs", len(r.queue), "first", r.queue[0].ID)
	return u.queue(ctx, r.place, r.queue)
}

// requested is what a tick has asked for.
type requested struct {
	change change
	status TickStatus
	queue  []runs.QueuedRun
	place  int64 // of the entry, after it is written
}

// requested makes the entry of a tick that has not failed.
func (u *unit) requested(before State, on occasionOf, record TickRecord, asked []RequestRecord, result Evaluation) *requested {
	kind := kindRequested
	record.Status, record.Runs = TickRequested, asked
	if len(asked) == 0 {
		kind, record.Status, record.Reason, record.Count = kindSkipped, TickSkipped, reasonOf(record, result), 1
	}
	if result.Moved {
		record.Cursor = &result.Cursor
	}
	r := &requested{status: record.Status, queue: make([]runs.QueuedRun, len(asked))}
	r.change = change{kind: kind, at: record.Ended, apply: func(state *State, seq int64) (any, error) {
		if state.Resets != before.Resets {
			return nil, errSuperseded
		}
		u.pass(state, on)
		if result.Moved {
			state.Cursor = result.Cursor
		}
		if len(asked) > 0 {
			state.Open = seq
		}
		r.place, record.Seq, record.Tick = seq, seq, state.Ticks
		return record, nil
	}}
	for i, request := range asked {
		r.queue[i] = request.Run
		if request.Key != "" {
			r.change.claims = append(r.change.claims, request.Key)
		}
	}
	return r
}

// reasonOf says why a tick has made no run.
func reasonOf(record TickRecord, result Evaluation) string {
	switch {
	case result.Skipped:
		return result.Reason
	case len(record.Known) > 0:
		return "the keys of its requests have made runs before"
	}
	return ""
}

// pass notes that the tick for an occasion is over.
func (u *unit) pass(state *State, on occasionOf) {
	state.Ticks++
	state.Attempt, state.Again, state.Scheduled = 0, time.Time{}, time.Time{}
	state.Last = on.Scheduled.UTC()
	if on.position > 0 {
		state.Position = on.position
	}
}

// queue queues the runs of an entry, and notes that this was done. The note may be lost in
// a crash: then the runs are queued again, which makes none twice.
func (u *unit) queue(ctx context.Context, entry int64, queue []runs.QueuedRun) error {
	if err := u.launcher.QueueRuns(context.WithoutCancel(ctx), queue...); err != nil {
		return err
	}
	u.noteQueued(entry)
	return nil
}

// noteQueued notes that the runs of an entry are queued.
func (u *unit) noteQueued(entry int64) {
	u.journal.later(change{kind: kindQueued, at: u.clock.now(), apply: func(state *State, _ int64) (any, error) {
		if state.Open == entry {
			state.Open = 0
		}
		return nil, nil
	}})
	u.journal.close(entry)
}

// queueOpen queues the runs of an entry that a crash, or a failure of the history, may have
// left undone.
func (u *unit) queueOpen(ctx context.Context, entry int64) error {
	found, err := u.journals.Entries(ctx, history.EntryQuery{Journal: u.journal.name, Before: entry + 1, Limit: 1})
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Seq != entry {
		return u.queue(ctx, entry, nil) // it was removed since
	}
	record, err := decode[TickRecord](found[0].Data)
	if err != nil {
		return fmt.Errorf("reading entry %d of %s: %w", entry, u.journal.name, err)
	}
	var queue []runs.QueuedRun
	for _, request := range record.Runs {
		queue = append(queue, request.Run)
	}
	return u.queue(ctx, entry, queue)
}

// recordFailure records that a tick has failed. It returns false if the tick is to be tried
// again.
func (u *unit) recordFailure(ctx context.Context, before State, on occasionOf, record TickRecord, failure error) (over bool, err error) {
	u.writeSkips()
	record.Status, record.Error = TickFailed, history.FailureOf(failure)
	again := on.Attempt <= u.settings.retries
	if again {
		record.Again = u.clock.now().Add(u.backoff(on.Attempt)).UTC()
	}
	return !again, u.journal.append(context.WithoutCancel(ctx), change{kind: kindFailed, at: record.Ended, apply: func(state *State, seq int64) (any, error) {
		if state.Resets != before.Resets {
			return nil, errSuperseded
		}
		if again {
			state.Attempt, state.Again, state.Scheduled = on.Attempt, record.Again, record.Scheduled
		} else {
			u.pass(state, on)
		}
		record.Seq, record.Tick = seq, state.Ticks
		return record, nil
	}})
}

// backoff returns how long to wait after an attempt. The function is one of users.
func (u *unit) backoff(attempt int) time.Duration {
	wait := time.Second
	if u.settings.backoff != nil {
		_ = panics.Guard(func() error { wait = max(0, u.settings.backoff(attempt)); return nil })
	}
	return wait
}

// recordSkip notes a tick that has changed nothing. Such ticks are recorded late, and
// several alike as one.
func (u *unit) recordSkip(record TickRecord, result Evaluation) {
	record.Status, record.Reason = TickSkipped, reasonOf(record, result)
	if u.skips != nil && u.skips.Reason != record.Reason {
		u.writeSkips()
	}
	if u.skips != nil {
		record.Count = u.skips.Count
	}
	record.Count++
	u.skips = &record
	if time.Since(u.skipped) >= max(skipsEvery, time.Duration(len(u.units))*skipsApart) || record.Count == 1 && u.skipped.IsZero() {
		u.writeSkips()
	}
}

// writeSkips records the ticks that have changed nothing.
func (u *unit) writeSkips() {
	if u.skips == nil {
		return
	}
	record := *u.skips
	u.skips, u.skipped = nil, time.Now()
	u.journal.later(change{kind: kindSkipped, at: record.Ended, apply: func(state *State, seq int64) (any, error) {
		state.Ticks += int64(record.Count)
		state.Last = later(state.Last, record.Scheduled)
		record.Seq, record.Tick = seq, state.Ticks
		return record, nil
	}})
}
