package fxrun_test

import (
	"fmt"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
)

// BenchmarkHost starts an application that hosts definitions, each of which is
// an option of its own, or all of them in one set.
func BenchmarkHost(b *testing.B) {
	const count = 10_000
	var single, resources []fx.Option
	var list []assets.Asset
	for i := range count {
		asset := assets.New(fmt.Sprintf("a%d", i), func(*tenant) monthSales { return nil })
		single, list = append(single, asset), append(list, asset)
		resources = append(resources, container.Provide(fmt.Sprintf("r%d", i), func(*tenant) *desk { return nil }))
	}
	for name, opts := range map[string]fx.Option{
		"assets": fx.Options(single...), "a set of assets": assets.Set(list...), "resources": fx.Options(resources...),
	} {
		b.Run(fmt.Sprintf("of %d %s", count, name), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				app := fx.New(fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"), fx.Supply(&tenant{}), opts,
					fx.Invoke(func(*assets.Graph) {}))
				if err := app.Err(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
