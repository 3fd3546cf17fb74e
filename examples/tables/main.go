// Command tables loads each table of a catalogue as soon as the catalogue has it. A
// sensor asks the catalogue, and requests one run for each new table, with the name of
// the table as config of the resource warehouse. A schedule makes a report on each
// working day, which a resource knows. A second sensor posts an alert to a webhook for
// each run that fails.
//
//	go run ./examples/tables daemon
//	go run ./examples/tables sensors
//	go run ./examples/tables sensor new_tables
//	go run ./examples/tables sensor preview new_tables
//	go run ./examples/tables schedule preview report --at 2026-12-25T06:00:00Z
//
// The environment variables CATALOGUE_URL and WEBHOOK_URL name the catalogue and the
// webhook. Without them the program has samples of its own: a catalogue that gains a table
// every ten seconds, the third of which is broken, and a webhook that prints alerts.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
)

// WarehouseConfig says which table a run loads.
type WarehouseConfig struct {
	Table string `desc:"the table to load"`
}

// Warehouse is where tables are loaded into.
type Warehouse struct{ Table string }

func NewWarehouse(cfg WarehouseConfig) *Warehouse { return &Warehouse{cfg.Table} }

// Loaded says what was loaded.
type Loaded struct {
	Table string
	Rows  int
}

// LoadTable loads the table that the launch of the run names.
func LoadTable(ctx context.Context, warehouse *Warehouse, catalogue *Catalogue) (Loaded, error) {
	rows, err := catalogue.Rows(ctx, warehouse.Table)
	return Loaded{warehouse.Table, rows}, err
}

// WatchTables asks for one run for each table. The key makes it one run for ever.
func WatchTables(ctx context.Context, catalogue *Catalogue) ([]automation.RunRequest, error) {
	names, err := catalogue.Tables(ctx)
	requests := make([]automation.RunRequest, len(names))
	for i, name := range names {
		requests[i] = automation.RunRequest{Key: name, Config: container.RunConfig{
			Resources: map[string]any{"warehouse": WarehouseConfig{Table: name}},
		}}
	}
	return requests, err
}

// Calendar knows the days on which nobody works.
type Calendar struct{ holidays []string }

func NewCalendar() *Calendar { return &Calendar{[]string{"01-01", "12-25", "12-26"}} }

// Holiday reports whether nobody works on a day.
func (c *Calendar) Holiday(day time.Time) bool {
	for _, holiday := range c.holidays {
		if day.Format("01-02") == holiday {
			return true
		}
	}
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

// PlanReport asks for a report on each working day.
func PlanReport(tick *automation.Tick, calendar *Calendar) *automation.RunRequest {
	if calendar.Holiday(tick.Scheduled()) {
		tick.Skip("nobody works on %s", tick.Scheduled().Format(time.DateOnly))
		return nil
	}
	return &automation.RunRequest{Tags: map[string]string{"day": tick.Scheduled().Format(time.DateOnly)}}
}

// Report is what the schedule makes.
type Report string

// WriteReport writes the report.
func WriteReport(calendar *Calendar) Report {
	return Report(fmt.Sprintf("%d holidays are known", len(calendar.holidays)))
}

// Alert posts an alert for a run that has failed. If the webhook cannot be reached, it is
// tried again.
func Alert(ctx context.Context, run history.Record, webhook *Webhook) error {
	return webhook.Post(ctx, fmt.Sprintf("run %s of job %s failed: %s", run.ID, run.Job, run.Error.Message))
}

// Definitions are the program.
func Definitions() fx.Option {
	return fx.Options(
		container.Provide("sample", NewSample, container.PerProcess()),
		container.Provide("catalogue", NewCatalogue, container.Config(CatalogueConfig{}, container.FromEnv("CATALOGUE"))),
		container.Provide("webhook", NewWebhook, container.Config(WebhookConfig{}, container.FromEnv("WEBHOOK"))),
		container.Provide("warehouse", NewWarehouse, container.Config(WarehouseConfig{}, container.AtLaunch("Table"))),
		container.Provide("calendar", NewCalendar),

		assets.New("loaded", LoadTable),
		assets.New("report", WriteReport),
		assets.NewJob("load_table", assets.Select("loaded")),
		assets.NewJob("daily_report", assets.Select("report")),

		automation.NewSensor("new_tables", WatchTables, automation.For("load_table"), automation.Every(2*time.Second)),
		automation.NewSchedule("report", "0 7 * * *", PlanReport, automation.For("daily_report"), automation.InZone("Europe/Berlin")),
		automation.OnRun("alert", []history.Status{history.StatusFailed}, Alert,
			automation.Retry(5, backoff.Exponential(time.Second, time.Minute))),
	)
}

func main() {
	if os.Getenv("FXRUN_HOME") == "" { // each example has a home of its own: they may run in one folder
		_ = os.Setenv("FXRUN_HOME", filepath.Join(".fxrun", "tables"))
	}
	cli.Main(Definitions())
}
