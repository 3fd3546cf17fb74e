// Many is a program of ten thousand assets, to measure how long its commands
// take.
package main

import (
	"fmt"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
)

type api struct{}

func main() {
	layers := make([][]assets.Asset, 100)
	var all []assets.Asset
	for i := range layers {
		for j := range 100 {
			options := []assets.Option{assets.InGroup(fmt.Sprintf("layer_%02d", i))}
			if i > 0 {
				options = append(options, assets.After(layers[i-1][j].Key()))
			}
			asset := assets.New(fmt.Sprintf("layer_%02d/asset_%02d", i, j), func(*api) (int, error) { return j, nil }, options...)
			layers[i] = append(layers[i], asset)
			all = append(all, asset)
		}
	}
	cli.Main(
		container.Provide("api", func() *api { return &api{} }),
		assets.Set(all...),
	)
}
