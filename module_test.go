package fxrun_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// ownerVariable has the test binary name itself as the owner of a run.
const ownerVariable = "FXRUN_TEST_OWNER"

func TestNamesItsOwner(*testing.T) {
	if os.Getenv(ownerVariable) != "" {
		fmt.Printf("<%s>", history.Owner())
	}
}

func TestLostRunsAreSettledByTheNextRunOnly(t *testing.T) {
	t.Parallel()
	gone := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNamesItsOwner$")
	gone.Env = append(os.Environ(), ownerVariable+"=yes")
	answer, err := gone.Output()
	if err != nil {
		t.Fatal(err)
	}
	_, owner, _ := strings.Cut(string(answer), "<")
	owner, _, _ = strings.Cut(owner, ">")
	store := history.NewMemoryStore()
	queued := history.RunQueued{Owner: owner, Steps: []string{"step"}}
	if _, err := store.Append(t.Context(), history.Event{RunID: "lost", Time: time.Now(), Data: queued}); err != nil {
		t.Fatal(err)
	}
	var launcher *runs.Launcher
	app := fxtest.New(t, fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"), assets.New("left", func() int { return 1 }),
		fx.Provide(func() history.Store { return store }), fx.Populate(&launcher))
	app.RequireStart()
	defer app.RequireStop()
	if record, err := history.Find(t.Context(), store, "lost"); err != nil || record.Status != history.StatusQueued {
		t.Errorf("an application that has executed nothing yet has made the run %s, %v", record.Status, err)
	}
	run, err := launcher.Launch(t.Context(), runs.Request{Selection: "left"})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if record, err := history.Find(t.Context(), store, "lost"); err != nil || record.Status != history.StatusFailed {
		t.Errorf("after the next run the lost one is %s, %v", record.Status, err)
	}
}

// A run that would outlast the application's stop timeout is cancelled while
// there is still time to tear it down.
func TestRunsAreCancelledBeforeTheApplicationHasStopped(t *testing.T) {
	t.Parallel()
	stopping, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var launcher *runs.Launcher
	entered, closed := make(chan struct{}), false
	app := fx.New(fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"),
		container.Provide("cluster", func(lc fx.Lifecycle) *Cluster {
			lc.Append(fx.StopHook(func() error { closed = true; return stopping.Err() }))
			return &Cluster{}
		}),
		assets.New("endless", func(ctx context.Context, _ *Cluster) error {
			close(entered)
			<-ctx.Done()
			return context.Cause(ctx)
		}),
		fx.Populate(&launcher))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	<-entered
	if err := app.Stop(stopping); err == nil || stopping.Err() != nil {
		t.Errorf("got %v, want to be told of the cancelled run, in time: %v", err, stopping.Err())
	}
	select {
	case <-run.Done():
	default:
		t.Fatal("the application has stopped before the run")
	}
	if err := run.Wait(t.Context()); !closed || !errors.Is(err, runs.ErrCancelled) {
		t.Errorf("got %v, the cluster is closed: %v", err, closed)
	}
}

func TestTheLoggerIsWarnedOfReadableSecrets(t *testing.T) {
	t.Parallel()
	type login struct {
		Password string
		Key      string `secret:"false"`
	}
	var log bytes.Buffer
	app := fxtest.New(t, fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"),
		fx.Provide(func() *slog.Logger { return slog.New(slog.NewTextHandler(&log, nil)) }),
		container.Provide("cluster", func(login) *Cluster { return &Cluster{} }, container.Config(login{Password: "hunter2"})),
		fx.Invoke(func(*runs.Launcher) {}))
	app.RequireStart().RequireStop()
	text := log.String()
	if strings.Count(text, "level=WARN") != 1 || !strings.Contains(text, "resource=cluster field=Password") || strings.Contains(text, "hunter2") {
		t.Errorf("the log is %q", text)
	}
}

func TestWhatStartsAfterTheStartDeadlineOfTheApplicationIsStopped(t *testing.T) {
	t.Parallel()
	for name, starts := range map[string]func(context.Context) error{
		"a start that heeds nothing": func(context.Context) error { time.Sleep(5 * time.Second); return nil },
		"a start that goes wrong":    func(context.Context) error { return errors.New("no connection") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var running sync.Map
				pool := func(lc fx.Lifecycle) *bytes.Buffer {
					lc.Append(fx.StartStopHook(func() { running.Store("pool", true) }, func() { running.Delete("pool") }))
					lc.Append(fx.Hook{
						OnStart: func(ctx context.Context) error {
							err := starts(ctx)
							if err == nil {
								running.Store("second hook", true)
							}
							return err
						},
						OnStop: func(context.Context) error { running.Delete("second hook"); return nil },
					})
					return nil
				}
				other := func(lc fx.Lifecycle) *strings.Reader {
					lc.Append(fx.StartStopHook(func() { running.Store("other", true) }, func() { running.Delete("other") }))
					return nil
				}
				app := fx.New(fx.NopLogger, fxrun.Module,
					container.Provide("other", other, container.PerProcess(), container.Eager()),
					container.Provide("pool", pool, container.PerProcess(), container.Eager()),
					fx.Supply(fx.Annotate(history.NewMemoryStore(), fx.As(new(history.Store)))),
					fx.Invoke(func(*container.Container) {}))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := app.Start(ctx); err == nil {
					t.Error("the application has started")
				}
				time.Sleep(time.Minute)
				for left := range running.Range {
					t.Errorf("%s still runs", left)
				}
			})
		})
	}
}
