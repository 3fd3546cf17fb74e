package automation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
)

// abandonAfter is how long a function may go on after its context has ended before its tick
// counts as failed.
const abandonAfter = time.Second

// decide evaluates a tick, records what it has decided, and queues its runs. It returns
// false if the tick has failed and is to be tried again.
func (u *unit) decide(ctx context.Context, release func(), on *occasion) (done bool, err error) {
	state := u.journal.known()
	on.previous, on.cursor, on.attempt, on.logger = state.Last, state.Cursor, state.Attempt+1, u.logger
	began := time.Now()
	evaluated := false
	defer func() {
		if !evaluated && on.exited { // this goroutine ends, and only what is deferred is done
			result := Evaluation{Cursor: on.cursor, Log: on.lines.all()}
			_, err := u.conclude(ctx, state, on, began, result, fmt.Errorf("evaluating %s %s: %w", u.kind, u.name, panics.ErrGoexit))
			u.exit = &exit{err}
		}
	}()
	result, failure := u.evaluateWithin(on, release)
	evaluated = true
	return u.conclude(ctx, state, on, began, result, failure)
}

// conclude records what a tick has decided, and queues its runs.
func (u *unit) conclude(ctx context.Context, state State, on *occasion, began time.Time, result Evaluation, failure error) (done bool, err error) {
	record := TickRecord{Attempt: on.attempt, Scheduled: on.scheduled.UTC(), Log: result.Log}
	if on.event != nil {
		record.EventRun, record.EventSeq = on.event.event.RunID, on.event.event.Seq
	}
	var asked []RequestRecord
	if failure == nil && len(result.Requests) > 0 {
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
func (u *unit) evaluateWithin(on *occasion, release func()) (Evaluation, error) {
	limit := time.AfterFunc(u.settings.timeout+abandonAfter, func() {
		release()
		u.warn("a function goes on although its time is over", fmt.Errorf("it did not return within %s", u.settings.timeout), string(u.kind), u.name)
	})
	defer limit.Stop()
	guard := u.pool.Guard
	if u.inPlace {
		guard = on.guardInPlace
	}
	result, err := u.evaluate(u.work, on, guard)
	if !limit.Stop() && err == nil {
		err = fmt.Errorf("evaluating %s %s: it did not end within %s", u.kind, u.name, u.settings.timeout)
	}
	return result, err
}

// recordRequests records what a tick has asked for, and then queues it.
func (u *unit) recordRequests(ctx context.Context, before State, on *occasion, record TickRecord, asked []RequestRecord, result Evaluation) error {
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
func (u *unit) requested(before State, on *occasion, record TickRecord, asked []RequestRecord, result Evaluation) *requested {
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
func (u *unit) pass(state *State, on *occasion) {
	state.Ticks++
	state.Attempt, state.Again, state.Scheduled = 0, time.Time{}, time.Time{}
	state.Last = on.scheduled.UTC()
	if on.position > 0 {
		state.Position = on.position
	}
}
