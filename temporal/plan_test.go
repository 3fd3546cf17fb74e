package temporal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

func TestPlan(t *testing.T) {
	t.Parallel()
	steps := func(count, length int) *assets.Plan {
		plan := new(assets.Plan)
		for i := range count {
			step := &assets.Step{Key: fmt.Sprintf("%0*d", length, i)}
			if i > 0 {
				step.Needs = []string{plan.Steps[0].Key}
			}
			plan.Steps = append(plan.Steps, step)
		}
		return plan
	}
	t.Run("names each step once, and what it needs by its number", func(t *testing.T) {
		t.Parallel()
		plan, err := temporal.NewPlan(steps(3, 1))
		text, _ := json.Marshal(plan.Steps)
		if want := `[{"key":"0"},{"key":"1","needs":[0]},{"key":"2","needs":[0]}]`; err != nil || string(text) != want {
			t.Errorf("got %s, %v", text, err)
		}
	})
	t.Run("of the largest number of steps is accepted", func(t *testing.T) {
		t.Parallel()
		if _, err := temporal.NewPlan(steps(temporal.MaxSteps, 100)); err != nil {
			t.Error(err)
		}
	})
	t.Run("with more steps is refused", func(t *testing.T) {
		t.Parallel()
		_, err := temporal.NewPlan(steps(temporal.MaxSteps+1, 1))
		if err == nil || !strings.Contains(err.Error(), "the run has 5001 steps, and a run on Temporal has at most 5000") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("that is too large is refused", func(t *testing.T) {
		t.Parallel()
		_, err := temporal.NewPlan(steps(1000, 2000))
		if err == nil || !strings.Contains(err.Error(), "bytes, and at most 1048576 go to Temporal") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("that is too large is refused before anything is recorded", func(t *testing.T) {
		t.Parallel()
		c, err := container.New()
		if err != nil {
			t.Fatal(err)
		}
		var many []assets.Definition
		for i := range temporal.MaxSteps + 1 {
			many = append(many, assets.New(fmt.Sprintf("asset%d", i), func() error { return nil }))
		}
		graph, err := assets.NewGraph(c, many...)
		if err != nil {
			t.Fatal(err)
		}
		cluster, err := temporal.New(temporal.Config{Address: "127.0.0.1:1"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Executor: cluster})
		if err != nil {
			t.Fatal(err)
		}
		_, err = launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "the run has 5001 steps") {
			t.Errorf("got %v", err)
		}
		if _, err := launcher.Prepare(runs.Request{Selection: "asset1"}); err != nil {
			t.Error(err)
		}
		if found, err := launcher.Store().Runs(t.Context(), history.RunQuery{}); err != nil || len(found) > 0 {
			t.Errorf("the history has %d runs, %v", len(found), err)
		}
		if err := launcher.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
