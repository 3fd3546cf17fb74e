// Package telemetry tells OpenTelemetry what runs do: traces of runs, steps, loads, stores and
// the starts and stops of resources, and metrics of them. It is a Go module of its own, so that
// a program without OpenTelemetry does not download it.
//
// The providers belong to the program, which also says where the data goes:
//
//	fx.New(fxrun.Module, telemetry.Module, Definitions(), ...)
//
// uses the providers of the application, or else the global ones of OpenTelemetry. The page
// docs/telemetry.md lists all spans, metrics and attributes.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// scope is the name of the instrumentation.
const scope = "github.com/fxrun/fxrun/telemetry"

// Module provides a runs.Observer to an Fx application. It uses the trace.TracerProvider and the
// metric.MeterProvider of the application, or else the global ones.
var Module = fx.Module("telemetry", fx.Provide(func(p providers) (runs.Observer, error) {
	return New(Config{Traces: p.Traces, Metrics: p.Metrics})
}))

type providers struct {
	fx.In

	Traces  trace.TracerProvider `optional:"true"`
	Metrics metric.MeterProvider `optional:"true"`
}

// Config is the configuration of [New].
type Config struct {
	// Traces makes the spans. The default is the global provider, otel.GetTracerProvider().
	Traces trace.TracerProvider
	// Metrics makes the metrics. The default is the global provider, otel.GetMeterProvider().
	Metrics metric.MeterProvider
}

// Observer tells OpenTelemetry what runs do: see [New]. It is safe for concurrent use. It need
// not be closed; the program shuts down its providers after it has closed the launcher.
type Observer struct {
	tracer  trace.Tracer
	metrics metrics
}

var _ runs.Observer = (*Observer)(nil)

// New returns an observer for the field Observer of runs.LauncherConfig. The span of a run is a
// child of the span in the context of the launch. The functions of steps find the span of their
// attempt in their context, and IO managers that of the load or store, so spans that they make
// are children of it. The error says which metric the provider refuses.
func New(config Config) (*Observer, error) {
	if config.Traces == nil {
		config.Traces = otel.GetTracerProvider()
	}
	if config.Metrics == nil {
		config.Metrics = otel.GetMeterProvider()
	}
	made, err := newMetrics(config.Metrics.Meter(scope))
	if err != nil {
		return nil, fmt.Errorf("making the metrics of runs: %w", err)
	}
	return &Observer{tracer: config.Traces.Tracer(scope), metrics: made}, nil
}

// Begin begins the span of an activity: see runs.Observer.
func (o *Observer) Begin(ctx context.Context, activity runs.Activity) (context.Context, func(runs.Outcome)) {
	began := time.Now()
	about := attributes(activity)
	inner, span := o.tracer.Start(ctx, nameOf(activity), trace.WithAttributes(about...), trace.WithTimestamp(began))
	o.metrics.begin(inner, activity)
	return inner, func(outcome runs.Outcome) {
		ended := time.Now()
		if outcome.Status != "" {
			span.SetAttributes(statusKey.String(string(outcome.Status)))
		}
		if outcome.Rows > 0 {
			span.SetAttributes(rowsKey.Int64(outcome.Rows))
		}
		if outcome.Bytes > 0 {
			span.SetAttributes(bytesKey.Int64(outcome.Bytes))
		}
		if outcome.Err != nil {
			span.SetAttributes(errorTypeKey.String(errorType(outcome.Err)))
			span.RecordError(errors.New(outcome.Err.Error()), trace.WithTimestamp(ended)) // its text alone is masked
			span.SetStatus(codes.Error, outcome.Err.Error())
		}
		span.End(trace.WithTimestamp(ended))
		o.metrics.end(inner, activity, outcome, ended.Sub(began))
	}
}

// nameOf returns the name of a span. There are as many names as definitions, and not as many as
// runs.
func nameOf(activity runs.Activity) string {
	name := activity.Asset
	switch activity.Kind {
	case runs.ActivityRun:
		if name = activity.Job; name == "" {
			return string(activity.Kind)
		}
	case runs.ActivityStep:
		name = activity.Step
	case runs.ActivityStart, runs.ActivityStop:
		name = activity.Resource
	case runs.ActivityLoad, runs.ActivityStore:
	}
	return string(activity.Kind) + " " + name
}

// The keys of attributes. OpenTelemetry has conventions only for errors.
const (
	runKey       = attribute.Key("fxrun.run.id")
	jobKey       = attribute.Key("fxrun.job")
	selectionKey = attribute.Key("fxrun.selection")
	stepKey      = attribute.Key("fxrun.step")
	attemptKey   = attribute.Key("fxrun.attempt")
	resourceKey  = attribute.Key("fxrun.resource")
	assetKey     = attribute.Key("fxrun.asset")
	managerKey   = attribute.Key("fxrun.io_manager")
	statusKey    = attribute.Key("fxrun.status")
	phaseKey     = attribute.Key("fxrun.phase")
	rowsKey      = attribute.Key("fxrun.rows")
	bytesKey     = attribute.Key("fxrun.bytes")
	errorTypeKey = attribute.Key("error.type")
)

func attributes(activity runs.Activity) []attribute.KeyValue {
	about := []attribute.KeyValue{runKey.String(activity.RunID)}
	for _, one := range []attribute.KeyValue{
		jobKey.String(activity.Job), selectionKey.String(activity.Selection), stepKey.String(activity.Step),
		resourceKey.String(activity.Resource), assetKey.String(activity.Asset), managerKey.String(activity.IOManager),
	} {
		if one.Value.AsString() != "" {
			about = append(about, one)
		}
	}
	if activity.Attempt > 0 {
		about = append(about, attemptKey.Int(activity.Attempt))
	}
	return about
}

// errorType names the kind of an error, of which there are few.
func errorType(err error) string {
	if _, ok := errors.AsType[*container.PanicError](err); ok {
		return "panic"
	}
	switch {
	case errors.Is(err, runs.ErrCancelled), errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "_OTHER" // as the conventions of OpenTelemetry call it
	}
}
