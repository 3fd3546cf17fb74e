package browsertest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/server"
)

type (
	order struct {
		ID     int     `json:"id"`
		Amount float64 `json:"amount"`
		City   string  `json:"city"`
	}
	orders []order
	totals struct{ Sum float64 }
	report string

	warehouseConfig struct {
		Table    string                   `desc:"table that is written"`
		Password container.Secret[string] `desc:"password of the database"`
		MaxConns int                      `split_words:"true" default:"4" min:"1" max:"10" desc:"open connections at most"`
		Mode     string                   `default:"append" enum:"append,replace" desc:"what is done with rows that are there"`
		Timeout  time.Duration            `default:"30s" desc:"of each query"`
	}
	warehouse struct{ table string }
)

// world is what the program works with, and what a test changes.
type world struct {
	opened   chan struct{} // closed when the slow step may end
	repaired atomic.Bool
	times    atomic.Int64
}

func (w *world) definitions() fx.Option {
	return fx.Options(
		container.Provide("warehouse", func(config warehouseConfig) *warehouse { return &warehouse{config.Table} }, container.Describe("Where the tables are."),
			container.Config(warehouseConfig{}, container.FromEnv("BROWSERTEST_WAREHOUSE"), container.AtLaunch("Table"))),
		assets.New("raw/orders", func(ctx context.Context, c *assets.Context, logger *slog.Logger) (orders, error) {
			n := int(w.times.Add(1))
			logger.Info("asking the shop", "page", n)
			select {
			case <-w.opened:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			c.AddMetadata("rows", 2+n)
			return orders{{1, 2.5, "Bern"}, {2, 4, "Lagos"}}, nil
		}, assets.InGroup("raw"), assets.Describe("Orders as they came.")),
		assets.New("revenue", func(all orders, _ *warehouse) (totals, error) { return totals{float64(len(all))}, nil }, assets.InGroup("sums")),
		assets.New("report", func(totals) (report, error) {
			if !w.repaired.Load() {
				return "", fmt.Errorf("reading the template: %w", errors.New(`no column "arr_delay", did you mean "arrival_delay"?`))
			}
			return "all is well", nil
		}, assets.InGroup("sums")),
		assets.NewJob("nightly", assets.Select("+revenue"), assets.DescribeJob("Every night.")),
		automation.NewSchedule("every_night", "30 2 * * *", "reports", automation.OffByDefault(), automation.Describe("Every night, after the shop has closed.")),
		automation.NewSensor("tables", func() []automation.RunRequest {
			return []automation.RunRequest{{
				Key: "orders_2027", Tags: map[string]string{"table": "orders_2027"},
				Config: container.RunConfig{Resources: map[string]any{"warehouse": container.Fields{"table": "orders_2027"}}},
			}}
		}, automation.For("nightly"), automation.Describe("A run for each new table.")),
		assets.NewJob("reports", assets.Select("report")),
	)
}

// serve serves a program until the test ends.
func serve(t testing.TB, definitions ...fx.Option) (address string, launcher *runs.Launcher) {
	t.Helper()
	handler, launcher := handlerOf(t, nil, definitions...)
	served := httptest.NewServer(handler)
	t.Cleanup(func() {
		handler.Close()
		served.Close()
	})
	return served.URL, launcher
}

// handlerOf makes the handler of a program, which stops when the test ends. The caller closes
// the handler. change may be nil.
func handlerOf(t testing.TB, change func(*server.Config), definitions ...fx.Option) (*server.Server, *runs.Launcher) {
	t.Helper()
	var launcher *runs.Launcher
	var graph *assets.Graph
	var c *container.Container
	var automations *automation.Automations
	app := fxtest.New(t, fxrun.Module, fx.NopLogger, fx.Options(definitions...), fx.Supply(fxrun.IO{IOManager: iomanagers.NewMemory()}),
		fx.Populate(&launcher, &graph, &c, &automations))
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	config := server.Config{Inspector: inspect.New(c, graph, launcher.Store()), Graph: graph, Launcher: launcher, Automations: automations}
	if change != nil {
		change(&config)
	}
	handler, err := server.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return handler, launcher
}

// launch executes a run and waits for its end.
func launch(t *testing.T, launcher *runs.Launcher, request runs.Request) string {
	t.Helper()
	if request.Config.Resources == nil {
		request.Config.Resources = map[string]any{"warehouse": container.Fields{"table": "orders_2026"}}
	}
	run, err := launcher.Launch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	_ = run.Wait(t.Context()) // some fail
	return run.ID()
}

// many returns assets in groups, each of which needs some of the group before.
func many(groups, each int) fx.Option {
	var list []assets.Asset
	for g := range groups {
		for i := range each {
			options := []assets.Option{assets.InGroup(fmt.Sprintf("group_%02d", g))}
			if g > 0 {
				options = append(options, assets.After(fmt.Sprintf("g%02d/a%02d", g-1, i)))
			}
			list = append(list, assets.New(fmt.Sprintf("g%02d/a%02d", g, i), func() error { return nil }, options...))
		}
	}
	return assets.Set(list...)
}
