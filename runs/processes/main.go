package processes

import (
	"context"
	"errors"
	"fmt"
	"os"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/runs"
)

// Main executes the step, or the run, for which this process was started, and ends the
// process. A program that launches runs by [Steps] or [Whole] calls it at the beginning
// of its main function:
//
//	if processes.Asked() {
//		processes.Main(fxrun.Module, Definitions())
//	}
//
// options are those of the Fx application: fxrun.Module, all definitions, and what these
// take from the application. Leave out what only a server needs, such as its ports. Main
// starts the application, executes the work by its *runs.Launcher, and stops the
// application.
func Main(options ...fx.Option) {
	err := Work(context.Background(), os.Args, func(ctx context.Context, execute func(*runs.Launcher) error) error {
		var launcher *runs.Launcher
		app := fx.New(fx.NopLogger, fx.Options(options...), fx.Populate(&launcher))
		starting, cancel := context.WithTimeout(ctx, app.StartTimeout())
		defer cancel()
		if err := app.Start(starting); err != nil {
			return fmt.Errorf("starting the application: %w", err)
		}
		err := execute(launcher)
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), app.StopTimeout())
		defer cancel()
		if stopped := app.Stop(stopping); stopped != nil {
			err = errors.Join(err, fmt.Errorf("stopping the application: %w", stopped))
		}
		return err
	})
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
