package automation

import (
	"context"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/history"
)

// eventPage is how many events are read at once.
const eventPage = 100

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
	return u.decide(ctx, release, &occasion{
		identity: fmt.Sprintf("event %d of run %s", event.Seq, event.RunID), position: event.Position,
		scheduled: event.Time, event: &eventOfRun{event.Event, record},
	})
}
