package cli

import (
	"context"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
)

// followEvery is the time between two looks at a run that another process may
// be executing: a store tells nobody what was added.
const followEvery = 300 * time.Millisecond

// follower reads the events of a run as they come.
type follower struct {
	store history.Store
	id    string
	types []history.EventType // what is written; nil is all
	write func(history.Event) error
	owner string // of the run
	last  int64  // the sequence number of the last event that was read
}

// next writes what has come since, and reports whether the run's end was in it.
func (f *follower) next(ctx context.Context) (ended bool, err error) {
	query := history.EventQuery{RunID: f.id, AfterSeq: f.last, Types: f.types}
	if len(f.types) > 0 {
		query.Types = append(slices.Clone(f.types), history.TypeRunFinished)
	}
	for event, err := range history.EachEvent(ctx, f.store, query) {
		if err != nil {
			return ended, err
		}
		f.last = event.Seq
		ended = ended || event.Type() == history.TypeRunFinished
		if len(f.types) > 0 && !slices.Contains(f.types, event.Type()) {
			continue
		}
		if err := f.write(event); err != nil {
			return ended, err
		}
	}
	return ended, nil
}

// untilTheEnd writes events until the run has ended, or its process has: a process
// that was killed could not record the end of its run.
func (f *follower) untilTheEnd(ctx context.Context) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		gone := history.LivenessOf(f.owner) == history.LivenessGone // before the last look at its events
		if ended, err := f.next(ctx); ended || err != nil || gone {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}
