package docs_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Expired is the value of an op. Only the steps of the same run can use it.
type Expired []string

func FindExpired(w *Warehouse) Expired { return Expired{w.cfg.Table + "_2019", w.cfg.Table + "_2020"} }

func DropExpired(step *assets.Context, expired Expired) error {
	step.Progress(int64(len(expired)), int64(len(expired)))
	step.Logger().Info("dropped", "tables", len(expired))
	return nil
}

var cleanup = fx.Options(
	container.Provide("warehouse", NewWarehouse, container.Config(WarehouseConfig{}, container.AtLaunch("Table"))),
	assets.NewJob("cleanup",
		assets.NewOp("find", FindExpired),
		assets.NewOp("drop", DropExpired),
		assets.NewOp("report", func() {}, assets.After("drop")),
		assets.LaunchDefaults(container.RunConfig{Resources: map[string]any{"warehouse": WarehouseConfig{Table: "rain"}}}),
		assets.JobTag("team", "climate"),
		assets.DescribeJob("drops tables that nobody needs"),
	),
)

func TestCleanup(t *testing.T) {
	result := fxruntest.RunJob(t, "cleanup", cleanup)
	logs := fxruntest.EventsOf[history.LogWritten](result)
	if len(logs) != 1 || fmt.Sprint(logs[0].Attrs.Get("tables")) != "2" {
		t.Error(logs)
	}
	if result.Record.Tags["team"] != "climate" || len(result.Statuses()) != 3 {
		t.Error(result.Record)
	}
}

var (
	errBusy     = errors.New("the service is busy")
	errRejected = errors.New("no such city")
)

// Temperature is fetched from a service that is busy at times.
type Temperature int

func FetchTemperature(step *assets.Context, cfg ForecastConfig) (Temperature, error) {
	switch {
	case cfg.City == "Atlantis":
		return 0, assets.Permanent(errRejected) // trying again would not help
	case step.Attempt() < 3:
		return 0, errBusy
	}
	return 21, nil
}

var temperature = assets.New("temperature", FetchTemperature,
	assets.Config(ForecastConfig{City: "Bern"}),
	assets.Retry(5, backoff.Jittered(backoff.Exponential(time.Millisecond, time.Second))),
	assets.Timeout(time.Minute),
)

func TestTemperatureIsTriedAgain(t *testing.T) {
	result := fxruntest.Materialize(t, "temperature", temperature)
	if failed := fxruntest.EventsOf[history.StepFailed](result); len(failed) != 2 || !failed[0].Retry {
		t.Error(failed)
	}
	_, err := fxruntest.Try(t, runs.Request{Selection: "temperature"}, temperature,
		fxruntest.Config(container.RunConfig{Steps: map[string]any{"temperature": ForecastConfig{City: "Atlantis"}}}))
	if !errors.Is(err, errRejected) {
		t.Error(err)
	}
}
