package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/filelocks"
)

// homeStore is the history in the home folder. Its errors say which setting names
// the folder.
type homeStore struct {
	*sqlite.Folder
	folder string
}

func newHomeStore(folder string) *homeStore { return &homeStore{sqlite.NewFolder(folder), folder} }

// locks returns the locks in the folder.
func (h *homeStore) locks() locks.Locker {
	folder := filepath.Join(h.folder, "locks")
	if absolute, err := filepath.Abs(folder); err == nil { // the working directory may change
		folder = absolute
	}
	return filelocks.New(folder)
}

func (h *homeStore) about() string { return "SQLite, in the home" }

func (h *homeStore) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	found, err := h.Folder.Runs(ctx, query)
	return found, h.explained(err)
}

func (h *homeStore) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	found, err := h.Folder.Events(ctx, query)
	return found, h.explained(err)
}

func (h *homeStore) LatestMaterializations(ctx context.Context, assets []string) (map[string]history.Event, error) {
	found, err := h.Folder.LatestMaterializations(ctx, assets)
	return found, h.explained(err)
}

// make creates the folder and an empty file if they are missing.
func (h *homeStore) make(context.Context) error {
	if err := os.MkdirAll(h.folder, 0o700); err != nil {
		return h.unusable(err)
	}
	file, err := os.OpenFile(filepath.Join(h.folder, sqlite.FileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return h.unusable(err)
	}
	return file.Close()
}

// explained calls unusable if another folder would help against the error.
func (h *homeStore) explained(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENOTDIR) {
		return h.unusable(err)
	}
	return err
}

// unusable returns an error that says which setting names the folder, since the
// user must change this setting.
func (h *homeStore) unusable(err error) error {
	if os.Getenv("FXRUN_HOME") == "" {
		return invalid("opening the run history", "in %s, the default without FXRUN_HOME: %w", h.folder, err)
	}
	return invalid("opening the run history", "in %s, which FXRUN_HOME names: %w", h.folder, err)
}
