package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
)

// Folder is the history in a folder. It is opened when it is first used. Reading it
// neither creates nor changes a file, and a folder without a history is an empty
// history. The first Append opens it as [Open] does.
//
// When it is opened, also for reading, the runs of processes that have ended are
// recorded as failed, if the history can be written.
//
// It is safe for concurrent use. The caller of [NewFolder] closes it.
type Folder struct {
	name string

	mu     sync.Mutex
	store  *sqlhistory.Store // nil until something is recorded
	reader *sqlhistory.Store // nil until something is read
	closed bool
}

var (
	_ history.Store  = (*Folder)(nil)
	_ history.Latest = (*Folder)(nil)
)

// NewFolder returns the history in the folder with the given name. It does not
// check whether the folder exists.
func NewFolder(name string) *Folder { return &Folder{name: name} }

// Append opens the history for writing, unless it is open, and appends the events.
func (f *Folder) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	f.mu.Lock()
	store, err := f.writing(ctx)
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return store.Append(ctx, events...)
}

// Runs returns the records that the query asks for.
func (f *Folder) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	store, err := f.reading(ctx)
	if err != nil {
		return nil, err
	}
	return store.Runs(ctx, query)
}

// Events returns the events that the query asks for.
func (f *Folder) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	store, err := f.reading(ctx)
	if err != nil {
		return nil, err
	}
	return store.Events(ctx, query)
}

// LatestMaterializations returns the last materialization of each of the given
// assets. An asset that was never materialized is not in the result.
func (f *Folder) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	store, err := f.reading(ctx)
	if err != nil {
		return nil, err
	}
	return history.LatestMaterializations(ctx, store, assets)
}

// errClosed is the error of every call after Close.
var errClosed = errors.New("it is closed")

// writing returns the store that can append events. The caller holds the lock.
func (f *Folder) writing(ctx context.Context) (history.Store, error) {
	if f.closed {
		return nil, fmt.Errorf("using run history in %s: %w", f.name, errClosed)
	}
	if f.store != nil {
		return f.store, nil
	}
	store, err := Open(ctx, f.name)
	if err != nil {
		return nil, err
	}
	f.store = store
	return store, nil
}

// reading returns the store to read from. This is the store for writing if it is
// open, an empty store if there is no file yet, and otherwise a store for reading
// only. So a history that cannot be written can be read.
func (f *Folder) reading(ctx context.Context) (history.Store, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed || f.store != nil:
		return f.writing(ctx)
	case f.reader != nil:
		return f.reader, nil
	}
	reader, err := OpenForReading(ctx, f.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return history.NewMemoryStore(), nil
	case errors.Is(err, sqlhistory.ErrOlderSchema):
		return f.writing(ctx)
	case err != nil:
		return nil, err
	}
	f.reader = reader
	return reader, nil
}

// Close closes the files that were opened. Every other method returns an error
// afterwards, and further calls do nothing.
func (f *Folder) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	var errs []error
	for _, store := range []*sqlhistory.Store{f.store, f.reader} {
		if store != nil {
			errs = append(errs, store.Close())
		}
	}
	return errors.Join(errs...)
}
