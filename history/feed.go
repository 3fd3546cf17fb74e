package history

import "context"

// Feed is an optional interface of a [Store]: a store that implements it can be read
// forward, across all runs. The stores of fxrun implement it.
type Feed interface {
	// EventsAfter returns the events of all runs that were appended after a position, in
	// the order of their appending. Of the query only Types, Asset, Partition and Limit
	// count. reached is the position up to which the feed was read: the next call goes on
	// from there, and misses no event and gives none twice. Position 0 is the beginning
	// of the history, and -1 is its end: then no events are returned.
	//
	// A position stays valid when events are removed from the history.
	EventsAfter(ctx context.Context, position int64, query EventQuery) (events []Positioned, reached int64, err error)
}

// Positioned is an event with its position among the events of all runs.
type Positioned struct {
	Event
	// Position grows from event to event, with gaps.
	Position int64
}
