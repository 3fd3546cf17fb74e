package sqlhistory

import (
	"context"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/history"
)

var (
	_ history.Journals    = (*Lazy)(nil)
	_ history.EntryPruner = (*Lazy)(nil)
	_ history.Feed        = (*Lazy)(nil)
	_ history.Watcher     = (*Lazy)(nil)
)

// AppendEntries opens the history for writing, unless it is open, and appends the entries.
func (l *Lazy) AppendEntries(ctx context.Context, entries ...history.Entry) ([]history.Entry, error) {
	store, err := l.opened(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := store.AppendEntries(ctx, entries...)
	if err == nil && len(entries) > 0 {
		l.watchers.Wake()
	}
	return stored, err
}

// Entries returns the entries that the query asks for.
func (l *Lazy) Entries(ctx context.Context, query history.EntryQuery) ([]history.Entry, error) {
	journals, err := readingAs[history.Journals](ctx, l)
	if err != nil {
		return nil, err
	}
	return journals.Entries(ctx, query)
}

// Claimed returns those of the keys that the journal has given.
func (l *Lazy) Claimed(ctx context.Context, journal string, keys []string) ([]string, error) {
	journals, err := readingAs[history.Journals](ctx, l)
	if err != nil {
		return nil, err
	}
	return journals.Claimed(ctx, journal, keys)
}

// PruneEntries opens the history for writing, unless it is open, and removes old entries.
func (l *Lazy) PruneEntries(ctx context.Context, before time.Time, kinds []string) (int, error) {
	store, err := l.opened(ctx)
	if err != nil {
		return 0, err
	}
	return store.PruneEntries(ctx, before, kinds)
}

// EventsAfter returns the events after a position.
func (l *Lazy) EventsAfter(ctx context.Context, position int64, query history.EventQuery) ([]history.Positioned, int64, error) {
	feed, err := readingAs[history.Feed](ctx, l)
	if err != nil {
		return nil, 0, err
	}
	return feed.EventsAfter(ctx, position, query)
}

// Watch tells when something was appended through this Lazy.
func (l *Lazy) Watch() (appended <-chan struct{}, stop func()) { return l.watchers.Watch() }

// opened returns the store that can append, and opens it if that is needed.
func (l *Lazy) opened(ctx context.Context) (*Store, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.writing(ctx); err != nil {
		return nil, err
	}
	return l.store, nil
}

// readingAs returns the store to read from, as one of the optional interfaces.
func readingAs[T any](ctx context.Context, l *Lazy) (T, error) {
	store, err := l.reading(ctx)
	if err != nil {
		var none T
		return none, err
	}
	as, ok := store.(T)
	if !ok {
		return as, fmt.Errorf("reading %s: a %T cannot do this", l.name, store)
	}
	return as, nil
}
