package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

func TestFolder(t *testing.T) {
	t.Parallel()
	historytest.Run(t, func(t *testing.T) historytest.Subject {
		name := t.TempDir()
		open := func() *sqlite.Folder {
			folder := sqlite.NewFolder(name)
			t.Cleanup(func() {
				if err := folder.Close(); err != nil {
					t.Error(err)
				}
			})
			return folder
		}
		store := open()
		return historytest.Subject{
			Store: store,
			Reopen: func() history.Store {
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				return open()
			},
			Another: func() history.Store { return open() },
		}
	})
}

func TestAFolderIsMadeByTheFirstAppend(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "history")
	folder := sqlite.NewFolder(name)
	if found, err := folder.Runs(t.Context(), history.RunQuery{}); len(found) > 0 || err != nil {
		t.Errorf("%d runs, %v", len(found), err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("reading has made the folder")
	}
	if _, err := folder.Append(t.Context(), history.Event{RunID: "a", Time: time.Now(), Data: history.RunQueued{}}); err != nil {
		t.Fatal(err)
	}
	if found, err := folder.Runs(t.Context(), history.RunQuery{}); len(found) != 1 || err != nil {
		t.Errorf("%d runs, %v", len(found), err)
	}
	for range 2 {
		if err := folder.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := folder.Runs(t.Context(), history.RunQuery{}); err == nil {
		t.Error("it can be read after it was closed")
	}
	if _, err := folder.Append(t.Context()); err == nil {
		t.Error("it can be written after it was closed")
	}
}
