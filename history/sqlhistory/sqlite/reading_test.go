package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

func openForReading(t testing.TB, folder string) *sqlhistory.Store {
	t.Helper()
	store, err := sqlite.OpenForReading(t.Context(), folder)
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

// split appends by one store and reads by another.
type split struct {
	writer interface {
		Append(ctx context.Context, events ...history.Event) ([]history.Event, error)
	}
	*sqlhistory.Store
}

func (s split) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	return s.writer.Append(ctx, events...)
}

func (s split) Enqueue(ctx context.Context, events ...history.Event) (stored func() ([]history.Event, error)) {
	return s.writer.(*sqlhistory.Store).Enqueue(ctx, events...)
}

func (s split) AppendEntries(ctx context.Context, entries ...history.Entry) ([]history.Entry, error) {
	return s.writer.(*sqlhistory.Store).AppendEntries(ctx, entries...)
}

func (s split) PruneEntries(ctx context.Context, before time.Time, kinds []string) (int, error) {
	return s.writer.(*sqlhistory.Store).PruneEntries(ctx, before, kinds)
}

func (s split) Watch() (<-chan struct{}, func()) { return s.writer.(*sqlhistory.Store).Watch() }

// Prune prunes by the store that writes.
func (s split) Prune(ctx context.Context, id string) (history.Pruned, error) {
	return s.writer.(history.Pruner).Prune(ctx, id)
}

// closing opens the store for each call, so that every read finds the file alone.
type closing struct{ folder string }

func (c closing) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	store, err := sqlite.Open(ctx, c.folder)
	if err != nil {
		return nil, err
	}
	stored, err := store.Append(ctx, events...)
	return stored, errors.Join(err, store.Close())
}

func TestAStoreForReadingReadsWhatOthersWrite(t *testing.T) {
	t.Parallel()
	t.Run("beside a process that writes", func(t *testing.T) {
		t.Parallel()
		historytest.Run(t, func(t *testing.T) historytest.Subject {
			folder := t.TempDir()
			writer := open(t, folder)
			return historytest.Subject{Store: split{writer, openForReading(t, folder)}}
		})
	})
	t.Run("while nobody writes", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		if err := open(t, folder).Close(); err != nil {
			t.Fatal(err)
		}
		store := split{closing{folder}, openForReading(t, folder)}
		for i := range 20 {
			id := fmt.Sprintf("r%d", i)
			if _, err := store.Append(t.Context(), queued(id)); err != nil {
				t.Fatal(err)
			}
			found, err := store.Runs(t.Context(), history.RunQuery{Limit: 1})
			if err != nil || len(found) != 1 || found[0].ID != id {
				t.Fatalf("the last run is %+v, %v, want %s", found, err, id)
			}
			historytest.CheckRun(t, store, id, 1)
		}
	})
}

// listing tells names, sizes and times of the files in a folder.
func listing(t *testing.T, folder string) (files []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, fmt.Sprintf("%s, %d bytes, %s", entry.Name(), info.Size(), info.ModTime()))
	}
	return files
}

// readAll reads in every way that there is.
func readAll(ctx context.Context, store history.Store, id string) error {
	record, err := history.Find(ctx, store, id)
	if err != nil {
		return err
	}
	events, err := store.Events(ctx, history.EventQuery{RunID: id})
	if err == nil && int64(len(events)) != record.Seq {
		err = fmt.Errorf("run %s has %d events, and its record goes up to %d", id, len(events), record.Seq)
	}
	if err != nil {
		return err
	}
	_, err = history.LatestMaterializations(ctx, store, []string{"orders"})
	return err
}

func TestReadingMakesNoFiles(t *testing.T) {
	t.Parallel()
	// Each returns a folder with a run called r1.
	for name, make := range map[string]func(t *testing.T) (folder string){
		"a history that was closed": func(t *testing.T) string {
			folder := t.TempDir()
			if _, err := (closing{folder}).Append(t.Context(), queued("r1")); err != nil {
				t.Fatal(err)
			}
			return folder
		},
		"what a killed process has left": func(t *testing.T) string {
			folder := t.TempDir()
			killAfter(t, child(t, "append until killed", folder, "r"), 50)
			if err := os.Rename(folder, folder+"2"); err != nil {
				t.Fatal(err)
			}
			return folder + "2"
		},
		"a copy of a history in use": func(t *testing.T) string {
			folder, copied := t.TempDir(), t.TempDir()
			store := open(t, folder)
			if _, err := store.Append(t.Context(), queued("r1")); err != nil {
				t.Fatal(err)
			}
			for _, suffix := range []string{"", "-wal"} {
				content, err := os.ReadFile(filepath.Join(folder, sqlite.FileName+suffix))
				if err == nil {
					err = os.WriteFile(filepath.Join(copied, sqlite.FileName+suffix), content, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			return copied
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := make(t)
			names := func() (names []string) {
				for _, file := range listing(t, folder) {
					names = append(names, strings.Split(file, ",")[0])
				}
				return names
			}
			before := names()
			store := openForReading(t, folder)
			found, err := store.Runs(t.Context(), history.RunQuery{})
			if err != nil || len(found) == 0 {
				t.Fatalf("the runs are %v, %v", found, err)
			}
			for _, record := range found {
				if err := readAll(t.Context(), store, record.ID); err != nil {
					t.Error(err)
				}
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(before, names()); diff != "" {
				t.Errorf("the files have changed (-before +after):\n%s", diff)
			}
		})
	}
	t.Run("an empty file is an empty history", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, sqlite.FileName), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		store := openForReading(t, folder)
		before := listing(t, folder)
		found, err := store.Runs(t.Context(), history.RunQuery{})
		if err != nil || len(found) != 0 {
			t.Errorf("the runs are %v, %v", found, err)
		}
		if _, err := store.Events(t.Context(), history.EventQuery{RunID: "r1"}); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("the events of a run that is not there: %v", err)
		}
		if _, err := store.Append(t.Context(), queued("r1")); !errors.Is(err, sqlhistory.ErrReadOnly) {
			t.Errorf("Append returned %v, want ErrReadOnly", err)
		}
		if diff := cmp.Diff(before, listing(t, folder)); diff != "" {
			t.Errorf("the files have changed (-before +after):\n%s", diff)
		}
		if _, err := (closing{folder}).Append(t.Context(), queued("r1")); err != nil {
			t.Fatal(err)
		}
		if err := readAll(t.Context(), store, "r1"); err != nil {
			t.Errorf("once there is a run: %v", err)
		}
	})
	t.Run("where there is no file it says so", func(t *testing.T) {
		t.Parallel()
		folder := filepath.Join(t.TempDir(), "missing")
		if _, err := sqlite.OpenForReading(t.Context(), folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("got %v, want fs.ErrNotExist", err)
		}
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the folder is there: %v", err)
		}
	})
	t.Run("a file of the first version is left to Open", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		firstVersion(t, folder)
		if _, err := sqlite.OpenForReading(t.Context(), folder); !errors.Is(err, sqlhistory.ErrOlderSchema) {
			t.Errorf("got %v, want ErrOlderSchema", err)
		}
	})
}

// A store that others open and close at every moment never gives half of what they did.
func TestReadingBesideProcessesThatComeAndGo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writer := closing{folder}
	if _, err := writer.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	store := openForReading(t, folder)
	done := make(chan struct{})
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			for last := int64(1); ; {
				record, err := history.Find(t.Context(), store, "r1")
				if err != nil || record.Seq < last {
					t.Errorf("the run is at %d after %d, %v", record.Seq, last, err)
					return
				}
				last = record.Seq
				if err := readAll(t.Context(), split{nil, store}, "r1"); err != nil && !strings.Contains(err.Error(), "its record goes up to") {
					t.Error(err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	line := queued("r1")
	line.Data = history.LogWritten{Message: strings.Repeat("x", 2000)}
	for range 100 {
		if _, err := writer.Append(t.Context(), slices.Repeat([]history.Event{line}, 5)...); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	group.Wait()
	historytest.CheckRun(t, store, "r1", 501)
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "home")
	store := open(t, folder)
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{
		"": 0o700, sqlite.FileName: 0o600, sqlite.FileName + "-wal": 0o600, sqlite.FileName + "-shm": 0o600,
	} {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%q has the mode %v, %v, want %v", name, info.Mode().Perm(), err, want)
		}
	}
}

func TestWhatIsNoFileIsNotTakenForAnEmptyHistory(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(folder string) error
		want string
	}{
		"a folder in the place of the file": {
			func(folder string) error { return os.MkdirAll(filepath.Join(folder, sqlite.FileName), 0o700) }, sqlite.FileName + " is not a file",
		},
		"a link of the file that leads nowhere": {
			func(folder string) error {
				return errors.Join(os.Mkdir(folder, 0o700), os.Symlink("nowhere", filepath.Join(folder, sqlite.FileName)))
			}, sqlite.FileName + " is a link to nowhere, which does not exist",
		},
		"a link of the folder that leads nowhere": {
			func(folder string) error { return os.Symlink("nowhere", folder) }, "home is a link to nowhere, which does not exist",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "home")
			if err := test.make(folder); err != nil {
				t.Fatal(err)
			}
			_, err := sqlite.OpenForReading(t.Context(), folder)
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}
