// Fifty is a program of fifty assets that do nothing, to measure what their processes
// cost.
package main

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
)

func main() {
	var definitions []fx.Option
	for i := range 50 {
		definitions = append(definitions, assets.New(fmt.Sprintf("step/%02d", i), func() error { return nil }))
	}
	cli.Main(definitions...)
}
