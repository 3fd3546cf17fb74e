// One is a program of one asset, to measure how long its run takes.
package main

import (
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
)

func main() {
	cli.Main(assets.New("one", func() int { return 1 }))
}
