package telemetry_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"google.golang.org/protobuf/proto"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/telemetry"
)

type (
	client  struct{}
	session struct{}
	orders  []int
	report  int
)

var errBroken = errors.New("the password hunter2 is wrong")

type clientConfig struct{ Password container.Secret[string] }

// definitions are two assets, of which the second fails in its first attempt.
func definitions(failed error) fx.Option {
	hooks := func(lc fx.Lifecycle) { lc.Append(fx.StartStopHook(func() {}, func() {})) }
	return fx.Options(
		iomanagers.Memory("io_manager"),
		container.Provide("client", func(lc fx.Lifecycle, _ clientConfig) *client { hooks(lc); return new(client) },
			container.Config(clientConfig{Password: container.NewSecret("hunter2")})),
		container.Provide("session", func(lc fx.Lifecycle, _ *client) *session { hooks(lc); return new(session) }, container.PerStep()),
		assets.New("orders", func(ctx context.Context, _ *client) orders {
			_, span := trace.SpanFromContext(ctx).TracerProvider().Tracer("user").Start(ctx, "fetch a page")
			span.End()
			return orders{1, 2, 3}
		}),
		assets.New("report", func(step *assets.Context, o orders, _ *session) (report, error) {
			if step.Attempt() == 1 {
				return 0, failed
			}
			return report(len(o)), nil
		}, assets.Retry(1, nil)),
		assets.NewJob("nightly", assets.Select("*")),
	)
}

// execute runs the job in an application, in a span of the host.
func execute(t *testing.T, traces trace.TracerProvider, metrics metric.MeterProvider, failed error) error {
	t.Helper()
	var launcher *runs.Launcher
	app := fx.New(fx.NopLogger, fxrun.Module, telemetry.Module, definitions(failed), fx.Populate(&launcher),
		fx.Provide(func() trace.TracerProvider { return traces }, func() metric.MeterProvider { return metrics }))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, host := traces.Tracer("host").Start(t.Context(), "request")
	run, err := launcher.Launch(ctx, runs.Request{Job: "nightly"})
	if err != nil {
		t.Fatal(err)
	}
	host.End()
	err = run.Wait(t.Context())
	if stopped := app.Stop(context.Background()); stopped != nil {
		t.Error(stopped)
	}
	return err
}

func newTraces(t *testing.T, options ...sdktrace.TracerProviderOption) *sdktrace.TracerProvider {
	t.Helper()
	traces := sdktrace.NewTracerProvider(options...)
	t.Cleanup(func() { _ = traces.Shutdown(context.Background()) })
	return traces
}

// tree returns each span behind the names of the spans around it.
func tree(spans tracetest.SpanStubs) []string {
	names := make(map[trace.SpanID]tracetest.SpanStub)
	for _, span := range spans {
		names[span.SpanContext.SpanID()] = span
	}
	var paths []string
	for _, span := range spans {
		path := span.Name
		for parent, ok := names[span.Parent.SpanID()]; ok; parent, ok = names[parent.Parent.SpanID()] {
			path = parent.Name + " > " + path
		}
		if span.Status.Code == codes.Error {
			path += " (failed)"
		}
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths
}

func TestTracesOfARun(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	traces := newTraces(t, sdktrace.WithSyncer(spans))
	if err := execute(t, traces, sdkmetric.NewMeterProvider(), errBroken); err != nil {
		t.Fatal(err)
	}
	got := spans.GetSpans()
	want := []string{
		"request",
		"request > run nightly",
		"request > run nightly > start client",
		"request > run nightly > step orders",
		"request > run nightly > step orders > fetch a page",
		"request > run nightly > step orders > store orders",
		"request > run nightly > step report",
		"request > run nightly > step report (failed)",
		"request > run nightly > step report > load orders",
		"request > run nightly > step report > load orders",
		"request > run nightly > step report > start session",
		"request > run nightly > step report > start session",
		"request > run nightly > step report > stop session",
		"request > run nightly > step report > stop session",
		"request > run nightly > step report > store report",
		"request > run nightly > stop client",
	}
	if diff := cmp.Diff(want, tree(got)); diff != "" {
		t.Error(diff)
	}
	for _, span := range got {
		text := ""
		for _, event := range span.Events {
			for _, attr := range event.Attributes {
				text += attr.Value.String()
			}
		}
		if text += span.Status.Description; strings.Contains(text, "hunter2") {
			t.Errorf("span %s shows a secret: %s", span.Name, text)
		}
		if span.Name == "store orders" {
			checkAttributes(t, span.Attributes, map[attribute.Key]string{
				"fxrun.job": "nightly", "fxrun.step": "orders", "fxrun.asset": "orders", "fxrun.io_manager": "io_manager", "fxrun.rows": "3", "fxrun.attempt": "1",
			})
		}
		if span.Name == "step report" && span.Status.Code == codes.Error {
			checkAttributes(t, span.Attributes, map[attribute.Key]string{"fxrun.status": "failed", "error.type": "_OTHER", "fxrun.attempt": "1"})
		}
		if span.Name == "run nightly" {
			checkAttributes(t, span.Attributes, map[attribute.Key]string{"fxrun.status": "succeeded"})
		}
	}
}

func checkAttributes(t *testing.T, attributes []attribute.KeyValue, want map[attribute.Key]string) {
	t.Helper()
	got := make(map[attribute.Key]string)
	for _, attr := range attributes {
		if _, asked := want[attr.Key]; asked {
			got[attr.Key] = attr.Value.String()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAPanicIsAFailedSpan(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	observer, err := telemetry.New(telemetry.Config{Traces: newTraces(t, sdktrace.WithSyncer(spans))})
	if err != nil {
		t.Fatal(err)
	}
	for wrong, want := range map[error]string{
		runs.ErrCancelled: "cancelled", context.DeadlineExceeded: "timeout", errBroken: "_OTHER", &container.PanicError{Value: "x"}: "panic",
	} {
		spans.Reset()
		_, done := observer.Begin(t.Context(), runs.Activity{Kind: runs.ActivityRun, RunID: "r1"})
		done(runs.Outcome{Err: wrong, Status: "failed"})
		span := spans.GetSpans()[0]
		if span.Name != "run" || span.Status.Code != codes.Error {
			t.Errorf("the span is %s, %v", span.Name, span.Status)
		}
		checkAttributes(t, span.Attributes, map[attribute.Key]string{"error.type": want, "fxrun.run.id": "r1"})
	}
}

func TestMetricsOfRuns(t *testing.T) {
	t.Parallel()
	reader := sdkmetric.NewManualReader()
	metrics := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	for range 2 {
		if err := execute(t, newTraces(t), metrics, errBroken); err != nil {
			t.Fatal(err)
		}
	}
	var collected metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &collected); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]float64)
	for _, scope := range collected.ScopeMetrics {
		for _, one := range scope.Metrics {
			switch data := one.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, point := range data.DataPoints {
					status, _ := point.Attributes.Value("fxrun.status")
					phase, _ := point.Attributes.Value("fxrun.phase")
					got[strings.TrimSpace(one.Name+" "+status.AsString()+phase.AsString())] += float64(point.Count)
				}
			case metricdata.Sum[int64]:
				for _, point := range data.DataPoints {
					got[one.Name] += float64(point.Value)
				}
			}
		}
	}
	want := map[string]float64{
		"fxrun.run.active": 0, "fxrun.run.duration succeeded": 2, "fxrun.step.duration succeeded": 4, "fxrun.step.duration failed": 2,
		"fxrun.resource.duration start": 6, "fxrun.resource.duration stop": 6, "fxrun.value.duration load": 4, "fxrun.value.duration store": 4,
		"fxrun.stored.rows": 6,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// receiver is a collector that takes traces by OTLP over HTTP.
type receiver struct {
	mu    sync.Mutex
	names []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	var export collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &export)
	}
	if err != nil || request.URL.Path != "/v1/traces" {
		http.Error(w, "not an export", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range export.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				r.names = append(r.names, span.GetName())
			}
		}
	}
}

func TestACollectorGetsTheTraces(t *testing.T) {
	t.Parallel()
	var got receiver
	server := httptest.NewServer(&got)
	defer server.Close()
	exporter, err := otlptracehttp.New(t.Context(), otlptracehttp.WithEndpointURL(server.URL+"/v1/traces"))
	if err != nil {
		t.Fatal(err)
	}
	traces := newTraces(t, sdktrace.WithBatcher(exporter))
	if err := execute(t, traces, sdkmetric.NewMeterProvider(), errBroken); err != nil {
		t.Fatal(err)
	}
	if err := traces.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	got.mu.Lock()
	defer got.mu.Unlock()
	for _, name := range []string{"run nightly", "step report", "store orders", "stop client"} {
		if !slices.Contains(got.names, name) {
			t.Errorf("the collector did not get %s: %q", name, got.names)
		}
	}
}
