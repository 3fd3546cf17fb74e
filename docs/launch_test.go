package docs_test

import (
	"context"
	"fmt"
	"os"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type WarehouseConfig struct {
	Table string
	File  string `default:"warehouse.db"`
	Limit int    `default:"100"`
}

type Warehouse struct{ cfg WarehouseConfig }

func NewWarehouse(cfg WarehouseConfig) *Warehouse { return &Warehouse{cfg} }

type TableRows string

func ReadTable(w *Warehouse) TableRows {
	return TableRows(fmt.Sprintf("%d rows of %s", w.cfg.Limit, w.cfg.Table))
}

var tables = fx.Options(
	container.Provide("warehouse", NewWarehouse,
		container.Config(WarehouseConfig{}, container.AtLaunch("Table"), container.Fixed("File"))),
	assets.New("table_rows", ReadTable),
	assets.NewJob("refresh", assets.Select("table_rows")),
)

// RefreshAll launches a run for each table.
func RefreshAll(ctx context.Context, launcher *runs.Launcher, tables ...string) error {
	for _, table := range tables {
		run, err := launcher.Launch(ctx, runs.Request{
			Job: "refresh",
			Config: container.RunConfig{
				Resources: map[string]any{"warehouse": WarehouseConfig{Table: table}},
			},
			Tags: map[string]string{"table": table},
		})
		if err != nil {
			return err
		}
		if err := run.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

func Example_launch() {
	inApplication(tables, func(ctx context.Context, launcher *runs.Launcher) {
		fmt.Println(RefreshAll(ctx, launcher, "rain", "wind"))
		value, err := runs.Value[TableRows](ctx, launcher, "table_rows")
		fmt.Println(value, err)

		config, err := container.ParseRunConfig([]byte(`resources: {warehouse: {config: {tabel: rain, limit: lots, file: mine}}}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = launcher.Launch(ctx, runs.Request{Job: "refresh", Config: config})
		fmt.Println(err)
	})
	// Output:
	// <nil>
	// 100 rows of wind <nil>
	// checking the launch: 4 faults:
	//   1. resources.warehouse.config.tabel (line 1, column 34): there is no such field, did you mean "table"?
	//   2. resources.warehouse.config.limit (line 1, column 54): expected a whole number (int), not text
	//   3. resources.warehouse.config.file (line 1, column 66): the field is fixed, a launch may not set it
	//   4. resources.warehouse.config.table: missing: it must be given at launch
}

func Example_template() {
	cli.Run(context.Background(), []string{"config", "template", "--job", "refresh"}, cli.Streams{Out: os.Stdout, Err: os.Stdout},
		tables, iomanagers.Memory("io_manager"))
	// Output:
	// # Run config of job refresh. To change a setting, remove the # before it.
	// resources:
	//   warehouse:
	//     config:
	//       # string; must be given at launch
	//       table:
	//       # int; now from default
	//       #limit: 100
}
