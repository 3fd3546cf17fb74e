package telemetry_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/telemetry"
)

// NewTracerProvider sends spans to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names.
func NewTracerProvider(lc fx.Lifecycle) (trace.TracerProvider, error) {
	exporter, err := otlptracehttp.New(context.Background())
	if err != nil {
		return nil, err
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	lc.Append(fx.StopHook(provider.Shutdown))
	return provider, nil
}

// NewMeterProvider keeps metrics that nothing reads yet.
func NewMeterProvider() metric.MeterProvider { return sdkmetric.NewMeterProvider() }

func Definitions() fx.Option { return assets.New("orders", func() int { return 1 }) }

func NewApplication(opts ...fx.Option) *fx.App {
	return fx.New(
		fxrun.Module,
		telemetry.Module,
		Definitions(),
		fx.Provide(NewTracerProvider, NewMeterProvider),
		fx.Options(opts...),
	)
}

func Example() {
	fmt.Println(NewApplication(fx.NopLogger).Err())
	// Output: <nil>
}
