package telemetry

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/fxrun/fxrun/runs"
)

// metrics are the instruments. Their attributes have as many values as there are definitions, and
// never the ID of a run.
type metrics struct {
	active                metric.Int64UpDownCounter
	run, step, move, life metric.Float64Histogram
	rows, bytes           metric.Int64Counter
}

// boundaries are those of durations in seconds, from a trivial step to a run of a day.
var boundaries = metric.WithExplicitBucketBoundaries(0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 28800, 86400)

func newMetrics(meter metric.Meter) (made metrics, err error) {
	var errs []error
	histogram := func(name, description string) metric.Float64Histogram {
		instrument, err := meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description), boundaries)
		errs = append(errs, err)
		return instrument
	}
	counter := func(name, unit, description string) metric.Int64Counter {
		instrument, err := meter.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		errs = append(errs, err)
		return instrument
	}
	made.active, err = meter.Int64UpDownCounter("fxrun.run.active", metric.WithUnit("{run}"), metric.WithDescription("Runs that this process executes."))
	errs = append(errs, err)
	made.run = histogram("fxrun.run.duration", "How long runs took, by their status.")
	made.step = histogram("fxrun.step.duration", "How long attempts at steps took, by their status.")
	made.move = histogram("fxrun.value.duration", "How long loads and stores of values took.")
	made.life = histogram("fxrun.resource.duration", "How long starts and stops of resources took.")
	made.rows = counter("fxrun.stored.rows", "{row}", "Rows that were stored.")
	made.bytes = counter("fxrun.stored.bytes", "By", "Bytes that were stored.")
	return made, errors.Join(errs...)
}

func (m metrics) begin(ctx context.Context, activity runs.Activity) {
	if activity.Kind == runs.ActivityRun {
		m.active.Add(ctx, 1, metric.WithAttributes(jobKey.String(activity.Job)))
	}
}

func (m metrics) end(ctx context.Context, activity runs.Activity, outcome runs.Outcome, took time.Duration) {
	about := []attribute.KeyValue{jobKey.String(activity.Job)}
	if outcome.Err != nil {
		about = append(about, errorTypeKey.String(errorType(outcome.Err)))
	}
	record := func(into metric.Float64Histogram, more ...attribute.KeyValue) {
		into.Record(ctx, took.Seconds(), metric.WithAttributes(append(about, more...)...))
	}
	switch activity.Kind {
	case runs.ActivityRun:
		m.active.Add(ctx, -1, metric.WithAttributes(jobKey.String(activity.Job)))
		record(m.run, statusKey.String(string(outcome.Status)))
	case runs.ActivityStep:
		record(m.step, stepKey.String(activity.Step), statusKey.String(string(outcome.Status)))
	case runs.ActivityStart, runs.ActivityStop:
		record(m.life, resourceKey.String(activity.Resource), phaseKey.String(string(activity.Kind)))
	case runs.ActivityLoad, runs.ActivityStore:
		record(m.move, assetKey.String(activity.Asset), managerKey.String(activity.IOManager), phaseKey.String(string(activity.Kind)))
	}
	size := metric.WithAttributes(assetKey.String(activity.Asset), managerKey.String(activity.IOManager))
	if outcome.Rows > 0 {
		m.rows.Add(ctx, outcome.Rows, size)
	}
	if outcome.Bytes > 0 {
		m.bytes.Add(ctx, outcome.Bytes, size)
	}
}
