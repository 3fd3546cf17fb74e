package sqlhistory

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/fxrun/fxrun/history"
)

// Lazy is a history that is opened when it is first used. Reading it changes nothing, and
// what does not exist yet is an empty history. The first Append opens it for writing, and
// so makes what is missing.
//
// It is safe for concurrent use. The caller of [NewLazy] closes it.
type Lazy struct {
	name                 string
	open, openForReading func(ctx context.Context) (*Store, error)

	mu     sync.Mutex
	store  *Store // nil until something is recorded
	reader *Store // nil until something is read
	closed bool

	watchers history.Watchers
}

var (
	_ history.Store   = (*Lazy)(nil)
	_ history.Latest  = (*Lazy)(nil)
	_ history.Ordered = (*Lazy)(nil)
	_ history.Pruner  = (*Lazy)(nil)
)

// NewLazy returns a history with a name for errors, such as "run history in .fxrun". The
// functions open it for writing and for reading only. If there is nothing to read yet,
// openForReading returns an empty store, or neither a store nor an error. After an error
// that matches [ErrOlderSchema], open is called in its place.
func NewLazy(name string, open, openForReading func(ctx context.Context) (*Store, error)) *Lazy {
	return &Lazy{name: name, open: open, openForReading: openForReading}
}

// Append opens the history for writing, unless it is open, and appends the events.
func (l *Lazy) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	return l.Enqueue(ctx, events...)()
}

// Enqueue opens the history for writing, unless it is open, and puts the events into its
// queue: see [history.Ordered].
func (l *Lazy) Enqueue(ctx context.Context, events ...history.Event) (stored func() ([]history.Event, error)) {
	store, err := l.opened(ctx)
	if err != nil {
		return func() ([]history.Event, error) { return nil, err }
	}
	wait := store.Enqueue(ctx, events...)
	return func() ([]history.Event, error) {
		appended, err := wait()
		if err == nil && len(events) > 0 {
			l.watchers.Wake()
		}
		return appended, err
	}
}

// Runs returns the records that the query asks for.
func (l *Lazy) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	store, err := l.reading(ctx)
	if err != nil {
		return nil, err
	}
	return store.Runs(ctx, query)
}

// Events returns the events that the query asks for.
func (l *Lazy) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	store, err := l.reading(ctx)
	if err != nil {
		return nil, err
	}
	return store.Events(ctx, query)
}

// LatestMaterializations returns the last materialization of each of the given
// assets. An asset that was never materialized is not in the result.
func (l *Lazy) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	store, err := l.reading(ctx)
	if err != nil {
		return nil, err
	}
	return history.LatestMaterializations(ctx, store, assets)
}

// Prunable returns the runs that a retention does not keep: see [history.Pruner].
func (l *Lazy) Prunable(ctx context.Context, retention history.Retention) ([]history.PrunableRun, error) {
	store, err := l.reading(ctx)
	if err != nil {
		return nil, err
	}
	return store.(history.Pruner).Prunable(ctx, retention)
}

// Prune opens the history for writing, unless it is open, and removes or reduces a run: see
// [history.Pruner].
func (l *Lazy) Prune(ctx context.Context, id string) (history.Pruned, error) {
	l.mu.Lock()
	store, err := l.writing(ctx)
	l.mu.Unlock()
	if err != nil {
		return history.Pruned{}, err
	}
	return store.(history.Pruner).Prune(ctx, id)
}

// writing returns the store that can append events. The caller holds the lock.
func (l *Lazy) writing(ctx context.Context) (history.Store, error) {
	if l.closed {
		return nil, fmt.Errorf("using %s: %w", l.name, errClosed)
	}
	if l.store != nil {
		return l.store, nil
	}
	store, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	l.store = store
	return store, nil
}

// reading returns the store to read from. This is the store for writing if it is
// open, an empty store if there is nothing yet, and otherwise a store for reading
// only. So a history that cannot be written can be read.
func (l *Lazy) reading(ctx context.Context) (history.Store, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed || l.store != nil:
		return l.writing(ctx)
	case l.reader != nil:
		return l.reader, nil
	}
	reader, err := l.openForReading(ctx)
	switch {
	case errors.Is(err, ErrOlderSchema):
		return l.writing(ctx)
	case err != nil:
		return nil, err
	case reader == nil:
		return history.NewMemoryStore(), nil
	}
	l.reader = reader
	return reader, nil
}

// Close closes what was opened. Every other method returns an error
// afterwards, and further calls do nothing.
func (l *Lazy) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	var errs []error
	for _, store := range []*Store{l.store, l.reader} {
		if store != nil {
			errs = append(errs, store.Close())
		}
	}
	return errors.Join(errs...)
}
