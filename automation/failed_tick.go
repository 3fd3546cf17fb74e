package automation

import (
	"context"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/excerpt"
	"github.com/fxrun/fxrun/internal/panics"
)

// recordFailure records that a tick has failed. It returns false if the tick is to be tried
// again.
func (u *unit) recordFailure(ctx context.Context, before State, on *occasion, record TickRecord, failure error) (over bool, err error) {
	u.writeSkips()
	record.Status, record.Error = TickFailed, excerpt.OfFailure(history.FailureOf(failure))
	again := on.attempt <= u.settings.retries
	if again {
		record.Again = u.clock.now().Add(u.backoff(on.attempt)).UTC()
	}
	return !again, u.journal.append(context.WithoutCancel(ctx), change{kind: kindFailed, at: record.Ended, apply: func(state *State, seq int64) (any, error) {
		if state.Resets != before.Resets {
			return nil, errSuperseded
		}
		if again {
			state.Attempt, state.Again, state.Scheduled = on.attempt, record.Again, record.Scheduled
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
