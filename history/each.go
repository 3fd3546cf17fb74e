package history

import (
	"context"
	"fmt"
	"iter"
)

// eventPage is how many events [EachEvent] reads at once.
const eventPage = 1000

// EachEvent yields the events that the query asks for, in the order of Store.Events.
// It reads them in pages and keeps one page in memory, so that a log of any length
// can be read. An error ends the sequence: it is yielded with a zero Event. Each
// pass over the sequence reads the store again. An event that is appended to a log
// during a pass is part of this pass, unless the pass has ended before.
func EachEvent(ctx context.Context, store Store, query EventQuery) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		page := query
		for left := query.Limit; ; {
			page.Limit = eventPage
			if query.Limit > 0 {
				page.Limit = min(left, eventPage)
			}
			events, err := store.Events(ctx, page)
			if err != nil {
				yield(Event{}, fmt.Errorf("reading events in pages: %w", err))
				return
			}
			for _, event := range events {
				if !yield(event, nil) {
					return
				}
			}
			left -= len(events)
			if len(events) < page.Limit || left == 0 {
				return
			}
			page = page.after(events[len(events)-1])
		}
	}
}

// after returns the query for the events that come after the given one.
func (q EventQuery) after(last Event) EventQuery {
	if q.RunID != "" {
		q.AfterSeq = last.Seq
	} else {
		q.Before = last.Place()
	}
	return q
}
