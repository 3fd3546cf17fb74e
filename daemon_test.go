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
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type pager struct{ sent chan string }

func TestTheDaemonFollowsTheLifeOfItsApplication(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	sent := &pager{make(chan string, 10)}
	var launcher *runs.Launcher
	app := fxtest.New(t, fx.NopLogger, fxrun.Module, fxrun.Daemon, fx.Supply(sent), sqlite.Module(t.TempDir()), iomanagers.Memory("io_manager"),
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
