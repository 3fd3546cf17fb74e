//go:build unix

package processes_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/processes"
)

// pipeline is the part of an application that its processes need too.
func pipeline() fx.Option {
	return fx.Options(
		fxrun.Module,
		assets.New("report", func() error {
			fmt.Println("writing the report")
			return nil
		}),
		assets.New("risky", func() error {
			go func() { panic("nobody recovers from this") }()
			select {}
		}),
	)
}

// The main function of the application begins with
//
//	if processes.Asked() {
//		processes.Main(pipeline())
//	}
//
// After that, each step has a process of its own, and the crash of a step is an error.
func ExampleSteps() {
	var launcher *runs.Launcher
	app := fx.New(pipeline(), fx.NopLogger, fx.Populate(&launcher),
		fx.Provide(func() runs.Executor { return processes.Steps(processes.Config{}) }))
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for _, selection := range []string{"report", "risky"} {
		run, err := launcher.Launch(ctx, runs.Request{Selection: selection, Observe: func(event history.Event) {
			if line, ok := event.Data.(history.LogWritten); ok && line.Message == "writing the report" {
				fmt.Println("step", line.Step, "says:", line.Message)
			}
		}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(selection+":", run.Wait(ctx))
	}
	if err := app.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// step report says: writing the report
	// report: <nil>
	// risky: executing step risky: the process ended with exit code 2; its last output: panic: nobody recovers from this
}
