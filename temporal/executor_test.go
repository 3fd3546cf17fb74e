package temporal_test

import (
	"log/slog"
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

// A worker that waits for Temporal says so only by warnings.
func TestTheWarningsOfAnApplication(t *testing.T) {
	own := slog.New(slog.DiscardHandler)
	for name, c := range map[string]struct {
		options fx.Option
		want    *slog.Logger
	}{
		"go to its logger":                    {fx.Supply(own), own},
		"go to the default logger without it": {fx.Options(), slog.Default()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FXRUN_TEMPORAL_ADDRESS", "127.0.0.1:7233")
			var executor runs.Executor
			app := fxtest.New(t, c.options, temporal.Executor(temporal.Config{}), fx.Populate(&executor), fx.NopLogger)
			app.RequireStart()
			app.RequireStop()
			cluster, ok := executor.(*temporal.Cluster)
			if !ok {
				t.Fatalf("the executor is %T", executor)
			}
			if temporal.LoggerOf(cluster) != c.want {
				t.Error("they go to another logger")
			}
		})
	}
}
