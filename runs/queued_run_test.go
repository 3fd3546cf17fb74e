package runs_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

func TestRunsAreQueuedFromWhatWasStoredOfThem(t *testing.T) {
	t.Parallel()
	one, other := shared(t, runs.LauncherConfig{}, memory(), assets.New("left", func(c tableConfig) left { return left(len(c.Table)) }, assets.Config(tableConfig{})))
	var stored []runs.QueuedRun
	for _, table := range []string{"a", "bb", "ccc"} {
		config, err := container.RunConfig{}.Set("steps.left.config.table", table)
		if err != nil {
			t.Fatal(err)
		}
		prepared, err := one.Prepare(runs.Request{ID: "run of " + table, Selection: "left", Config: config})
		if err != nil {
			t.Fatal(err)
		}
		queued, err := prepared.Queued(time.Now())
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(queued)
		if err == nil {
			err = json.Unmarshal(text, &queued)
		}
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, queued)
	}
	if found, err := one.Store().Runs(t.Context(), history.RunQuery{}); err != nil || len(found) > 0 {
		t.Fatalf("recorded are %v, %v", found, err)
	}
	for range 2 { // once more makes no more runs
		for _, some := range [][]runs.QueuedRun{stored[1:2], stored} {
			if err := other.QueueRuns(t.Context(), some...); err != nil {
				t.Fatal(err)
			}
		}
		workUntilEmpty(t, other)
	}
	found, err := one.Store().Runs(t.Context(), history.RunQuery{Statuses: []history.Status{history.StatusSucceeded}})
	if err != nil || len(found) != 3 {
		t.Errorf("%d runs have succeeded, %v", len(found), err)
	}
}

func TestWhatCannotBeKeptIsNoQueuedRun(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(tableConfig) left { return 1 }, assets.Config(tableConfig{})))
	config, err := container.RunConfig{}.Set("steps.left.config.password", "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := launcher.Prepare(runs.Request{Selection: "left", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prepared.Queued(time.Now()); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("the error is %v", err)
	}
}
