package runs_test

import (
	"context"
	"fmt"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type connectionConfig struct {
	Host    string `default:"localhost"`
	Port    int    `default:"5432"`
	Timeout string `default:"5s"`
}

type connection struct{}

type connections struct {
	fx.In
	Zero  *connection `name:"connection0"`
	One   *connection `name:"connection1"`
	Two   *connection `name:"connection2"`
	Three *connection `name:"connection3"`
	Four  *connection `name:"connection4"`
	Five  *connection `name:"connection5"`
	Six   *connection `name:"connection6"`
	Seven *connection `name:"connection7"`
	Eight *connection `name:"connection8"`
	Nine  *connection `name:"connection9"`
}

// BenchmarkLaunch launches an asset that does nothing and needs ten resources,
// each with a hook and a config of three fields, and waits for the run.
func BenchmarkLaunch(b *testing.B) {
	for name, opts := range map[string][]fx.Option{"": nil, " with fx options": {fx.Supply(uint8(3))}} {
		b.Run("ten resources"+name, func(b *testing.B) {
			resources := []container.Definition{iomanagers.Memory("io_manager")}
			for i := range 10 {
				resources = append(resources, container.Provide(fmt.Sprintf("connection%d", i), func(lc fx.Lifecycle, _ connectionConfig) *connection {
					lc.Append(fx.StartStopHook(func() {}, func() {}))
					return new(connection)
				}, container.Config(connectionConfig{})))
			}
			launcher := newLauncher(b, runs.LauncherConfig{}, resources, assets.New("left", func(connections) left { return 1 }))
			b.ReportAllocs()
			for b.Loop() {
				run, err := launcher.Launch(context.Background(), runs.Request{Selection: "left", Options: opts})
				if err != nil {
					b.Fatal(err)
				}
				if err := run.Wait(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
