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
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite/sqlitefx"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type pager struct{ sent chan string }

func TestTheDaemonFollowsTheLifeOfItsApplication(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	sent := &pager{make(chan string, 10)}
	var launcher *runs.Launcher
	app := fxtest.New(t, fx.NopLogger, fxrun.Module, fxrun.Daemon, fx.Supply(sent), sqlitefx.Module(t.TempDir()), iomanagers.Memory("io_manager"),
		fx.Module("alerts", automation.OnRun("page", []history.Status{history.StatusFailed}, func(run history.Record, to *pager) { to.sent <- run.ID })),
		automation.NewSensor("once", func() automation.RunRequest { return automation.RunRequest{Key: "only", Selection: "left"} }, automation.Every(100*time.Millisecond)),
		assets.New("left", func() (int, error) { return 0, errors.New("no") }),
		fx.Populate(&launcher))
	app.RequireStart()
	var page string
	select {
	case page = <-sent.sent:
	case <-time.After(20 * time.Second):
		t.Fatal("nobody was paged")
	}
	time.Sleep(300 * time.Millisecond) // some more ticks
	found, err := launcher.Store().Runs(context.Background(), history.RunQuery{})
	if err != nil || len(found) != 1 || found[0].ID != page || found[0].Tags[automation.TagRunKey] != "only" {
		t.Errorf("the runs are %+v, %v; paged was %s", found, err, page)
	}
	app.RequireStop()
}

func TestFaultsOfAutomationsComeWithThoseOfAssets(t *testing.T) {
	t.Parallel()
	var launcher *runs.Launcher
	build := func(opts ...fx.Option) error {
		return fx.New(fx.NopLogger, fxrun.Module, fx.Options(opts...), fx.Populate(&launcher)).Err()
	}
	wrong := automation.NewSensor("watch", func(*strings.Builder) {})
	for name, err := range map[string]error{
		"alone":                  build(wrong),
		"with a fault of assets": build(wrong, assets.New("left", func(*strings.Reader) int { return 0 })),
	} {
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "sensor watch (daemon_test.go:") || !strings.Contains(err.Error(), "*strings.Builder") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

type bucketConfig struct{ Bucket string }

// TestAScheduleIsCheckedWithTheIOManagersOfItsRuns has an IO manager that gets its bucket at launch.
func TestAScheduleIsCheckedWithTheIOManagersOfItsRuns(t *testing.T) {
	t.Parallel()
	build := func(lifetime container.Option, opts ...fx.Option) (launcher *runs.Launcher, err error) {
		app := fx.New(fx.NopLogger, fxrun.Module, fx.Options(opts...), fx.Populate(&launcher),
			container.Provide("io_manager", func(bucketConfig) iomanagers.IOManager { return iomanagers.NewMemory() },
				container.Config(bucketConfig{}, container.AtLaunch("Bucket")), lifetime),
			assets.New("left", func() int { return 1 }),
			automation.NewSchedule("daily", "@daily", assets.Select("left")))
		return launcher, app.Err()
	}
	for lifetime, option := range map[string]container.Option{"run": container.PerRun(), "step": container.PerStep()} {
		t.Run("which live per "+lifetime+" and lack a value that only a launch could give", func(t *testing.T) {
			t.Parallel()
			_, err := build(option)
			const want = "its runs would fail: resources.io_manager.config.bucket: missing: give it in the launch defaults of the job, or by a function that asks for the run"
			if !errors.Is(err, container.ErrInvalid) || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("got %v, want an error that ends with %q", err, want)
			}
		})
		t.Run("which live per "+lifetime+" and do not start, since the application has an fxrun.IO in their place", func(t *testing.T) {
			t.Parallel()
			launcher, err := build(option, fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = launcher.Close(t.Context()) }()
			run, err := launcher.Launch(t.Context(), runs.Request{Selection: "left"})
			if err != nil {
				t.Fatal(err)
			}
			if err := run.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("which do not start if the fxrun.IO needs the graph of assets", func(t *testing.T) {
		t.Parallel()
		if _, err := build(container.PerRun(), fx.Provide(func(*assets.Graph) fxrun.IO { return fxrun.IO{IOManager: iomanagers.NewMemory()} })); err != nil {
			t.Error(err)
		}
	})
	t.Run("which do not start if the graph of assets has a fault", func(t *testing.T) {
		t.Parallel()
		_, err := build(container.PerRun(), fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}), assets.New("right", func(*strings.Reader) int { return 0 }))
		if err == nil || strings.Contains(err.Error(), "its runs would fail") {
			t.Errorf("got %v", err)
		}
	})
}
