package runs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

func untilTheEnd(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestTheTimeoutOfARunEndsIt(t *testing.T) {
	t.Parallel()
	definitions := func() []assets.Definition {
		return []assets.Definition{
			assets.New("quick", func() error { return nil }), assets.New("endless", untilTheEnd, assets.After("quick")), assets.New("later", func() error { return nil }, assets.After("endless")),
			assets.NewJob("limited", assets.Select("*"), assets.Timeout(time.Hour)),
		}
	}
	for name, test := range map[string]struct {
		request runs.Request
		want    time.Duration
	}{
		"of its job":                 {runs.Request{Job: "limited"}, time.Hour},
		"of its launch":              {runs.Request{Selection: "*", Timeout: time.Minute}, time.Minute},
		"of its launch over its job": {runs.Request{Job: "limited", Timeout: 2 * time.Hour}, 2 * time.Hour},
	} {
		t.Run("the timeout "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				launcher := newLauncher(t, runs.LauncherConfig{}, memory(), definitions()...)
				record, err := run(t, launcher, test.request)
				if !errors.Is(err, runs.ErrTimedOut) || errors.Is(err, runs.ErrCancelled) {
					t.Errorf("the error is %v", err)
				}
				if record.Status != history.StatusFailed || !strings.HasPrefix(record.Error.Message, "the run timed out after "+test.want.String()) {
					t.Errorf("the record is %s: %s", record.Status, record.Error.Message)
				}
				if took := record.Duration.Round(time.Second); took != test.want {
					t.Errorf("the run took %s, want %s", took, test.want)
				}
				for key, want := range map[string]history.StepStatus{
					"quick": history.StepStatusSucceeded, "endless": history.StepStatusCancelled, "later": history.StepStatusSkipped,
				} {
					if step, _ := record.Step(key); step.Status != want {
						t.Errorf("step %s is %s, want %s", key, step.Status, want)
					}
				}
			})
		})
	}
	t.Run("a negative timeout takes that of the job away", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
				assets.New("slow", func() error { time.Sleep(2 * time.Hour); return nil }), assets.NewJob("limited", assets.Select("*"), assets.Timeout(time.Hour)))
			if _, err := run(t, launcher, runs.Request{Job: "limited", Timeout: -1}); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("the time of the teardown does not count", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			slow := container.Provide("database", func(lc fx.Lifecycle) *database {
				lc.Append(fx.StopHook(func() { time.Sleep(3 * time.Second) }))
				return new(database)
			})
			launcher := newLauncher(t, runs.LauncherConfig{}, append(memory(), slow), assets.New("quick", func(*database) error { return nil }))
			if _, err := run(t, launcher, runs.Request{Selection: "*", Timeout: time.Second}); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("a retry has the timeout of the run that it repeats", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			launcher := newLauncher(t, runs.LauncherConfig{}, memory(), definitions()...)
			record, _ := run(t, launcher, runs.Request{Selection: "*", Timeout: time.Minute})
			request, err := launcher.RetryRequest(t.Context(), record.ID, runs.RetryOptions{})
			if err != nil || request.Timeout != time.Minute {
				t.Errorf("got %v, %v", request.Timeout, err)
			}
		})
	})
	t.Run("a negative timeout of a job is a fault of the definitions", func(t *testing.T) {
		t.Parallel()
		c, err := container.New(memory()...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = assets.NewGraph(c, assets.New("quick", func() error { return nil }), assets.NewJob("limited", assets.Select("*"), assets.Timeout(-1)))
		if err == nil || !strings.Contains(err.Error(), "job limited") || !strings.Contains(err.Error(), "must not be negative") {
			t.Errorf("got %v", err)
		}
	})
}

func TestADrainedRunStartsNoMoreSteps(t *testing.T) {
	t.Parallel()
	begun := func(t *testing.T, takes time.Duration) (*runs.Launcher, *runs.Run) {
		t.Helper()
		running := make(chan struct{})
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
			assets.New("first", func(ctx context.Context) error {
				close(running)
				select {
				case <-time.After(takes):
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}), assets.New("second", func() error { return nil }, assets.After("first")))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		<-running
		return launcher, handle
	}
	for name, test := range map[string]struct {
		takes time.Duration
		first history.StepStatus
		took  time.Duration
	}{
		"and a step that is running may end":       {2 * time.Second, history.StepStatusSucceeded, 2 * time.Second},
		"and a step that is too slow is cancelled": {time.Hour, history.StepStatusCancelled, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				launcher, handle := begun(t, test.takes)
				handle.Drain("the server stops", 5*time.Second)
				handle.Drain("again", time.Hour)
				if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
					t.Errorf("the error is %v", err)
				}
				record := find(t, launcher.Store(), handle.ID())
				want := "cancelled: the server stops: no more steps could start, and those that were running had 5s"
				if record.Status != history.StatusCancelled || !strings.HasPrefix(record.Error.Message, want) {
					t.Errorf("the record is %s: %s", record.Status, record.Error.Message)
				}
				if first, _ := record.Step("first"); first.Status != test.first {
					t.Errorf("the running step is %s", first.Status)
				}
				if second, _ := record.Step("second"); second.Attempt != 0 {
					t.Errorf("the other step has started: %s", second.Status)
				}
				if record.Duration.Round(100*time.Millisecond) != test.took {
					t.Errorf("it took %s", record.Duration)
				}
				asked, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: handle.ID(), Types: []history.EventType{history.TypeRunCancelRequested}})
				if err != nil || len(asked) != 1 || asked[0].Data.(history.RunCancelRequested).Within != 5*time.Second || asked[0].Data.(history.RunCancelRequested).By == "" {
					t.Errorf("requests: %+v, %v", asked, err)
				}
			})
		})
	}
	t.Run("and can be cancelled at once after that", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			launcher, handle := begun(t, time.Hour)
			handle.Drain("slowly", time.Hour)
			handle.Cancel("quickly")
			if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) || !strings.Contains(err.Error(), "quickly") {
				t.Errorf("the error is %v", err)
			}
			if record := find(t, launcher.Store(), handle.ID()); record.Duration > time.Second {
				t.Errorf("it took %s", record.Duration)
			}
		})
	})
	t.Run("if another process has recorded the request", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			launcher, handle := begun(t, 3*time.Second)
			record(t, launcher.Store(), handle.ID(), history.RunCancelRequested{Reason: "the node goes", By: "ann@build7", Within: time.Minute})
			_ = handle.Wait(t.Context())
			now := find(t, launcher.Store(), handle.ID())
			if first, _ := now.Step("first"); now.Status != history.StatusCancelled || first.Status != history.StepStatusSucceeded || !strings.Contains(now.Error.Message, "the node goes (by ann@build7)") {
				t.Errorf("the run is %s: %s, %+v", now.Status, now.Error.Message, now.Steps)
			}
		})
	})
	t.Run("but succeeds if its last step is running", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			running := make(chan struct{})
			launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("only", func() error {
				close(running)
				time.Sleep(time.Second)
				return nil
			}))
			handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
			if err != nil {
				t.Fatal(err)
			}
			<-running
			handle.Drain("the server stops", time.Minute)
			if err := handle.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestALauncherDrainsItsRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		running := make(chan struct{})
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
			assets.New("first", func() error {
				close(running)
				time.Sleep(3 * time.Second)
				return nil
			}), assets.New("second", func() error { return nil }, assets.After("first")))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		<-running
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := launcher.Drain(ctx); err != nil {
			t.Error(err)
		}
		record := find(t, launcher.Store(), handle.ID())
		first, _ := record.Step("first")
		second, _ := record.Step("second")
		if record.Status != history.StatusCancelled || first.Status != history.StepStatusSucceeded || second.Attempt != 0 {
			t.Errorf("the run is %s, its steps %s and %s", record.Status, first.Status, second.Status)
		}
		if !strings.Contains(record.Error.Message, "the launcher is closing") {
			t.Errorf("the reason is %s", record.Error.Message)
		}
		if _, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"}); !errors.Is(err, runs.ErrClosed) {
			t.Errorf("a launch after that: %v", err)
		}
	})
}

func TestALauncherDrainsWhileRunsAreLaunched(t *testing.T) {
	t.Parallel()
	for range 20 {
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("quick", func() error { return nil }))
		var launched []*runs.Run
		first, refused := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(refused)
			for {
				run, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
				if err != nil {
					if !errors.Is(err, runs.ErrClosed) {
						t.Error(err)
					}
					return
				}
				if launched = append(launched, run); len(launched) == 1 {
					close(first)
				}
			}
		}()
		<-first
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		if err := launcher.Drain(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		<-refused
		for _, run := range launched {
			select {
			case <-run.Done():
			default:
				t.Errorf("the run %s goes on after Drain", run.ID())
			}
		}
	}
}

// heldBack are locks that keep a launch back, before its run is recorded, until it may go on.
type heldBack struct {
	locks.Locker
	once          sync.Once
	reached, goOn chan struct{}
}

func (h *heldBack) TryLock(ctx context.Context, name string) (locks.Lock, error) {
	h.once.Do(func() {
		close(h.reached)
		<-h.goOn
	})
	return h.Locker.TryLock(ctx, name)
}

func TestARunThatIsBeingRecordedCanBeEnded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*runs.Run){
		"cancelled": func(run *runs.Run) { run.Cancel("early") },
		"drained":   func(run *runs.Run) { run.Drain("early", time.Minute) },
	} {
		t.Run("it is "+name+" once it is recorded", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				held := &heldBack{Locker: locks.NewMemory(), reached: make(chan struct{}), goOn: make(chan struct{})}
				launcher := newLauncher(t, runs.LauncherConfig{Locks: held}, memory(), assets.New("long", func(ctx context.Context) error {
					<-ctx.Done()
					return context.Cause(ctx)
				}))
				go func() {
					<-held.reached
					run, ok := launcher.Active("r1")
					if !ok {
						t.Error("the run is not active")
					} else {
						go end(run)
					}
					synctest.Wait() // until the launch waits, and the end for the launch
					close(held.goOn)
				}()
				handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*", ID: "r1"})
				if err != nil {
					t.Fatal(err)
				}
				if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestTheLinesOfAnotherProcessReachTheLogger(t *testing.T) {
	t.Parallel()
	var here, there bytes.Buffer
	definition := assets.New("left", func(step *assets.Context) error {
		step.Logger().Info("said", slog.Group("inner", "count", 3))
		return nil
	})
	worker := newLauncher(t, runs.LauncherConfig{Logger: slog.New(slog.NewTextHandler(&there, nil))}, files(t), definition)
	launcher := newLauncher(t, runs.LauncherConfig{Logger: slog.New(slog.NewTextHandler(&here, nil)), Executor: &remote{worker: worker}}, files(t), definition)
	if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
		t.Fatal(err)
	}
	if got := here.String(); strings.Count(got, "msg=said") != 1 || !strings.Contains(got, "step=left inner.count=3") {
		t.Errorf("the logger of the launching process has %s", got)
	}
	if there.Len() > 0 {
		t.Errorf("the logger of the other process has %s", there.String())
	}
}

// late is a context that ends later than it says, as one whose timer fires late.
type late struct {
	context.Context
	deadline time.Time
}

func (l late) Deadline() (time.Time, bool) { return l.deadline, true }

// The context of Drain and the time of each run end at the same moment. Also if the runs see
// it first, the error says that one was cancelled.
func TestADrainThatHadToCancelSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		running := make(chan struct{})
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("endless", func(ctx context.Context) error {
			close(running)
			<-ctx.Done()
			return context.Cause(ctx)
		}))
		if _, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		<-running
		err := launcher.Drain(late{t.Context(), time.Now().Add(time.Second)})
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "cancelled runs under way: 1") {
			t.Errorf("got %v", err)
		}
	})
}
