package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// homeStore is the history in the home folder, opened when it is first used:
// reading makes neither folder nor file, and a launch that is refused leaves
// no trace.
type homeStore struct {
	folder string

	mu     sync.Mutex
	store  *sqlhistory.Store // nil until something is recorded
	reader *sqlhistory.Store // nil until something is read
}

var (
	_ history.Store  = (*homeStore)(nil)
	_ history.Latest = (*homeStore)(nil)
)

func (h *homeStore) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	store, err := h.open(ctx)
	if err != nil {
		return nil, err
	}
	return store.Append(ctx, events...)
}

func (h *homeStore) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	store, err := h.reading(ctx)
	if err != nil {
		return nil, err
	}
	return store.Runs(ctx, query)
}

func (h *homeStore) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	store, err := h.reading(ctx)
	if err != nil {
		return nil, err
	}
	return store.Events(ctx, query)
}

func (h *homeStore) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	store, err := h.reading(ctx)
	if err != nil {
		return nil, err
	}
	return history.LatestMaterializations(ctx, store, assets)
}

// reading returns what to read from: the store if it is open, an empty one where there is no file
// yet, and else one that writes nothing. So a history can be read where it can't be written.
func (h *homeStore) reading(ctx context.Context) (history.Store, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.store != nil {
		return h.store, nil
	}
	if h.reader != nil {
		return h.reader, nil
	}
	reader, err := sqlite.OpenForReading(ctx, h.folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return history.NewMemoryStore(), nil
	case errors.Is(err, sqlhistory.ErrOlderSchema):
		return h.openLocked(ctx)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.ENOTDIR):
		return nil, h.unusable(err)
	case err != nil:
		return nil, err
	}
	lost, err := history.Lost(ctx, reader)
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	if len(lost) > 0 {
		// Where that can't be recorded, the history is shown as it is.
		if store, err := h.openLocked(ctx); err == nil {
			return store, reader.Close()
		}
	}
	h.reader = reader
	return reader, nil
}

// make makes the folder and an empty file, where they are missing. A run does
// so before anything starts: it must not begin where its history can't be kept.
func (h *homeStore) make() error {
	if err := os.MkdirAll(h.folder, 0o700); err != nil {
		return h.unusable(err)
	}
	file, err := os.OpenFile(filepath.Join(h.folder, sqlite.FileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return h.unusable(err)
	}
	return file.Close()
}

// unusable says where the folder's name comes from: that is what to change.
func (h *homeStore) unusable(err error) error {
	if os.Getenv("FXRUN_HOME") == "" {
		return invalid("opening the run history", "in %s, as FXRUN_HOME names no folder: %w", h.folder, err)
	}
	return invalid("opening the run history", "in %s, which FXRUN_HOME names: %w", h.folder, err)
}

func (h *homeStore) open(ctx context.Context) (history.Store, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.openLocked(ctx)
}

func (h *homeStore) openLocked(ctx context.Context) (history.Store, error) {
	if h.store == nil {
		store, err := sqlite.Open(ctx, h.folder)
		if err != nil {
			return nil, err
		}
		if _, err := history.SettleLost(ctx, store); err != nil {
			return nil, errors.Join(err, store.Close())
		}
		h.store = store
	}
	return h.store, nil
}

// Close closes the file if it was opened.
func (h *homeStore) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	var errs []error
	for _, store := range []*sqlhistory.Store{h.store, h.reader} {
		if store != nil {
			errs = append(errs, store.Close())
		}
	}
	return errors.Join(errs...)
}
