package inspect_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

func TestNewLaunch(t *testing.T) {
	t.Parallel()
	subject := newShop(t)
	launch := func(request runs.Request) inspect.Launch {
		prepared, err := subject.launcher.Prepare(request)
		return inspect.NewLaunch(request, prepared.Preview(), err)
	}
	t.Run("it has the steps in order, the resources and no faults", func(t *testing.T) {
		got := launch(runs.Request{Job: "nightly"})
		want := inspect.Launch{
			Job: "nightly", Selection: "+revenue", Faults: []inspect.Fault{},
			Steps: []inspect.Step{
				{Step: "orders", Needs: []string{}, Inputs: []string{}, Outputs: []inspect.Output{{"orders", "io_manager"}}, Attempts: 1, Config: []container.Field{}},
				{Step: "revenue", Needs: []string{"orders"}, Inputs: []string{"orders"}, Outputs: []inspect.Output{{"revenue", "io_manager"}}, Attempts: 3, Config: []container.Field{}},
			},
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(inspect.Launch{}, "Resources")); diff != "" {
			t.Error(diff)
		}
		if len(got.Resources) != 3 {
			t.Errorf("got %d resources, want io_manager, pool and warehouse", len(got.Resources))
		}
	})
	t.Run("steps with a config have their fields", func(t *testing.T) {
		if got := launch(runs.Request{Selection: "greeting"}); len(got.Steps) != 1 || sources(got.Steps[0].Config)["name"] != "world default" {
			t.Errorf("got %+v", got.Steps)
		}
	})
	t.Run("ops are told from assets", func(t *testing.T) {
		for _, step := range launch(runs.Request{Job: "cleanup"}).Steps {
			if !step.Op {
				t.Errorf("%s is no op", step.Step)
			}
		}
	})
	t.Run("what is wrong stands in its faults", func(t *testing.T) {
		if got := launch(runs.Request{Selection: "orders"}); len(got.Faults) != 1 {
			t.Errorf("got %v, want that the table is missing", got.Faults)
		}
	})
}
