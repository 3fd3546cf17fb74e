package runs

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
)

// readList reads the list, unless it was read a moment ago, holds some runs, and nothing
// is known that has changed since. It reports whether it has read it.
func (l *line) readList(ctx context.Context) (fresh bool, err error) {
	l.mu.Lock()
	changed := l.changed
	l.changed = false
	l.mu.Unlock()
	began := time.Now()
	if !changed && len(l.list) > 0 && began.Sub(l.readAt) < min(lookEvery/2+10*l.reading, courtesy) {
		return false, nil
	}
	list, err := l.standing(ctx)
	if err != nil {
		l.list = nil
		return false, err
	}
	l.list, l.readAt, l.reading = list, began, time.Since(began)
	l.forget(list)
	return true, nil
}

// standing returns the queued runs of the store in their order.
func (l *line) standing(ctx context.Context) ([]history.Record, error) {
	found, err := l.launcher.config.Store.Runs(ctx, history.RunQuery{Statuses: []history.Status{history.StatusQueued}, OmitSteps: true})
	if err != nil {
		return nil, err
	}
	slices.Reverse(found) // the first that was queued stands first
	slices.SortStableFunc(found, func(a, b history.Record) int { return cmp.Compare(priorityOf(b.Tags), priorityOf(a.Tags)) })
	return found, nil
}

// forget drops what is known of runs that are queued no more.
func (l *line) forget(standing []history.Record) {
	ids := make(map[string]bool, len(standing))
	for _, record := range standing {
		ids[record.ID] = true
	}
	maps.DeleteFunc(l.offered, func(id string, _ time.Time) bool { return !ids[id] })
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.claimed, func(id string, _ bool) bool { return !ids[id] })
	maps.DeleteFunc(l.first, func(id string, _ history.RunQueued) bool { return !ids[id] })
}

// maxFirst is the largest number of first events that are kept in memory.
const maxFirst = 4096

// queued notes runs that were queued here, as the store has them, and has them looked at.
// Whoever takes one of them here need not read it again.
func (l *line) queued(stored ...history.Event) {
	l.mu.Lock()
	for _, event := range stored {
		if data, ok := event.Data.(history.RunQueued); ok && len(l.workers) > 0 && len(l.first) < maxFirst {
			l.first[event.RunID] = data
		}
	}
	l.mu.Unlock()
	l.change()
}

// firstEvent returns the first event of a queued run.
func (l *line) firstEvent(ctx context.Context, id string) (history.RunQueued, error) {
	l.mu.Lock()
	queued, known := l.first[id]
	delete(l.first, id)
	l.mu.Unlock()
	if known {
		return queued, nil
	}
	return queuedAs(ctx, l.launcher.config.Store, id)
}
