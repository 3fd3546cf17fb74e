package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// homeStore is the history in the home folder, opened when it is first used:
// reading makes neither folder nor file, and a launch that is refused leaves
// no trace.
type homeStore struct {
	folder string

	mu    sync.Mutex
	store *sqlhistory.Store
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

// reading returns the store, or an empty one where there is no file yet.
func (h *homeStore) reading(ctx context.Context) (history.Store, error) {
	h.mu.Lock()
	opened := h.store
	h.mu.Unlock()
	if opened != nil {
		return opened, nil
	}
	file := filepath.Join(h.folder, sqlite.FileName)
	switch _, err := os.Stat(file); {
	case errors.Is(err, fs.ErrNotExist):
		return history.NewMemoryStore(), nil
	case err != nil:
		return nil, h.unusable(err)
	}
	return h.open(ctx)
}

// make makes the folder and an empty file, where they are missing. A run does
// so before anything starts: it must not begin where its history can't be kept.
func (h *homeStore) make() error {
	if err := os.MkdirAll(h.folder, 0o755); err != nil {
		return h.unusable(err)
	}
	file, err := os.OpenFile(filepath.Join(h.folder, sqlite.FileName), os.O_RDWR|os.O_CREATE, 0o644)
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
	if h.store == nil {
		store, err := sqlite.Open(ctx, h.folder)
		if err != nil {
			return nil, fmt.Errorf("using %s: %w", filepath.Join(h.folder, sqlite.FileName), err)
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
	if h.store == nil {
		return nil
	}
	return h.store.Close()
}
