package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(beChild(role))
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, folder string) *sqlhistory.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestStore(t *testing.T) {
	historytest.Run(t, func(t *testing.T) historytest.Subject {
		folder := t.TempDir()
		store := open(t, folder)
		return historytest.Subject{
			Store: store,
			Reopen: func() history.Store {
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				return open(t, folder)
			},
			Another: func() history.Store { return open(t, folder) },
		}
	})
}

func BenchmarkStore(b *testing.B) {
	historytest.Benchmark(b, func(b *testing.B) history.Store { return open(b, b.TempDir()) })
}

func queued(run string) history.Event {
	return history.Event{RunID: run, Time: time.Now(), Data: history.RunQueued{}}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	t.Run("creates the folder and the file, whatever their name", func(t *testing.T) {
		t.Parallel()
		folder := filepath.Join(t.TempDir(), "a b", "50%25?x=1#frag&'ü")
		store := open(t, folder)
		if _, err := store.Append(t.Context(), queued("r1")); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(folder, sqlite.FileName)); err != nil {
			t.Error(err)
		}
		if _, err := history.Find(t.Context(), open(t, folder), "r1"); err != nil {
			t.Error(err)
		}
	})
	t.Run("refuses a file of a newer version and leaves it alone", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		if err := open(t, folder).Close(); err != nil {
			t.Fatal(err)
		}
		alter(t, folder, `INSERT INTO schema_version (version, applied) VALUES (1000, '')`)
		_, err := sqlite.Open(t.Context(), folder)
		if !errors.Is(err, sqlhistory.ErrNewerSchema) {
			t.Fatalf("Open returned the error %v, want ErrNewerSchema", err)
		}
		want := "opening run history in " + folder + ": the run history was written by a newer version: its schema has version 1000, this program knows versions up to 8"
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("error text differs (-want +got):\n%s", diff)
		}
	})
	t.Run("refuses a file of another program and leaves it alone", func(t *testing.T) {
		t.Parallel()
		for name, statements := range map[string]string{
			"with tables of its own":       "CREATE TABLE accounts (id INTEGER PRIMARY KEY)",
			"with a version of its schema": "CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (1)",
			"with runs of its own":         "CREATE TABLE runs (id TEXT); CREATE TABLE schema_version (version INTEGER)",
		} {
			folder := t.TempDir()
			alter(t, folder, statements)
			before, err := os.ReadFile(filepath.Join(folder, sqlite.FileName))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := sqlite.Open(t.Context(), folder); !errors.Is(err, sqlhistory.ErrForeign) {
				t.Errorf("%s: Open returned the error %v, want ErrForeign", name, err)
			}
			if _, err := sqlite.OpenForReading(t.Context(), folder); !errors.Is(err, sqlhistory.ErrForeign) {
				t.Errorf("%s: OpenForReading returned the error %v, want ErrForeign", name, err)
			}
			after, err := os.ReadFile(filepath.Join(folder, sqlite.FileName))
			if err != nil || !bytes.Equal(before[100:], after[100:]) { // the header counts the changes of its journal mode
				t.Errorf("%s: the file was changed, %v", name, err)
			}
		}
	})
	t.Run("names the folder that can't be one", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sqlite.Open(t.Context(), file)
		if err == nil || !strings.HasPrefix(err.Error(), "opening run history in "+file+": ") {
			t.Errorf("Open returned the error %v", err)
		}
	})
	t.Run("does not open what is not a history", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, sqlite.FileName), []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		if store, err := sqlite.Open(t.Context(), folder); err == nil {
			t.Error("Open returned no error")
			_ = store.Close()
		}
	})
}

// alter changes a closed file behind the store's back.
func alter(t *testing.T, folder, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(statement)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	t.Run("may be called again, and ends every other method", func(t *testing.T) {
		t.Parallel()
		store := open(t, t.TempDir())
		for range 2 {
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
		}
		_, appending := store.Append(t.Context(), queued("r1"))
		_, listing := store.Runs(t.Context(), history.RunQuery{})
		_, reading := store.Events(t.Context(), history.EventQuery{})
		for _, err := range []error{appending, listing, reading} {
			if err == nil {
				t.Error("a closed store returned no error")
			}
		}
	})
}

func TestAppendWaitsForOtherProcesses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store := open(t, folder)
	other, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName)+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	lock, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}

	// A reader does not wait at all, a writer no longer than its context.
	if _, err := store.Runs(t.Context(), history.RunQuery{}); err != nil {
		t.Errorf("reading beside a writer: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := store.Append(short, queued("r1")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Append returned the error %v, want context.DeadlineExceeded", err)
	}

	done := make(chan error, 1)
	go func() {
		_, err := store.Append(t.Context(), queued("r2"))
		done <- err
	}()
	queue, cancelQueue := context.WithCancel(t.Context())
	cancelQueue()
	if _, err := store.Append(queue, queued("r3")); !errors.Is(err, context.Canceled) {
		t.Errorf("Append returned the error %v, want context.Canceled", err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("Append after the lock was gone: %v", err)
	}
	if _, err := history.Find(t.Context(), store, "r2"); err != nil {
		t.Error(err)
	}
}

func TestManyUnfinishedRuns(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	const count = 600 // more than the store keeps at hand
	events := make([]history.Event, count)
	for i := range events {
		events[i] = queued("r" + strings.Repeat("x", i))
	}
	if _, err := store.Append(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	for i := range events {
		events[i].Data = history.RunStarting{}
	}
	stored, err := store.Append(t.Context(), events...)
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range stored {
		if event.Seq != 2 {
			t.Fatalf("the second event of a run has the sequence number %d", event.Seq)
		}
	}
	found, err := store.Runs(t.Context(), history.RunQuery{Statuses: []history.Status{history.StatusStarting}})
	if err != nil || len(found) != count {
		t.Errorf("%d runs are starting (%v), want %d", len(found), err, count)
	}
}
