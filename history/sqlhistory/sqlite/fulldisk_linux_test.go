package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// A process whose files may not grow any more is in the place of one whose
// disk is full. The limit is the whole process's: the test is a child.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	output, err := child(t, "fill the disk", folder, "full").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	store := open(t, folder)
	historytest.CheckRun(t, store, "full", 2)
	historytest.CheckRun(t, store, "later", 1)
}

// fillTheDisk is the child's part.
func fillTheDisk(store *sqlhistory.Store, name string) error {
	ctx := context.Background()
	if _, err := store.Append(ctx, queued(name)); err != nil {
		return err
	}
	unlimit, err := limitFiles(filepath.Join(os.Getenv(childFolder), sqlite.FileName+"-wal"))
	if err != nil {
		return err
	}
	// Four events in a call, the last of which does not fit at some time.
	acknowledged := int64(1)
	for err == nil {
		if acknowledged > 1000 {
			return errors.New("the disk did not become full")
		}
		line := history.Event{RunID: name, Time: time.Now(), Data: history.LogWritten{Message: strings.Repeat("x", 3000)}}
		var stored []history.Event
		if stored, err = store.Append(ctx, line, line, line, line); err == nil {
			acknowledged = stored[3].Seq
		}
	}
	if !strings.HasPrefix(err.Error(), "appending events: ") || !strings.Contains(err.Error(), "disk") {
		return fmt.Errorf("the error says nothing of a disk: %w", err)
	}
	if _, err := store.Append(ctx, queued("nothing")); err == nil {
		return errors.New("a second append to the full disk returned no error")
	}
	if err := hasLog(store, name, acknowledged); err != nil {
		return fmt.Errorf("while the disk is full: %w", err)
	}
	if err := unlimit(); err != nil {
		return err
	}
	for _, event := range []history.Event{queued("later"), {RunID: name, Time: time.Now(), Data: history.LogWritten{Message: "again"}}} {
		if _, err := store.Append(ctx, event); err != nil {
			return fmt.Errorf("once there is space again: %w", err)
		}
	}
	if err := hasLog(store, name, acknowledged+1); err != nil {
		return fmt.Errorf("once there is space again: %w", err)
	}
	return store.Close()
}

// limitFiles keeps files from growing more than a little beyond that one.
func limitFiles(file string) (unlimit func() error, err error) {
	about, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return nil, err
	}
	limit := syscall.Rlimit{Cur: uint64(about.Size()) + 100_000, Max: old.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return nil, err
	}
	return func() error { return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old) }, nil
}

// hasLog checks that a run's log and record end with an event.
func hasLog(store *sqlhistory.Store, id string, seq int64) error {
	log, err := store.Events(context.Background(), history.EventQuery{RunID: id})
	if err != nil {
		return err
	}
	record, err := history.Find(context.Background(), store, id)
	if err != nil {
		return err
	}
	if int64(len(log)) != seq || record.Seq != seq {
		return fmt.Errorf("run %s has %d events and a record up to %d, want %d", id, len(log), record.Seq, seq)
	}
	return nil
}
