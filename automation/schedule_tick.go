package automation

import (
	"context"
	"time"
)

// lateness is by how much a tick may be late and not count as missed.
const lateness = time.Minute

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
func (u *unit) occasionAt(at time.Time) *occasion {
	return &occasion{identity: "at " + at.UTC().Format(time.RFC3339), scheduled: at.In(u.times.Zone())}
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
