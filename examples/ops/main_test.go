package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sample makes the folder of samples below a folder of the test's own.
func sample(t *testing.T) (folder string) {
	t.Helper()
	t.Setenv("FXRUN_HOME", t.TempDir())
	folder, err := MakeSample()
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func names(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// reallyDelete is what a launch has to say.
func reallyDelete() container.RunConfig {
	return container.RunConfig{Steps: map[string]any{"delete": container.Fields{"dry_run": false}}}
}

func report(t *testing.T, result *fxruntest.Result) (last string) {
	t.Helper()
	for _, line := range fxruntest.EventsOf[history.LogWritten](result) {
		last = line.Message
	}
	return last
}

func TestNothingIsDeletedByDefault(t *testing.T) {
	folder := sample(t)
	result := fxruntest.RunJob(t, "cleanup", Definitions())
	if got, want := report(t, result), "deleted 0 of 2 old files, 0 bytes"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got, want := names(t, folder), []string{"new.txt", "old.txt", "older.txt"}; !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
}

func TestOldFilesAreDeleted(t *testing.T) {
	folder := sample(t)
	result := fxruntest.RunJob(t, "cleanup", Definitions(), fxruntest.Config(reallyDelete()))
	if got, want := report(t, result), "deleted 2 of 2 old files, 18 bytes"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got, want := names(t, folder), []string{"new.txt"}; !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
}

// stepByStep executes one step after the other, and does something before each.
type stepByStep struct{ before func(step string) }

func (e stepByStep) Execute(ctx context.Context, execution *runs.Execution) error {
	for _, step := range execution.Plan().Steps {
		e.before(step.Key)
		if err := execution.Step(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// A file that can't be deleted at first stands for one that is in use. Time in
// the bubble passes as soon as everything waits, so that the retry costs none.
func TestDeletingIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder := sample(t)
		stuck := filepath.Join(folder, "older.txt", "in use")
		request := runs.Request{Job: "cleanup", Config: reallyDelete()}
		request.Observe = func(event history.Event) {
			if _, failed := event.Data.(history.StepFailed); failed { // it now waits to try again
				if err := os.Remove(stuck); err != nil {
					t.Error(err)
				}
			}
		}
		oneByOne := stepByStep{before: func(step string) {
			if step != "delete" {
				return
			}
			if err := errors.Join(os.Remove(filepath.Dir(stuck)), os.MkdirAll(stuck, 0o755)); err != nil {
				t.Error(err)
			}
		}}
		result, err := fxruntest.Try(t, request, Definitions(), fx.Supply(fx.Annotate(oneByOne, fx.As(new(runs.Executor)))))
		if err != nil {
			t.Fatal(err)
		}
		if step, _ := result.Record.Step("delete"); step.Attempt != 2 {
			t.Errorf("it took %d attempts, want 2", step.Attempt)
		}
		if got, want := report(t, result), "deleted 2 of 2 old files, 18 bytes"; got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	})
}

// One op by itself.
func TestFind(t *testing.T) {
	folder, err := os.OpenRoot(sample(t))
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	old := fxruntest.Call[Old](t, Find, fx.Supply(folder, FindConfig{OlderThan: 365 * 24 * time.Hour}))
	if len(old) != 1 || old[0].Name != "older.txt" {
		t.Errorf("found %v", old)
	}
}
