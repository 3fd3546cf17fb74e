package fxrun_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
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
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite/sqlitefx"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

func TestLostRunsAreSettledByTheNextRunOnly(t *testing.T) {
	t.Parallel()
	store, lockers := history.NewMemoryStore(), locks.NewMemory()
	place, err := lockers.Place(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	queued := history.RunQueued{Owner: "host/1/killed@" + place, Steps: []string{"step"}}
	if _, err := store.Append(t.Context(), history.Event{RunID: "lost", Time: time.Now(), Data: queued}); err != nil {
		t.Fatal(err)
	}
	var launcher *runs.Launcher
	app := fxtest.New(t, fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"), assets.New("left", func() int { return 1 }),
		fx.Provide(func() history.Store { return store }, func() locks.Locker { return lockers }), fx.Populate(&launcher))
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

// otherStore is a store of the application's own, which is no history.MemoryStore.
type otherStore struct{ history.Store }

func TestLocksReachAsFarAsTheHistory(t *testing.T) {
	for name, test := range map[string]struct {
		given fx.Option
		want  string // the folder of locks; "" for locks in memory
	}{
		"a history in memory has locks in memory":       {fx.Options(), ""},
		"a history.MemoryStore has locks in memory":     {fx.Provide(func() history.Store { return history.NewMemoryStore() }), ""},
		"another history has locks in the home folder":  {fx.Provide(func() history.Store { return otherStore{history.NewMemoryStore()} }), "home/locks"},
		"a history in a folder has locks in the folder": {sqlitefx.Module("folder"), "folder/locks"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			t.Setenv("FXRUN_HOME", "home")
			var launcher *runs.Launcher
			app := fxtest.New(t, fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"), assets.New("left", func() int { return 1 }), test.given, fx.Populate(&launcher))
			app.RequireStart()
			defer app.RequireStop()
			run, err := launcher.Launch(t.Context(), runs.Request{Selection: "left"})
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Wait(t.Context()); err != nil {
				t.Error(err)
			}
			for _, folder := range []string{"home/locks", "folder/locks"} {
				if _, err := os.Stat(filepath.FromSlash(folder)); (err == nil) != (folder == test.want) {
					t.Errorf("the folder %s: %v", folder, err)
				}
			}
		})
	}
}

// A run that would outlast the application's stop timeout is cancelled while
// there is still time to tear it down.
func TestRunsAreCancelledBeforeTheApplicationHasStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stopping, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		var launcher *runs.Launcher
		entered, closed := make(chan struct{}), false
		app := fx.New(fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"),
			fx.Supply(fx.Annotate(history.NewMemoryStore(), fx.As(new(history.Store)))),
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
	})
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

// Fx calls no stop hook if a hook that stands after the hooks of fxrun.Module uses up the
// time of the start. The test shows what a caller of Start can do then.
func TestAfterAFailedStartTheContainerCanBeClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c *container.Container
		var launcher *runs.Launcher
		running := false
		app := fx.New(fx.NopLogger, fxrun.Module,
			container.Provide("pool", func(lc fx.Lifecycle) *Cluster {
				lc.Append(fx.StartStopHook(func() { running = true }, func() { running = false }))
				return &Cluster{}
			}, container.PerProcess(), container.Eager()),
			fx.Supply(fx.Annotate(history.NewMemoryStore(), fx.As(new(history.Store)))),
			fx.Populate(&c, &launcher),
			fx.Invoke(func(lc fx.Lifecycle) {
				lc.Append(fx.StartHook(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
			}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := app.Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the start of the application gives %v", err)
		}
		synctest.Wait()
		if err := app.Stop(t.Context()); err != nil || !running {
			t.Errorf("Fx stops the resource, but the documentation of fxrun.Module says otherwise; error %v", err)
		}
		if err := errors.Join(launcher.Close(t.Context()), c.Close()); err != nil || running {
			t.Errorf("after Close the resource runs: %v; error %v", running, err)
		}
	})
}
