package fxrun

import (
	"context"
	"fmt"
	"log/slog"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
)

// Worker makes an application that has [Module] a worker, from its start to its stop: it
// executes steps of the runs that any process with the same cluster and the same history has
// launched. The command worker of package cli does the same without an application of your
// own.
//
// The application must provide a runs.Executor that is a runs.Worker, as temporal.Executor of
// the Go module github.com/fxrun/fxrun/temporal does. It needs a history.Store and a
// locks.Locker that all launchers and workers share, such as those of package
// sqlhistory/postgres.
//
// At the stop the worker begins no more steps. Steps that are under way may go on as long as
// the executor allows it, and until the stop timeout of the application, which should be
// longer. If the worker ends by itself, which is an error, the application is shut down with
// exit code 1.
var Worker = fx.Module("fxrun.worker", fx.Invoke(startWorker))

type workerParams struct {
	fx.In

	Lifecycle  fx.Lifecycle
	Shutdowner fx.Shutdowner
	Launcher   *runs.Launcher
	Executor   runs.Executor `optional:"true"`
	Logger     *slog.Logger  `optional:"true"`
}

func startWorker(p workerParams) error {
	worker, err := runs.WorkerOf(p.Executor)
	if err != nil {
		return fmt.Errorf("%w; temporal.Executor of the Go module github.com/fxrun/fxrun/temporal "+
			"has one if FXRUN_TEMPORAL_ADDRESS has the address of the Temporal server", err)
	}
	if p.Logger == nil {
		p.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	var working error // may be read after ended is closed
	p.Lifecycle.Append(fx.Hook{
		OnStart: func(context.Context) error {
			go panics.Call(func() error { return worker.Work(ctx, p.Launcher) }, func(err error) {
				working = err
				close(ended)
				if ctx.Err() == nil {
					p.Logger.Error("the worker has ended, so the application ends", "error", err)
					_ = p.Shutdowner.Shutdown(fx.ExitCode(1))
				}
			})
			return nil
		},
		OnStop: func(stop context.Context) error {
			cancel()
			select {
			case <-ended:
				return working
			case <-stop.Done():
				return stop.Err()
			}
		},
	})
	return nil
}
