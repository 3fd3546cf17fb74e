package history

import "context"

// Ordered is an optional interface of a [Store]: a store that implements it lets its callers
// put appends in an order before the first of them is stored. So several of them can be stored
// in one transaction. The stores of fxrun implement it. A type that embeds one of them, and
// has a method Append of its own, needs its own Enqueue too.
type Ordered interface {
	// Enqueue begins to append events, and returns before they are stored. What is enqueued
	// or appended in this store after Enqueue has returned is stored after these events, if
	// they are stored at all.
	//
	// stored waits for the end, and returns what [Store] Append would return. It must be
	// called once. Until then, the events may wait.
	Enqueue(ctx context.Context, events ...Event) (stored func() ([]Event, error))
}
