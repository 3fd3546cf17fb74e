package automation

import (
	"context"
	"slices"
	"time"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
)

// together is how many ticks of schedules are written at most in one append, and how many
// runs. So the first ones are there while the others are written.
const together = 100

// isPlain reports whether a unit is a schedule without a function that has nothing special
// to do. Such schedules tick together if they are due at the same moment.
func (u *unit) isPlain() bool {
	if u.kind != KindSchedule || u.called || u.failures > 0 {
		return false
	}
	state := u.journal.known()
	return state.Open == 0 && state.Again.IsZero()
}

// startTogether ticks schedules without functions in one goroutine.
func (t *ticking) startTogether(ctx context.Context, units []*unit) {
	for _, u := range units {
		u.busy, u.poked = true, false
	}
	t.under.Go(func() {
		defer t.tellEnded(ctx, units...)
		select {
		case t.slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		defer func() { <-t.slots }()
		if err := panics.Guard(func() error { return t.tickTogether(ctx, units) }); err != nil {
			t.warn("ticking schedules", err)
		}
	})
}

// tickTogether records the ticks of schedules, and then queues their runs. What cannot be
// done together, each schedule does alone, after the others.
func (t *ticking) tickTogether(ctx context.Context, units []*unit) error {
	var all []planned
	var alone []*unit
	for _, u := range units {
		if r := u.plan(ctx); r != nil {
			all = append(all, planned{u, r})
		} else {
			alone = append(alone, u)
		}
	}
	var recorded []planned
	for chunk := range slices.Chunk(all, together) {
		items := make([]item, len(chunk))
		for i, one := range chunk {
			items[i] = item{one.journal, []change{one.change}}
		}
		for i, err := range appendTogether(context.WithoutCancel(ctx), t.journals, items) {
			if err == nil {
				chunk[i].ticked(chunk[i].automation, chunk[i].status)
				recorded = append(recorded, chunk[i])
			} else {
				alone = append(alone, chunk[i].unit)
			}
		}
	}
	for chunk := range slices.Chunk(recorded, together) {
		alone = append(alone, t.queueTogether(ctx, chunk)...)
	}
	for _, u := range alone {
		_ = t.pool.Guard(func() error { u.tick(ctx, func() {}); return nil }) // u waits if it fails
	}
	return nil
}

// planned is a schedule with what its tick asks for.
type planned struct {
	*unit
	*requested
}

// queueTogether queues the runs of ticks that are recorded. It returns the schedules that
// have to queue theirs again.
func (t *ticking) queueTogether(ctx context.Context, ticks []planned) (again []*unit) {
	var queue []runs.QueuedRun
	for _, one := range ticks {
		queue = append(queue, one.requested.queue...)
	}
	failed := t.launcher.QueueRuns(context.WithoutCancel(ctx), queue...)
	for _, one := range ticks {
		if failed != nil {
			again = append(again, one.unit)
			continue
		}
		one.noteQueued(one.place)
		one.ended = time.Now()
	}
	if failed == nil {
		t.tell("ticks of schedules have asked for runs", "runs", len(queue), "first", queue[0].ID)
	}
	return again
}

// plan returns what the tick of a schedule asks for that is due; nil if this is not plain.
func (u *unit) plan(ctx context.Context) *requested {
	state, now := u.journal.known(), u.clock.now()
	if !u.isOn(state) {
		return nil
	}
	due := u.times.Last(later(state.Since, state.Last), now, 2)
	if len(due) != 1 || now.Sub(due[0]) > lateness {
		return nil // nothing is due, or ticks were missed
	}
	on := u.occasionAt(due[0])
	asked, ok := u.askPlainly(ctx, state, on, now)
	if !ok {
		return nil
	}
	ended := u.clock.now()
	record := TickRecord{Attempt: 1, Scheduled: on.scheduled.UTC(), Ended: ended.UTC().Truncate(time.Microsecond), Duration: ended.Sub(now)}
	return u.requested(state, on, record, []RequestRecord{{Run: asked}}, Evaluation{})
}

// askPlainly returns the run of a schedule without a function. All of its runs are the same
// but for the ID, the time and a tag, so only the first one is checked here. Whoever executes
// a run checks it in any case.
func (u *unit) askPlainly(ctx context.Context, state State, on *occasion, now time.Time) (runs.QueuedRun, bool) {
	if u.pattern == nil {
		result, err := u.evaluate(ctx, on, u.pool.Guard)
		if err != nil {
			return runs.QueuedRun{}, false
		}
		asked, _, err := u.asker().prepare(ctx, state, on, result.Requests, false, now)
		if err != nil || len(asked) != 1 {
			return runs.QueuedRun{}, false
		}
		u.pattern = &asked[0].Run
		return asked[0].Run, true
	}
	queued := *u.pattern
	queued.ID, queued.Time = u.runID(state, on, 0, ""), now.UTC().Truncate(time.Microsecond)
	u.label(&queued, on, "")
	return queued, true
}
