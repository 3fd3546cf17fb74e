// Command flights finds out how late flights are: it fetches them from an
// airline's API, computes delays by airport and by month, and draws a report.
//
//	go run ./examples/flights run
//	go run ./examples/flights assets
//	go run ./examples/flights run --job cleanup
//
// definitions.go says what there is, assets.go what each asset is computed
// from, cleanup.go what the job cleanup does; the packages below know nothing of
// assets and runs.
package main

import (
	"os"
	"path/filepath"

	"github.com/fxrun/fxrun/cli"
)

func main() {
	if os.Getenv("FXRUN_HOME") == "" { // each example has a home of its own: they may run in one folder
		_ = os.Setenv("FXRUN_HOME", filepath.Join(".fxrun", "flights"))
	}
	cli.Main(Definitions())
}
