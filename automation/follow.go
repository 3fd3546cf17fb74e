package automation

import (
	"context"
	"time"

	"github.com/fxrun/fxrun/history"
)

// follow reads the events of all runs, and wakes the sensors that they are for. What it
// misses, for instance while the history cannot be read, the sensors find themselves, since
// each of them knows how far it has read.
func (t *ticking) follow(ctx context.Context) {
	var sensors []*unit
	for _, u := range t.units {
		if u.events != nil {
			sensors = append(sensors, u)
		}
	}
	if len(sensors) == 0 {
		return
	}
	var appended <-chan struct{} // nil if the store tells nothing
	if watcher, ok := t.store.(history.Watcher); ok {
		var stop func()
		appended, stop = watcher.Watch()
		defer stop()
	}
	ticker := time.NewTicker(t.clock.look)
	defer ticker.Stop()
	for position, failing := int64(-1), false; ; {
		reached, woken, err := t.wakeFor(ctx, position, sensors)
		if err != nil && !failing && ctx.Err() == nil {
			t.warn("reading events for sensors", err)
		}
		failing = err != nil
		if err == nil {
			position = reached
			t.poke(ctx, woken)
		}
		select {
		case <-ctx.Done():
			return
		case <-appended:
		case <-ticker.C:
		}
	}
}

// wakeFor returns the sensors that the events after a position are for.
func (t *ticking) wakeFor(ctx context.Context, position int64, sensors []*unit) (reached int64, woken []*unit, err error) {
	const page = 1000
	query := history.EventQuery{Types: []history.EventType{history.TypeAssetMaterialized, history.TypeRunFinished}, Limit: page}
	if position < 0 {
		_, reached, err = t.feed.EventsAfter(ctx, position, query)
		return reached, sensors, err // something may have happened since they were looked at
	}
	seen := make(map[*unit]bool)
	for {
		found, reached, err := t.feed.EventsAfter(ctx, position, query)
		if err != nil {
			return 0, nil, err
		}
		for _, event := range found {
			for _, u := range sensors {
				if !seen[u] && u.events.fits(event.Event) {
					seen[u] = true
					u.mayHave.Store(true)
					woken = append(woken, u)
				}
			}
		}
		if position = reached; len(found) < page {
			return reached, woken, nil
		}
	}
}

// lookForChanges looks for what persons have changed, also by other processes.
func (t *ticking) lookForChanges(ctx context.Context) {
	ticker := time.NewTicker(t.clock.look)
	defer ticker.Stop()
	for failing := false; ; {
		changed, err := t.changed(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			t.warn("looking for schedules and sensors that were turned on or off", err)
		}
		failing = err != nil
		t.poke(ctx, changed)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// changed returns the units that somebody else has changed, with their new states.
func (t *ticking) changed(ctx context.Context) ([]*unit, error) {
	const page = 100
	query := history.EntryQuery{Kinds: []string{kindSwitched, kindReset}, Limit: page}
	for {
		found, err := t.journals.Entries(ctx, query)
		if err != nil {
			return nil, err
		}
		var changed []*unit
		fresh := 0
		for _, entry := range found {
			u := t.byName[entry.Journal]
			if u == nil || entry.Seq <= u.journal.reached() {
				continue
			}
			fresh++
			if err := u.journal.load(ctx); err != nil {
				return changed, err
			}
			u.mayHave.Store(u.events != nil)
			changed = append(changed, u)
		}
		if fresh < len(found) || len(found) < query.Limit {
			return changed, nil
		}
		query.Limit *= 10 // many at once
	}
}
