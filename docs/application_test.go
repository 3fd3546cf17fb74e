package docs_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inApplication starts an application of the definitions, with values in
// memory, and calls use.
func inApplication(definitions fx.Option, use func(ctx context.Context, launcher *runs.Launcher)) {
	var launcher *runs.Launcher
	app := fx.New(fxrun.Module, iomanagers.Memory("io_manager"), definitions, fx.Populate(&launcher), fx.NopLogger)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	use(ctx, launcher)
	if err := app.Stop(ctx); err != nil {
		fmt.Println(err)
	}
}

// execute launches a run and waits for its end.
func execute(ctx context.Context, launcher *runs.Launcher, request runs.Request) error {
	run, err := launcher.Launch(ctx, request)
	if err != nil {
		return err
	}
	return run.Wait(ctx)
}

// materialize runs a selection and prints a value.
func materialize[T any](definitions fx.Option, selection, asset string) {
	inApplication(definitions, func(ctx context.Context, launcher *runs.Launcher) {
		if err := execute(ctx, launcher, runs.Request{Selection: selection}); err != nil {
			fmt.Println(err)
			return
		}
		value, err := runs.Value[T](ctx, launcher, asset)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(value)
	})
}
