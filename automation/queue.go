package automation

import (
	"context"
	"fmt"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

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
