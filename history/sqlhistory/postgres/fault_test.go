package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

// faulty returns a server for the test alone, and a database in it whose commits are kept.
func faulty(t *testing.T) (*postgrestest.Server, string) {
	t.Helper()
	own := new(postgrestest.Server)
	t.Cleanup(own.Stop)
	// The database is not dropped: the server may be gone.
	return own, own.NewDatabase(t) + "&synchronous_commit=on"
}

// openWithin opens a history with short limits. A busy machine may need several attempts, since
// the opening does not repeat what takes longer.
func openWithin(t *testing.T, url string, patience, silence time.Duration) *sqlhistory.Store {
	t.Helper()
	for began := time.Now(); ; {
		store, err := postgres.OpenWithin(t.Context(), url, patience, silence)
		if err == nil {
			t.Cleanup(func() { _ = store.Close() })
			return store
		}
		if time.Since(began) > time.Minute {
			t.Fatal(err)
		}
	}
}

// writers append lines to runs of their own, until they are told to finish.
type writers struct {
	store        *sqlhistory.Store
	acknowledged atomic.Int64 // calls
	lines        []int        // acknowledged, by run
	stop         chan struct{}
	failed       chan struct{} // gets a value from each writer that ends with an error
	group        sync.WaitGroup
}

func startWriters(t *testing.T, store *sqlhistory.Store, count int) *writers {
	t.Helper()
	w := &writers{store: store, lines: make([]int, count), stop: make(chan struct{}), failed: make(chan struct{}, count)}
	for i := range count {
		if _, err := store.Append(t.Context(), queued(fmt.Sprintf("r%d", i))); err != nil {
			t.Fatal(err)
		}
		w.group.Go(func() { w.write(t, i) })
	}
	return w
}

func (w *writers) write(t *testing.T, i int) {
	id := fmt.Sprintf("r%d", i)
	for {
		select {
		case <-w.stop:
			return
		default:
		}
		if _, err := w.store.Append(context.Background(), logged(id, fmt.Sprint(w.lines[i]))); err != nil {
			t.Errorf("line %d of run %s: %v", w.lines[i], id, err)
			w.failed <- struct{}{}
			return
		}
		w.lines[i]++
		w.acknowledged.Add(1)
	}
}

// reach waits until more calls were acknowledged.
func (w *writers) reach(t *testing.T, more int64) {
	t.Helper()
	for until := w.acknowledged.Load() + more; w.acknowledged.Load() < until; {
		select {
		case <-w.failed:
			t.Fatal("a writer has ended")
		case <-time.After(time.Millisecond):
		}
	}
}

// finish stops the writers, and checks that each run has exactly the acknowledged lines.
func (w *writers) finish(t *testing.T) {
	t.Helper()
	close(w.stop)
	w.group.Wait()
	for i, want := range w.lines {
		id := fmt.Sprintf("r%d", i)
		historytest.CheckRun(t, w.store, id, int64(want+1))
		log, err := w.store.Events(t.Context(), history.EventQuery{RunID: id})
		if err != nil || len(log) != want+1 {
			t.Fatalf("run %s has %d events, want %d: %v", id, len(log), want+1, err)
		}
		for n, event := range log[1:] {
			if got := event.Data.(history.LogWritten).Message; got != fmt.Sprint(n) {
				t.Fatalf("line %d of run %s is %s: lines are lost or stored twice", n, id, got)
			}
		}
	}
}

func TestAServerThatIsKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	own, url := faulty(t)
	store := openWithin(t, url, 30*time.Second, 10*time.Second)
	writers := startWriters(t, store, 6)
	for range 3 {
		writers.reach(t, 50)
		own.Kill(t)
		reading := make(chan error, 1)
		go func() {
			_, err := store.Runs(context.Background(), history.RunQuery{})
			reading <- err
		}()
		own.Start(t)
		if err := <-reading; err != nil {
			t.Errorf("reading while the server is away: %v", err)
		}
	}
	writers.reach(t, 50)
	writers.finish(t)
}

func TestAHistoryWhoseServerWasKilledIsClosed(t *testing.T) {
	t.Parallel()
	own, url := faulty(t)
	store := openWithin(t, url, 30*time.Second, 10*time.Second)
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	own.Kill(t)
	if err := store.Close(); err != nil {
		t.Errorf("nothing was lost, and the error is %v", err)
	}
	own.Start(t)
}

func TestAServerThatIsFrozen(t *testing.T) {
	t.Parallel()
	own, url := faulty(t)
	store := openWithin(t, url, 2*time.Minute, time.Second)
	writers := startWriters(t, store, 3)
	writers.reach(t, 20)
	own.Freeze(t)
	impatient, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := store.Append(impatient, queued("impatient")); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v, want that of the context", err)
	}
	own.Thaw(t)
	writers.reach(t, 20)
	writers.finish(t)
}

func TestAServerThatStaysAway(t *testing.T) {
	t.Parallel()
	own, url := faulty(t)
	store := openWithin(t, url, 3*time.Second, 10*time.Second)
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	own.Kill(t)
	began := time.Now()
	_, appending := store.Append(t.Context(), queued("r2"))
	_, reading := store.Runs(t.Context(), history.RunQuery{})
	for _, err := range []error{appending, reading} {
		if err == nil || !strings.Contains(err.Error(), "for the server: ") || strings.Contains(err.Error(), postgrestest.Password) {
			t.Errorf("the error is %v", err)
		}
	}
	if waited := time.Since(began); waited > time.Minute {
		t.Errorf("the calls waited for %s", waited)
	}
	own.Start(t)
	if _, err := store.Append(t.Context(), queued("r3")); err != nil {
		t.Errorf("after the start of the server: %v", err)
	}
}
