package fxrun_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// workshop is a cluster whose workers do what a test asks for.
type workshop struct {
	runs.Executor

	place string
	work  func(context.Context, *runs.Launcher) error
}

func (workshop) SecretsApart() bool { return false }

func (w workshop) Place(string) history.Cluster { return history.Cluster{Name: w.place} }

func (w workshop) Work(ctx context.Context, launcher *runs.Launcher) error {
	return w.work(ctx, launcher)
}

// workerOptions are those of an application with a worker.
func workerOptions(work func(context.Context, *runs.Launcher) error, more ...fx.Option) fx.Option {
	executor := func() runs.Executor { return workshop{runs.InProcess(runs.InProcessConfig{}), "workshop", work} }
	return fx.Options(fx.NopLogger, fxrun.Module, fxrun.Worker, fx.Provide(executor), assets.New("left", func() int { return 1 }), fx.Options(more...))
}

func TestAWorkerFollowsTheLifeOfItsApplication(t *testing.T) {
	t.Parallel()
	t.Run("it works from the start to the stop", func(t *testing.T) {
		t.Parallel()
		began, drained := make(chan *runs.Launcher, 1), false
		var launcher *runs.Launcher
		app := fxtest.New(t, workerOptions(func(ctx context.Context, launcher *runs.Launcher) error {
			began <- launcher
			<-ctx.Done()
			drained = true
			return nil
		}, fx.Populate(&launcher)))
		if len(began) > 0 {
			t.Error("it works before the start")
		}
		app.RequireStart()
		if got := <-began; got != launcher {
			t.Error("it has another launcher")
		}
		app.RequireStop()
		if !drained {
			t.Error("the stop did not wait until the worker had drained")
		}
	})
	t.Run("its error is an error of the stop", func(t *testing.T) {
		t.Parallel()
		boom := errors.New("boom")
		app := fxtest.New(t, workerOptions(func(ctx context.Context, _ *runs.Launcher) error {
			<-ctx.Done()
			return boom
		}))
		app.RequireStart()
		if err := app.Stop(t.Context()); !errors.Is(err, boom) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the stop does not wait longer than it may", func(t *testing.T) {
		t.Parallel()
		release := make(chan struct{})
		app := fxtest.New(t, workerOptions(func(context.Context, *runs.Launcher) error {
			<-release
			return nil
		}))
		app.RequireStart()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := app.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(release)
	})
	for name, work := range map[string]func(context.Context, *runs.Launcher) error{
		"an error":               func(context.Context, *runs.Launcher) error { return errors.New("boom") },
		"a panic":                func(context.Context, *runs.Launcher) error { panic("boom") },
		"a return without error": func(context.Context, *runs.Launcher) error { return nil },
	} {
		t.Run("it shuts the application down when it ends by "+name, func(t *testing.T) {
			t.Parallel()
			app := fxtest.New(t, workerOptions(work))
			app.RequireStart()
			if signal := <-app.Wait(); signal.ExitCode != 1 {
				t.Errorf("the exit code is %d", signal.ExitCode)
			}
			_ = app.Stop(t.Context())
		})
	}
}

func TestAnApplicationThatCannotBeAWorker(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option fx.Option
		want   string
	}{
		"without an executor":                {fx.Options(), "its definitions need an executor with a cluster; temporal.Executor of the Go module github.com/fxrun/fxrun/temporal has one if FXRUN_TEMPORAL_ADDRESS"},
		"with an executor of one machine":    {fx.Provide(func() runs.Executor { return runs.InProcess(runs.InProcessConfig{}) }), "the runs of this program are executed in the process that launches them"},
		"with an executor without a cluster": {fx.Provide(func() runs.Executor { return workshop{} }), "a fxrun_test.workshop, has no cluster"},
	} {
		app := fx.New(fx.NopLogger, fxrun.Module, fxrun.Worker, c.option, assets.New("left", func() int { return 1 }))
		if err := app.Err(); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
