package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

func TestBackoffThatPanicsEndsTheStep(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("left", func() error { return errBoom }, assets.Retry(3, func(int) time.Duration { panic("ouch") })))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), "choosing when to try again: panic: ouch") {
		t.Errorf("got %v", err)
	}
	if step, _ := record.Step("left"); step.Status != history.StepStatusFailed || step.Attempt != 1 {
		t.Errorf("recorded %+v", step)
	}
}

func TestBackoffOfLessThanZeroIsNoWait(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("left", func() error { return errBoom }, assets.Retry(1, func(int) time.Duration { return -time.Hour })))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if got := events(t, launcher, record.ID); err == nil || got[1] != "left failed, attempt 1: boom; again in 0s" {
		t.Errorf("got %q", got)
	}
}

func TestCancelledByItsBackoff(t *testing.T) {
	t.Parallel()
	handles := make(chan *runs.Run, 1)
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("left", func() error { return errBoom }, assets.Retry(9, func(int) time.Duration {
			(<-handles).Cancel("enough")
			return 0
		})))
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	handles <- handle
	if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	want := []string{"left started, attempt 1", "left failed, attempt 1: boom; again in 0s", "left cancelled"}
	if diff := cmp.Diff(want, events(t, launcher, handle.ID())); diff != "" {
		t.Error(diff)
	}
}

func TestStepWhoseResourceFailsToStopHasFailed(t *testing.T) {
	t.Parallel()
	stops := 0
	launcher := newLauncher(t, runs.LauncherConfig{}, append(memory(),
		container.Provide("transaction", func(lc fx.Lifecycle) *transaction {
			lc.Append(fx.StopHook(func() error {
				if stops++; stops == 1 {
					return errBoom
				}
				return nil
			}))
			return &transaction{}
		}, container.PerStep())),
		assets.New("left", func(*transaction) error { return nil }, assets.Retry(1, nil)))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"left started, attempt 1", "left failed, attempt 1: stopping resource transaction: boom; again in 0s",
		"left started, attempt 2", "left materialized by left <nil>", "left succeeded",
	}
	if diff := cmp.Diff(want, events(t, launcher, record.ID)); diff != "" {
		t.Error(diff)
	}
}

// stuck is an IO manager that loads until its context ends.
type stuck struct{ iomanagers.IOManager }

func (stuck) Load(ctx context.Context, _ iomanagers.Input, _ any) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// forgetful is an IO manager that stores nothing and does not say so.
type forgetful struct{ iomanagers.IOManager }

func (forgetful) Store(context.Context, iomanagers.Output, any) error { return nil }

func TestValueThatItsManagerLostIsNotAskedFor(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{IO: forgetful{iomanagers.NewMemory()}}, memory(),
		assets.New("left", func() left { return 1 }), assets.New("right", func(left) right { return 2 }))
	_, err := run(t, launcher, runs.Request{Selection: "*"})
	if !errors.Is(err, iomanagers.ErrNotFound) || strings.Contains(err.Error(), "run it first") {
		t.Errorf("got %v, of a value that this run has made", err)
	}
}

// explosive can't be recorded.
type explosive struct{}

func (explosive) MarshalJSON() ([]byte, error) { panic("ouch") }

func TestValuesAreRecordedAsTheyWere(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(step *assets.Context) error {
		counts := map[string]int{"a": 1}
		step.Logger().Info("counted", "counts", counts, "bad", explosive{})
		for i := range 1000 { // while the line is being written
			counts[fmt.Sprint(i)] = i
		}
		step.AddMetadata("bad", explosive{})
		step.AddMetadata("counts", map[string]int{"a": 1})
		return nil
	}))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID})
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, event := range stored {
		var counts, bad any
		switch data := event.Data.(type) {
		case history.LogWritten:
			counts, bad = data.Attrs.Get("counts"), data.Attrs.Get("bad")
		case history.AssetMaterialized:
			counts, bad = data.Metadata["counts"], data.Metadata["bad"]
		default:
			continue
		}
		found++
		encoded, err := json.Marshal(counts)
		if err != nil || string(encoded) != `{"a":1}` || bad != "panic while encoding a runs_test.explosive: ouch" {
			t.Errorf("%s: %v", event.Type(), event.Data)
		}
	}
	if found != 2 {
		t.Errorf("%d events", found)
	}
}

func TestMetadataIsRecordedAsItWasWhenTheStepEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		counts := map[string]int{"a": 1}
		slow := meddled(func([]history.Event) error { time.Sleep(time.Second); return nil })
		launcher := newLauncher(t, runs.LauncherConfig{Store: slow}, memory(),
			assets.New("left", func(step *assets.Context) error { step.AddMetadata("counts", counts); return nil }),
			assets.New("right", func() error { counts["a"]++; return nil }, assets.After("left")))
		record, err := run(t, launcher, runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		stored, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID, Types: []history.EventType{history.TypeAssetMaterialized}})
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(stored[0].Data.(history.AssetMaterialized).Metadata); got != "map[counts:map[a:1]]" {
			t.Errorf("got %s", got)
		}
	})
}

func TestObserverThatEndsItsGoroutineDoesNotEndTheRun(t *testing.T) {
	t.Parallel()
	for _, at := range []history.EventType{
		history.TypeRunQueued, history.TypeRunStarting, history.TypeResourceStarting, history.TypeRunStarted, history.TypeStepSucceeded,
		history.TypeResourceStopping, history.TypeRunFinished,
	} {
		t.Run("at "+string(at), func(t *testing.T) {
			t.Parallel()
			resources := new(recorded)
			launcher := newLauncher(t, runs.LauncherConfig{}, resources.resources(), assets.New("left", func(*cache) left { return 1 }))
			record, err := run(t, launcher, runs.Request{Selection: "*", Observe: func(event history.Event) {
				if event.Type() == at {
					runtime.Goexit()
				}
			}})
			if err != nil || record.Steps[0].Status != history.StepStatusSucceeded || len(resources.all()) != 4 {
				t.Errorf("%v, %+v, %v", err, record, resources.all())
			}
		})
	}
}

func TestCloseWithoutRunsHasNothingToSay(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, nil)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 {
		if err := launcher.Close(ended); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCancelledWhileResourcesStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		note := new(recorded)
		launcher := newLauncher(t, runs.LauncherConfig{}, append(note.resources(),
			container.Provide("slow", func(lc fx.Lifecycle, _ *cache) *transaction {
				lc.Append(fx.StartHook(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
				return &transaction{}
			})), assets.New("left", func(*transaction) error { panic("executed") }))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if handle.Status() != history.StatusStarting {
			t.Errorf("the run is %s", handle.Status())
		}
		handle.Cancel("enough")
		if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) || handle.Status() != history.StatusCancelled {
			t.Errorf("the run is %s: %v", handle.Status(), err)
		}
		if got := strings.Join(note.all(), ", "); got != "start database, start cache, stop cache, stop database" {
			t.Errorf("got %s", got)
		}
	})
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	slow := func(each time.Duration) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			time.Sleep(each)
			return ctx.Err()
		}
	}
	t.Run("bounds the storing of a stream too", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("rows", func() func(func([]row, error) bool) {
				return func(yield func([]row, error) bool) {
					for yield([]row{{1}}, nil) {
						time.Sleep(time.Second)
					}
				}
			}, assets.Timeout(time.Minute)))
			began := time.Now()
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err == nil || !strings.Contains(err.Error(), "timed out after 1m0s: ") {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("took %s", took)
			}
		})
	})
	t.Run("bounds the loading too", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			launcher := newLauncher(t, runs.LauncherConfig{IO: stuck{iomanagers.NewMemory()}}, memory(),
				assets.New("left", func() left { return 1 }),
				assets.New("right", func(left) right { return 2 }, assets.Timeout(time.Minute)))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err == nil || !strings.Contains(err.Error(), "timed out after 1m0s: ") {
				t.Errorf("got %v", err)
			}
		})
	})
	for name, cancelAfter := range map[string]time.Duration{
		"a cancelled run is not taken for one": time.Second,
		"nor is one that was just in time":     59 * time.Second,
		"nor one that came after the timeout":  90 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
					assets.New("left", slow(2*time.Minute), assets.Timeout(time.Minute), assets.Retry(1, nil)))
				handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(cancelAfter)
				handle.Cancel("enough")
				if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) || strings.Contains(err.Error(), "timed out") {
					t.Errorf("got %v", err)
				}
				if got := events(t, launcher, handle.ID()); len(got) != 2 || got[1] != "left cancelled" {
					t.Errorf("got %q", got)
				}
			})
		})
	}
	t.Run("of zero is none", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
				assets.New("left", slow(24*time.Hour), assets.Timeout(0), assets.Retry(1, nil)))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Error(err)
			}
		})
	})
}

// Two runs of a job are under way at once: each takes its own value.
func TestOpsOfRunsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := new(recorded)
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
			assets.NewJob("cleanup",
				assets.NewOp("find", func(info container.RunInfo) left { return left(len(info.Tags)) }),
				assets.NewOp("wait", func() { time.Sleep(time.Hour) }, assets.After("find")),
				assets.NewOp("delete", func(info container.RunInfo, found left) {
					got.note(fmt.Sprint(len(info.Tags) == int(found)))
				}, assets.After("wait"))))
		for _, tags := range []map[string]string{{"a": "1"}, nil} {
			if _, err := launcher.Launch(t.Context(), runs.Request{Job: "cleanup", Tags: tags}); err != nil {
				t.Fatal(err)
			}
		}
		if err := launcher.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if all := strings.Join(got.all(), " "); all != "true true" {
			t.Errorf("a run took the other's value: %s", all)
		}
	})
}
