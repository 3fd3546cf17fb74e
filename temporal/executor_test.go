package temporal_test

import (
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

func TestExecutorOfAnApplication(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		worker  bool
	}{
		"without an address executes runs in its process": {"", false},
		"with an address executes runs on the workers":    {"127.0.0.1:7233", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FXRUN_TEMPORAL_ADDRESS", c.address)
			var executor runs.Executor
			app := fxtest.New(t, temporal.Executor(temporal.Config{}), fx.Populate(&executor), fx.NopLogger)
			app.RequireStart()
			app.RequireStop()
			if _, ok := executor.(runs.Worker); ok != c.worker {
				t.Errorf("the executor is %T", executor)
			}
		})
	}
}
