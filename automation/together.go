package automation

import (
	"context"
	"time"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
)

// together is how many schedules tick at most in one write. The runs of the first ones
// begin while the others are written.
const together = 100

// isPlain reports whether a unit is a schedule without a function that has nothing special
// to do. Such schedules tick together if they are due at the same moment.
func (u *unit) isPlain() bool {
	state := u.journal.known()
	return u.kind == KindSchedule && !u.called && state.Open == 0 && state.Again.IsZero() && u.failures == 0
}

// startTogether ticks schedules without functions in one goroutine: one write records all
// of their ticks, and one queues their runs.
func (t *ticking) startTogether(ctx context.Context, units []*unit) {
	for _, u := range units {
		u.busy, u.poked = true, false
	}
	t.under.Go(func() {
		defer func() {
			for _, u := range units {
				select {
				case t.ended <- u:
				case <-ctx.Done():
				}
			}
		}()
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

// tickTogether records the ticks of schedules, and queues their runs. What cannot be done
// together, each schedule does alone.
func (t *ticking) tickTogether(ctx context.Context, units []*unit) error {
	var planned []*unit
	var asked []*requested
	var items []item
	for _, u := range units {
		r := u.plan(ctx)
		if r == nil {
			u.tick(ctx, func() {})
			continue
		}
		planned, asked, items = append(planned, u), append(asked, r), append(items, item{u.journal, []change{r.change}})
	}
	errs := appendTogether(context.WithoutCancel(ctx), t.journals, items)
	var queue []runs.QueuedRun
	for i := range planned {
		if errs[i] == nil {
			queue = append(queue, asked[i].queue...)
		}
	}
	failed := t.launcher.QueueRuns(context.WithoutCancel(ctx), queue...)
	for i, u := range planned {
		switch {
		case errs[i] != nil || failed != nil:
			u.tick(ctx, func() {}) // which tries again, and waits if it fails
		default:
			u.noteQueued(asked[i].place)
			u.ended = time.Now()
		}
	}
	if len(queue) > 0 {
		t.tell("ticks of schedules have asked for runs", "runs", len(queue), "first", queue[0].ID)
	}
	return nil
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
	record := TickRecord{Attempt: 1, Scheduled: on.Scheduled.UTC(), Ended: ended.UTC().Truncate(time.Microsecond), Duration: ended.Sub(now)}
	return u.requested(state, on, record, []RequestRecord{{Run: asked}}, Evaluation{})
}

// askPlainly returns the run of a schedule without a function. All of its runs are the same
// but for the ID, the time and a tag, so only the first one is checked here. Whoever executes
// a run checks it in any case.
func (u *unit) askPlainly(ctx context.Context, state State, on occasionOf, now time.Time) (runs.QueuedRun, bool) {
	if u.pattern == nil {
		result, err := u.evaluate(ctx, on.Occasion)
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
