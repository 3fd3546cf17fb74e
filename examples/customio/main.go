// Command customio has two IO managers of its own. The one in table.go keeps values
// in a table of a database. The one in branch.go wraps another IO manager. Both are
// resources with config, and need other resources.
//
//	go run ./examples/customio run
//	go run ./examples/customio run --select total --set resources.io_manager.config.branch=try
//
// The second command computes the total again, from the sales of the first command.
// It does not change the first total.
package main

import (
	"os"
	"path/filepath"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// These are three assets whose values are stored.
type (
	Sales   []int
	Total   int
	Summary struct {
		Sales int
		Mean  float64
	}
)

func FetchSales() Sales { return Sales{950, 2000, 1250} }

func ComputeTotal(sales Sales) (total Total) {
	for _, cents := range sales {
		total += Total(cents)
	}
	return total
}

func Summarize(sales Sales, total Total) Summary {
	return Summary{Sales: len(sales), Mean: float64(total) / float64(len(sales))}
}

// Definitions are the program.
func Definitions() fx.Option {
	home := fxrun.Home()
	return fx.Options(
		// Values go to files, by way of the branch: io_manager is the key of what
		// stores an asset that names no other.
		iomanagers.Files("files", iomanagers.FilesConfig{Root: filepath.Join(home, "values")}),
		container.Provide("io_manager", NewBranch, container.Config(BranchConfig{}),
			container.As[iomanagers.IOManager](), iomanagers.Checks(iomanagers.CheckCodecs())),

		// Values go to a table.
		container.Provide("database", sqlite.New,
			container.Config(sqlite.Config{Path: filepath.Join(home, "values.db")}, container.FromEnv("DATABASE"))),
		container.Provide("table", NewTable, container.Config(TableConfig{Name: "fxrun_values"}),
			container.As[iomanagers.IOManager](), iomanagers.Checks(iomanagers.CheckCodecs())),

		assets.New("sales", FetchSales),
		assets.New("total", ComputeTotal),
		assets.New("summary", Summarize, assets.IO("table")),
	)
}

func main() {
	if os.Getenv("FXRUN_HOME") == "" { // each example has a home of its own: they may run in one folder
		_ = os.Setenv("FXRUN_HOME", filepath.Join(".fxrun", "customio"))
	}
	cli.Main(Definitions())
}
