package docs_test

import (
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/processes"
)

var _ = []any{serveIsolated, limitedJob}

// serveIsolated is the main function of an application whose runs have processes of
// their own.
func serveIsolated() {
	settings := Settings{}
	if processes.Asked() { // this process is to execute a step for another one
		processes.Main(fxrun.Module, Core(settings))
	}
	fx.New(
		Application(settings),
		fx.Provide(func() runs.Executor { return processes.Steps(processes.Config{MaxParallel: 4}) }),
	).Run()
}

func limitedJob() assets.Job {
	return assets.NewJob("nightly", assets.Select("+revenue"), assets.Timeout(2*time.Hour))
}
