package runs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// meddledStore has something done before events are appended.
type meddledStore struct {
	history.Store
	before func(events []history.Event) error
}

func (s meddledStore) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	if err := s.before(events); err != nil {
		return nil, err
	}
	return s.Store.Append(ctx, events...)
}

func meddled(before func(events []history.Event) error) meddledStore {
	return meddledStore{history.NewMemoryStore(), before}
}

// many are assets that need nothing of each other.
func many(n int, fn any) []assets.Definition {
	list := make([]assets.Definition, n)
	for i := range list {
		list[i] = assets.New(fmt.Sprintf("step%03d", i), fn)
	}
	return list
}

func TestStepsThatEndAtOnceAreStoredInOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const steps = 50
		calls, events := 0, 0
		store := meddled(func(batch []history.Event) error {
			time.Sleep(10 * time.Millisecond)
			calls, events = calls+1, events+len(batch)
			return nil
		})
		config := runs.LauncherConfig{Store: store, Executor: runs.InProcess(runs.InProcessConfig{MaxParallel: steps})}
		launcher := newLauncher(t, config, nil, many(steps, func() error { time.Sleep(time.Second); return nil })...)
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		if events != 3*steps+4 || calls > 10 {
			t.Errorf("%d events were stored in %d calls, want %d in at most 10", events, calls, 3*steps+4)
		}
	})
}

func TestAStartIsStoredWhileItsFunctionBegins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := history.NewMemoryStore()
		var seen []string
		look := func(step *assets.Context) error {
			began := time.Now()
			synctest.Wait() // until nobody has anything to do but to wait for this function
			found, err := store.Runs(context.Background(), history.RunQuery{})
			for _, one := range found[0].Steps {
				seen = append(seen, fmt.Sprintf("%s: %s %s", step.Key(), one.Key, one.Status))
			}
			if time.Since(began) != 0 {
				t.Error("it was not written at once")
			}
			return err
		}
		launcher := newLauncher(t, runs.LauncherConfig{Store: store}, nil, assets.New("a", look), assets.New("b", look, assets.After("a")))
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		want := []string{"a: a running", "a: b pending", "b: a succeeded", "b: b running"}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("the history said something else meanwhile (-want +got):\n%s", diff)
		}
	})
}

func TestObserverSeesEveryEventInOrder(t *testing.T) {
	t.Parallel()
	store := history.NewMemoryStore()
	var inside atomic.Int32
	var seen []history.Event
	launcher := newLauncher(t, runs.LauncherConfig{Store: store}, nil, many(100, func(step *assets.Context) error {
		step.Logger().Info("one")
		step.Logger().Info("two")
		return nil
	})...)
	record, err := run(t, launcher, runs.Request{Selection: "*", Observe: func(event history.Event) {
		if inside.Add(1) != 1 {
			t.Error("two calls at once")
		}
		defer inside.Add(-1)
		seen = append(seen, event)
		stored, err := store.Events(context.Background(), history.EventQuery{RunID: event.RunID, AfterSeq: event.Seq - 1, Limit: 1})
		if err != nil || len(stored) != 1 {
			t.Errorf("event %d is not stored (%v)", event.Seq, err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	log, err := store.Events(t.Context(), history.EventQuery{RunID: record.ID})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(log, seen); diff != "" {
		t.Errorf("the observer saw something else than the log (-log +seen):\n%s", diff)
	}
}

func TestObserverMayCancelItsRun(t *testing.T) {
	t.Parallel()
	launched := make(chan *runs.Run, 1)
	launcher := newLauncher(t, runs.LauncherConfig{}, nil, assets.New("endless", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}))
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*", Observe: func(event history.Event) {
		if event.Type() == history.TypeStepStarted {
			handle := <-launched
			handle.Cancel("seen enough")
			if got := handle.Status(); got != history.StatusRunning {
				t.Errorf("the run is %s, want running", got)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	launched <- handle
	if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
		t.Errorf("got %v, want ErrCancelled", err)
	}
}

func TestLogLinesDoNotWaitForTheStore(t *testing.T) {
	t.Parallel()
	const lines = 5000
	synctest.Test(t, func(t *testing.T) {
		open := make(chan struct{})
		store := meddled(func(events []history.Event) error {
			if events[0].Type() == history.TypeLogWritten {
				<-open
			}
			return nil
		})
		var logged atomic.Int64
		launcher := newLauncher(t, runs.LauncherConfig{Store: store}, nil, assets.New("chatty", func(step *assets.Context) error {
			for i := range lines {
				step.Logger().Info(fmt.Sprint(i))
				logged.Add(1)
			}
			return nil
		}))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second) // of the bubble: all that can happen has
		if n := logged.Load(); n < 100 || n > 2500 {
			t.Errorf("%d lines were logged while the store took none, want many, and not all", n)
		}
		close(open)
		if err := handle.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		log, err := store.Events(t.Context(), history.EventQuery{RunID: handle.ID(), Types: []history.EventType{history.TypeLogWritten}})
		if err != nil || len(log) != lines {
			t.Fatalf("%d lines were stored (%v), want %d", len(log), err, lines)
		}
		for i, event := range log {
			if got := event.Data.(history.LogWritten).Message; got != fmt.Sprint(i) {
				t.Fatalf("line %d is %s", i, got)
			}
		}
	})
}

func TestLogLinesAreStoredSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := history.NewMemoryStore()
		launcher := newLauncher(t, runs.LauncherConfig{Store: store}, nil, assets.New("slow", func(step *assets.Context) error {
			step.Logger().Info("begun")
			time.Sleep(time.Hour)
			return nil
		}))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
		log, err := store.Events(t.Context(), history.EventQuery{RunID: handle.ID(), Types: []history.EventType{history.TypeLogWritten}})
		if err != nil || len(log) != 1 {
			t.Errorf("%d lines are stored (%v), want 1", len(log), err)
		}
		if err := handle.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// The last events of a step are not waited for: a run must not pass for
// successful before it is known what became of them.
func TestLastEventsThatAreRefusedFailTheRun(t *testing.T) {
	t.Parallel()
	store := failingStore{history.NewMemoryStore(), history.TypeStepSucceeded}
	launcher := newLauncher(t, runs.LauncherConfig{Store: store}, nil, assets.New("a", func() error { return nil }))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if !errors.Is(err, errBoom) {
		t.Errorf("got the error %v, want %v", err, errBoom)
	}
	if record.Status != history.StatusFailed || record.Error.Message == "" {
		t.Errorf("recorded as %s because of %q", record.Status, record.Error)
	}
}

func TestAnEventThatIsRefusedDoesNotTakeEarlierOnesWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		together := false
		store := meddled(func(events []history.Event) error {
			bad := slices.ContainsFunc(events, func(e history.Event) bool {
				return e.Type() == history.TypeAssetMaterialized && e.Step() == "bad"
			})
			if !bad {
				return nil
			}
			together = together || slices.ContainsFunc(events, func(e history.Event) bool { return e.Step() == "good" })
			return fmt.Errorf("refused: %w", history.ErrInvalid)
		})
		launcher := newLauncher(t, runs.LauncherConfig{Store: store}, nil,
			assets.New("good", func() error { time.Sleep(time.Second); return nil }),
			assets.New("bad", func() error { time.Sleep(time.Second + time.Millisecond); return nil }))
		record, err := run(t, launcher, runs.Request{Selection: "*"})
		if !together {
			t.Fatal("the events of the two steps did not come in one call")
		}
		if !errors.Is(err, history.ErrInvalid) || record.Status != history.StatusFailed {
			t.Errorf("the run has %s: %v", record.Status, err)
		}
		want := map[string]history.StepStatus{"good": history.StepStatusSucceeded, "bad": history.StepStatusCancelled}
		if diff := cmp.Diff(want, statuses(record)); diff != "" {
			t.Errorf("steps differ (-want +got):\n%s", diff)
		}
	})
}

// Steps of many runs at once, in a store that is slow now and then.
func TestLogsOfRunsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		store := meddled(func([]history.Event) error {
			time.Sleep(time.Duration(count.Add(1)%7) * time.Millisecond)
			return nil
		})
		launcher := newLauncher(t, runs.LauncherConfig{Store: store}, nil, many(20, func(step *assets.Context) error {
			time.Sleep(time.Duration(len(step.Key())) * time.Millisecond)
			step.Logger().Info("done")
			return nil
		})...)
		handles := make([]*runs.Run, 20)
		for i := range handles {
			var err error
			if handles[i], err = launcher.Launch(t.Context(), runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, handle := range handles {
			err := handle.Wait(t.Context())
			record, missing := history.Find(t.Context(), store, handle.ID())
			if err := errors.Join(err, missing); err != nil || record.Seq != 4+4*20 {
				t.Errorf("%d events were recorded, want %d: %v", record.Seq, 4+4*20, err)
			}
		}
	})
}
