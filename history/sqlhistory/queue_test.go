package sqlhistory_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// lock keeps everybody else from writing until the returned function is called.
func lock(t *testing.T, folder string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName)+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

// transactions counts those in the write-ahead log.
func transactions(t *testing.T, folder string) int {
	t.Helper()
	wal, err := os.ReadFile(filepath.Join(folder, sqlite.FileName+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	const header, frameHeader = 32, 24
	page := int(binary.BigEndian.Uint32(wal[8:]))
	count := 0
	for at := header; at+frameHeader+page <= len(wal); at += frameHeader + page {
		if binary.BigEndian.Uint32(wal[at+4:]) != 0 { // the last frame of one
			count++
		}
	}
	return count
}

// waiting waits until so many calls of Append wait for the file.
func waiting(store *sqlhistory.Store, calls int) {
	for store.Waiting() < calls {
		time.Sleep(time.Millisecond)
	}
}

func TestCallsThatWaitShareATransaction(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store := open(t, folder)
	before := transactions(t, folder)
	unlock := lock(t, folder)
	const calls = 100
	errs := make([]error, calls)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { _, errs[i] = store.Append(t.Context(), queued(fmt.Sprintf("r%d", i))) })
	}
	waiting(store, calls)
	unlock()
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := transactions(t, folder) - before; got != 1 {
		t.Errorf("%d calls were written in %d transactions, want 1", calls, got)
	}
}

func TestARefusedCallLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string][]history.Event{
		"at its first event": {{RunID: "none", Time: time.Now(), Data: history.RunStarted{}}},
		"half way": {
			queued("bad"),
			{RunID: "shared", Time: time.Now(), Data: history.LogWritten{Message: "of the refused call"}},
			{RunID: "bad", Time: time.Now(), Data: history.RunStarted{}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			store := open(t, folder)
			if _, err := store.Append(t.Context(), queued("shared")); err != nil {
				t.Fatal(err)
			}
			unlock := lock(t, folder)
			line := func(text string) history.Event {
				return history.Event{RunID: "shared", Time: time.Now(), Data: history.LogWritten{Message: text}}
			}
			impatient, lose := context.WithCancel(t.Context())
			var errs [4]error
			var stored [4][]history.Event
			var group sync.WaitGroup
			for i, call := range []struct {
				ctx    context.Context
				events []history.Event
			}{
				{t.Context(), []history.Event{queued("a"), line("first")}},
				{t.Context(), bad},
				{impatient, []history.Event{line("impatient")}},
				{t.Context(), []history.Event{queued("b"), line("second")}},
			} {
				group.Go(func() { stored[i], errs[i] = store.Append(call.ctx, call.events...) })
				waiting(store, i+1)
			}
			lose()
			for store.Waiting() > 3 {
				time.Sleep(time.Millisecond)
			}
			unlock()
			group.Wait()

			if errs[0] != nil || errs[3] != nil {
				t.Errorf("the good calls got %v and %v", errs[0], errs[3])
			}
			if !errors.Is(errs[1], history.ErrTransition) || len(stored[1]) > 0 {
				t.Errorf("the bad call got %v and %v, want ErrTransition", stored[1], errs[1])
			}
			if !errors.Is(errs[2], context.Canceled) || len(stored[2]) > 0 {
				t.Errorf("the cancelled call got %v and %v, want context.Canceled", stored[2], errs[2])
			}
			log, err := store.Events(t.Context(), history.EventQuery{RunID: "shared", AfterSeq: 1})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]history.Event{stored[0][1], stored[3][1]}, log); diff != "" {
				t.Errorf("the log is not what the calls returned (-want +got):\n%s", diff)
			}
			for _, id := range []string{"shared", "a", "b"} {
				historytest.CheckRun(t, store, id, 1)
			}
			if _, err := history.Find(t.Context(), store, "bad"); !errors.Is(err, history.ErrNotFound) {
				t.Errorf("the refused call left a run: %v", err)
			}
		})
	}
}

// A call that is being written when its context ends is stored, and says so.
func TestACallThatIsBeingWrittenEndsAsStored(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store := open(t, folder)
	unlock := lock(t, folder)
	long := []history.Event{queued("long")}
	for range 5000 {
		long = append(long, history.Event{RunID: "long", Time: time.Now(), Data: history.LogWritten{Message: "x"}})
	}
	own, end := context.WithCancel(t.Context())
	impatient := &endsWhileWritten{Context: own, end: end}
	var group sync.WaitGroup
	for i, call := range []struct {
		ctx    context.Context
		events []history.Event
	}{
		{t.Context(), []history.Event{queued("first")}},
		{impatient, []history.Event{queued("short")}},
		{t.Context(), long},
	} {
		group.Go(func() {
			if _, err := store.Append(call.ctx, call.events...); err != nil {
				t.Errorf("call %d is written, and got the error %v", i, err)
			}
		})
		waiting(store, i+1)
	}
	unlock()
	group.Wait()
	if own.Err() == nil {
		t.Error("the context has not ended")
	}
	historytest.CheckRun(t, store, "short", 1)
}

// endsWhileWritten is a context that ends once the one who writes has looked
// whether it has ended: from there on the call is being written. The first look
// is that of the call itself.
type endsWhileWritten struct {
	context.Context
	looks atomic.Int32
	end   context.CancelFunc
}

func (c *endsWhileWritten) Err() error {
	err := c.Context.Err()
	if c.looks.Add(1) == 2 {
		c.end()
	}
	return err
}

// endsUnseen is a context that ends at a moment when nobody waits for it.
type endsUnseen struct {
	context.Context
	looks int
}

func (c *endsUnseen) Err() error {
	if c.looks++; c.looks > 1 {
		return context.Canceled
	}
	return nil
}

func TestACallWhoseContextHasEndedIsNotWritten(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	if _, err := store.Append(&endsUnseen{Context: t.Context()}, queued("r1")); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want context.Canceled", err)
	}
	if _, err := history.Find(t.Context(), store, "r1"); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("the run is there: %v", err)
	}
}

func TestManyRunsAtOnce(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	const count, steps = 200, 4
	errs := make([]error, count)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = wholeRun(t.Context(), store, fmt.Sprintf("r%d", i), steps) })
	}
	reading := make(chan struct{})
	group.Go(func() { // beside them
		defer close(reading)
		for range 50 {
			if _, err := store.Runs(t.Context(), history.RunQuery{Limit: 5}); err != nil {
				t.Error(err)
			}
		}
	})
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	for i := range errs {
		historytest.CheckRun(t, store, fmt.Sprintf("r%d", i), 4+3*steps)
	}
}

// wholeRun appends a run of steps as a launcher does.
func wholeRun(ctx context.Context, store history.Store, id string, steps int) error {
	keys := make([]string, steps)
	for i := range keys {
		keys[i] = fmt.Sprintf("step %d", i)
	}
	add := func(data ...history.EventData) error {
		events := make([]history.Event, len(data))
		for i := range data {
			events[i] = history.Event{RunID: id, Time: time.Now(), Data: data[i]}
		}
		_, err := store.Append(ctx, events...)
		return err
	}
	err := errors.Join(add(history.RunQueued{Steps: keys}), add(history.RunStarting{}), add(history.RunStarted{}))
	for _, key := range keys {
		err = errors.Join(err,
			add(history.StepStarted{Step: key, Attempt: 1}),
			add(history.AssetMaterialized{Asset: key, Step: key}, history.StepSucceeded{Step: key}))
	}
	return errors.Join(err, add(history.RunFinished{Status: history.StatusSucceeded}))
}

func TestAConnectionThatCouldNotRollBackIsReplaced(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store := open(t, folder)
	db, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	const trigger = `CREATE TRIGGER refuse BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'no steps today'); END`
	if _, err := db.ExecContext(t.Context(), trigger); err != nil {
		t.Fatal(err)
	}
	if err := store.BreakRollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	refused := queued("r1")
	refused.Data = history.RunQueued{Steps: []string{"orders"}}
	if _, err := store.Append(t.Context(), refused); err == nil {
		t.Fatal("the database refuses the steps, and Append returned no error")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := store.Append(ctx, queued("r2")); err != nil {
		t.Errorf("Append after a rollback that failed: %v", err)
	}
	found, err := store.Runs(ctx, history.RunQuery{})
	if err != nil || len(found) != 1 || found[0].ID != "r2" {
		t.Errorf("the runs are %+v, %v, want r2 alone", found, err)
	}
	if _, err := db.ExecContext(ctx, `DROP TRIGGER refuse`); err != nil {
		t.Errorf("another connection can't write: %v", err)
	}
}
