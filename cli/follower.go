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
	source runSource
	record history.Record      // of the run, as it was when the command began
	types  []history.EventType // the types of events to write; nil means all
	write  func(history.Event) error
	last   int64 // the sequence number of the last event that was read
}

// next writes the events since the last call, and reports whether the end of the
// run is one of them.
func (f *follower) next(ctx context.Context) (ended bool, err error) {
	query := history.EventQuery{RunID: f.record.ID, AfterSeq: f.last, Types: f.types}
	if len(f.types) > 0 {
		query.Types = append(slices.Clone(f.types), history.TypeRunFinished)
	}
	for event, err := range history.EachEvent(ctx, f.source.store(), query) {
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
	if server, ok := f.source.(*remote); ok {
		return f.stream(ctx, server)
	}
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	for {
		run, _ := f.source.detail(ctx, f.record) // to be found out before the events are read for the last time
		if ended, err := f.next(ctx); ended || err != nil || run.IsLost() {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// stream writes the events that a server sends until the run has ended.
func (f *follower) stream(ctx context.Context, server *remote) error {
	for event, err := range server.Follow(ctx, f.record.ID, 0) {
		if err != nil {
			return err
		}
		if event.Seq == 0 || len(f.types) > 0 && !slices.Contains(f.types, event.Type()) {
			continue // the progress of a step is in no log
		}
		if err := f.write(event); err != nil {
			return err
		}
	}
	return nil
}
