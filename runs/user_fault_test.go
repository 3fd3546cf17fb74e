package runs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// ways are the ways in which a user's code can fail to return.
var ways = map[string]func(){
	"panics":             func() { panic("ouch") },
	"ends its goroutine": runtime.Goexit,
}

// mustEnd launches a run and checks that it ends, and that handle and history
// agree about how.
func mustEnd(t *testing.T, launcher *runs.Launcher, request runs.Request) (history.Record, error) {
	t.Helper()
	record, err := run(t, launcher, request)
	if !record.Status.Finished() || (err == nil) != (record.Status == history.StatusSucceeded) {
		t.Errorf("the run is %s in the history, and its error is %v", record.Status, err)
	}
	return record, err
}

type executorFunc func(ctx context.Context, execution *runs.Execution) error

func (f executorFunc) Execute(ctx context.Context, execution *runs.Execution) error {
	return f(ctx, execution)
}

func TestExecutorThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for way, fail := range ways {
		for name, executor := range map[string]executorFunc{
			"before the first step": func(context.Context, *runs.Execution) error { fail(); return nil },
			"after the last step": func(ctx context.Context, execution *runs.Execution) error {
				err := execution.Schedule(ctx, 1, execution.Step)
				fail()
				return err
			},
			"during a step": func(ctx context.Context, execution *runs.Execution) error {
				return execution.Schedule(ctx, 1, func(context.Context, *assets.Step) error { fail(); return nil })
			},
		} {
			t.Run(way+" "+name, func(t *testing.T) {
				t.Parallel()
				note := new(recorded)
				launcher := newLauncher(t, runs.LauncherConfig{Executor: executor}, note.resources(), assets.New("left", func(*cache) left { return 1 }))
				if _, err := mustEnd(t, launcher, runs.Request{Selection: "*"}); err == nil {
					t.Error("the run has succeeded")
				}
				want := "start database, start cache, stop cache, stop database"
				if name != "after the last step" {
					want = "" // nothing was to be executed here
				}
				if got := strings.Join(note.all(), ", "); got != want {
					t.Errorf("got %s", got)
				}
			})
		}
	}
}

func TestExecutorThatDoesNotWaitForItsSteps(t *testing.T) {
	t.Parallel()
	for way, leave := range map[string]func() error{
		"returns": func() error { return nil },
		"panics":  func() error { panic("ouch") },
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began, returned := make(chan struct{}), make(chan struct{})
				note := new(recorded)
				launcher := newLauncher(t, runs.LauncherConfig{Executor: executorFunc(func(ctx context.Context, execution *runs.Execution) error {
					go func() { _ = execution.Step(ctx, execution.Plan().Steps[0]) }()
					<-began
					defer close(returned)
					return leave()
				})}, note.resources(), assets.New("left", func(*cache) error {
					close(began)
					<-returned
					time.Sleep(time.Second) // until the run waits for the step
					note.note("left")
					return nil
				}))
				_, err := mustEnd(t, launcher, runs.Request{Selection: "*"})
				if err == nil || !strings.Contains(err.Error(), "before step left had ended") {
					t.Errorf("got %v", err)
				}
				if got := strings.Join(note.all(), ", "); got != "start database, start cache, left, stop cache, stop database" {
					t.Errorf("the step's resources were stopped under it: %s", got)
				}
			})
		})
	}
}

// It needs the race detector: the executor's goroutines go on while the run ends.
func TestExecutorThatLeavesGoroutinesBehind(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(ctx context.Context, execution *runs.Execution, step *assets.Step){
		"that skip a step": func(_ context.Context, execution *runs.Execution, step *assets.Step) { execution.Skip(step, nil) },
		"that record": func(ctx context.Context, execution *runs.Execution, step *assets.Step) {
			_ = execution.Record(ctx, history.Event{RunID: execution.RunID(), Data: history.StepStarted{Step: step.Key, Attempt: 1}})
		},
		"that execute a step": func(ctx context.Context, execution *runs.Execution, step *assets.Step) { _ = execution.Step(ctx, step) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			left := make(chan struct{})
			launcher := newLauncher(t, runs.LauncherConfig{Executor: executorFunc(func(ctx context.Context, execution *runs.Execution) error {
				go func() {
					defer close(left)
					act(ctx, execution, execution.Plan().Steps[0])
				}()
				return nil
			})}, nil, assets.New("left", func() error { return nil }))
			_, _ = mustEnd(t, launcher, runs.Request{Selection: "*"})
			<-left
		})
	}
}

func TestExecutorThatForgetsAStepFailsTheRun(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{Executor: executorFunc(func(context.Context, *runs.Execution) error { return nil })},
		memory(), assets.New("left", func() left { return 1 }))
	record, err := mustEnd(t, launcher, runs.Request{Selection: "*"})
	if err == nil || record.Status != history.StatusFailed {
		t.Errorf("the run is %s: %v", record.Status, err)
	}
}

func TestSuccessThatTheStoreRefusesIsAFailure(t *testing.T) {
	t.Parallel()
	store := meddled(func(events []history.Event) error {
		for _, event := range events {
			if finished, ok := event.Data.(history.RunFinished); ok && finished.Status == history.StatusSucceeded {
				return fmt.Errorf("no success: %w", history.ErrTransition)
			}
		}
		return nil
	})
	launcher := newLauncher(t, runs.LauncherConfig{Store: store}, memory(), assets.New("left", func() left { return 1 }))
	record, err := mustEnd(t, launcher, runs.Request{Selection: "*"})
	if !errors.Is(err, history.ErrTransition) || record.Status != history.StatusFailed || !strings.Contains(record.Error.Message, "no success") {
		t.Errorf("the run is %s: %v", record.Status, err)
	}
}

func TestOptionsThatDoNotReturn(t *testing.T) {
	t.Parallel()
	for way, fail := range ways {
		for name, option := range map[string]fx.Option{
			"an invocation": fx.Invoke(func() { fail() }),
			"a decorator":   fx.Decorate(func(d *database) *database { fail(); return d }),
		} {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				note := new(recorded)
				launcher := newLauncher(t, runs.LauncherConfig{}, note.resources(), assets.New("left", func(*cache) left { return 1 }))
				if _, err := mustEnd(t, launcher, runs.Request{Selection: "*", Options: []fx.Option{option}}); err == nil {
					t.Error("the run has succeeded")
				}
			})
		}
	}
}

// handler is a slog.Handler that fails in one of its methods.
type handler struct {
	enabled, handle, with func()
}

func (h handler) Enabled(context.Context, slog.Level) bool  { call(h.enabled); return true }
func (h handler) Handle(context.Context, slog.Record) error { call(h.handle); return nil }
func (h handler) WithAttrs([]slog.Attr) slog.Handler        { call(h.with); return h }
func (h handler) WithGroup(string) slog.Handler             { call(h.with); return h }
func call(fail func()) {
	if fail != nil {
		fail()
	}
}

func TestLogHandlerThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for way, fail := range ways {
		for name, outside := range map[string]handler{
			"when it is asked for its level": {enabled: fail}, "when it takes a line": {handle: fail}, "when it takes attributes": {with: fail},
		} {
			t.Run(way+" "+name, func(t *testing.T) {
				t.Parallel()
				note := new(recorded)
				launcher := newLauncher(t, runs.LauncherConfig{Logger: slog.New(outside)}, append(note.resources(),
					container.Provide("transaction", func(logger *slog.Logger) *transaction {
						logger.WithGroup("group").Info("constructed")
						return &transaction{}
					}, container.PerStep())),
					assets.New("left", func(_ *cache, _ *transaction, step *assets.Context) left { step.Logger().Info("computing"); return 1 }))
				record, err := mustEnd(t, launcher, runs.Request{Selection: "*"})
				if err != nil {
					t.Errorf("the run has failed by its logger: %v", err)
				}
				logs, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID, Types: []history.EventType{history.TypeLogWritten}})
				if err != nil {
					t.Fatal(err)
				}
				var lines []string
				for _, event := range logs {
					lines = append(lines, event.Data.(history.LogWritten).Message)
				}
				got := strings.Join(lines, ", ")
				if !strings.Contains(got, "constructed") || !strings.Contains(got, "computing") || strings.Count(got, "the log handler of the launcher failed") != 1 {
					t.Errorf("got %s", got)
				}
			})
		}
	}
}

func TestObserverThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for way, fail := range ways {
		for _, at := range []history.EventType{
			history.TypeRunQueued, history.TypeRunStarting, history.TypeResourceStarting, history.TypeRunStarted, history.TypeStepStarted,
			history.TypeStepSucceeded, history.TypeResourceStopping, history.TypeRunFinished,
		} {
			t.Run(way+" at "+string(at), func(t *testing.T) {
				t.Parallel()
				note := new(recorded)
				launcher := newLauncher(t, runs.LauncherConfig{}, note.resources(), assets.New("left", func(*cache) left { return 1 }))
				var seen []int64
				record, err := mustEnd(t, launcher, runs.Request{Selection: "*", Observe: func(event history.Event) {
					seen = append(seen, event.Seq)
					if event.Type() == at {
						fail()
					}
				}})
				if err != nil || len(note.all()) != 4 {
					t.Errorf("%v, %v", err, note.all())
				}
				for i, seq := range seen {
					if seq != int64(i+1) {
						t.Errorf("the observer has seen %v", seen)
						break
					}
				}
				if len(seen) == 0 || at != history.TypeRunFinished && seen[len(seen)-1] != record.Seq {
					t.Errorf("the observer has seen %v of %d events", seen, record.Seq)
				}
			})
		}
	}
}

func TestStoreThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for way, fail := range ways {
		for _, at := range []history.EventType{
			history.TypeRunStarting, history.TypeResourceStarting, history.TypeRunStarted, history.TypeStepStarted,
			history.TypeStepSucceeded, history.TypeResourceStopping,
		} {
			t.Run(way+" at "+string(at), func(t *testing.T) {
				t.Parallel()
				note := new(recorded)
				launcher := newLauncher(t, runs.LauncherConfig{Store: meddled(func(events []history.Event) error {
					for _, event := range events {
						if event.Type() == at {
							fail()
						}
					}
					return nil
				})}, note.resources(), assets.New("left", func(*cache) left { return 1 }))
				if _, err := mustEnd(t, launcher, runs.Request{Selection: "*"}); err == nil {
					t.Error("the run has succeeded")
				}
				if got := note.all(); len(got)%2 != 0 {
					t.Errorf("resources are left: %v", got)
				}
			})
		}
		t.Run(way+" at the launch", func(t *testing.T) {
			t.Parallel()
			launcher := newLauncher(t, runs.LauncherConfig{Store: meddled(func([]history.Event) error { fail(); return nil })},
				memory(), assets.New("left", func() left { return 1 }))
			if _, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"}); err == nil {
				t.Error("a run was launched")
			}
		})
	}
}

// suspicious is an IO manager whose Check does not return.
type suspicious struct {
	iomanagers.IOManager
	fail func()
}

func (s suspicious) Check(string, reflect.Type) error { s.fail(); return nil }

// storing is an IO manager whose Store does not return.
type storing struct {
	iomanagers.IOManager
	fail func()
}

func (s storing) Store(context.Context, iomanagers.Output, any) error { s.fail(); return nil }

func TestIOManagerThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for way, fail := range ways {
		t.Run(way+" when it is asked what it can store", func(t *testing.T) {
			t.Parallel()
			launcher := newLauncher(t, runs.LauncherConfig{IO: suspicious{iomanagers.NewMemory(), fail}}, memory(), assets.New("left", func() left { return 1 }))
			if _, err := mustEnd(t, launcher, runs.Request{Selection: "*"}); err == nil {
				t.Error("the run has succeeded")
			}
		})
		t.Run(way+" when it stores", func(t *testing.T) {
			t.Parallel()
			launcher := newLauncher(t, runs.LauncherConfig{IO: storing{iomanagers.NewMemory(), fail}}, memory(), assets.New("left", func() left { return 1 }))
			record, err := mustEnd(t, launcher, runs.Request{Selection: "*"})
			if step, _ := record.Step("left"); err == nil || step.Status != history.StepStatusFailed {
				t.Errorf("the step is %s: %v", step.Status, err)
			}
		})
	}
}

// unreadable is an error whose text can't be read from a nil pointer.
type unreadable struct{ text string }

func (u *unreadable) Error() string { return u.text }

func TestErrorWithoutReadableTextFailsItsStepAlone(t *testing.T) {
	t.Parallel()
	type other int
	launcher := newLauncher(t, runs.LauncherConfig{}, new(recorded).resources(),
		assets.New("left", func() (left, error) { return 1, (*unreadable)(nil) }, assets.Retry(1, nil)),
		assets.New("other", func() other { return 2 }))
	record, err := mustEnd(t, launcher, runs.Request{Selection: "*"})
	if err == nil || !strings.Contains(err.Error(), "materializing left, attempt 2 of 2: panic: ") {
		t.Errorf("got the error %v", err)
	}
	for _, step := range record.Steps {
		want := history.StepStatusSucceeded
		if step.Key == "left" {
			want = history.StepStatusFailed
		}
		if step.Status != want {
			t.Errorf("step %s: got %s, want %s", step.Key, step.Status, want)
		}
	}
}
