package cli

import (
	"context"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
)

// followEvery is the time between two reads of a run that another process may be
// executing. Readers must ask again, because a store does not notify them of new
// events.
const followEvery = 300 * time.Millisecond

// follower reads the events of a run while they are recorded.
type follower struct {
	store history.Store
	id    string
	types []history.EventType // the types of events to write; nil means all
	write func(history.Event) error
	owner string // of the run
	last  int64  // the sequence number of the last event that was read
}

// next writes the events since the last call, and reports whether the end of the
// run is one of them.
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

// untilTheEnd writes events until the run or its process has ended. A process that
// was killed could not record the end of its run.
func (f *follower) untilTheEnd(ctx context.Context) error {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		gone := history.LivenessOf(f.owner) == history.LivenessGone // to be found out before the events are read for the last time
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
