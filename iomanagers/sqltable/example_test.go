package sqltable_test

import (
	"context"
	"fmt"
	"iter"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
	"github.com/fxrun/fxrun/runs"
)

type Sale struct {
	Shop  string
	Cents int64
	At    time.Time
	Note  *string // NULL where there is none
}

type Sales []Sale

type Total struct {
	Shop  string
	Cents int64
}

type Totals []Total

// Assets whose values are tables. Another program reads them with SQL.
func Example() {
	var launcher *runs.Launcher
	app := fx.New(
		fx.NopLogger,
		fxrun.Module,
		container.Provide("warehouse", sqlite.New, container.PerProcess(),
			container.Config(sqlite.Config{Path: sqlite.Memory})), // or postgres.New
		sqltable.Tables("io_manager", sqltable.Config{}),
		assets.New("raw/sales", func() Sales {
			at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
			return Sales{{Shop: "north", Cents: 250, At: at}, {Shop: "south", Cents: 100, At: at}, {Shop: "north", Cents: 50, At: at}}
		}),
		assets.New("totals", func(sales Sales) Totals {
			sums := map[string]int64{}
			for _, sale := range sales {
				sums[sale.Shop] += sale.Cents
			}
			return Totals{{"north", sums["north"]}, {"south", sums["south"]}}
		}),
		// Not of the program: a look at what it leaves in the database.
		assets.New("look", func(ctx context.Context, totals Totals, db *sqldb.DB) error {
			var cents int64
			err := db.QueryRowContext(ctx, "SELECT cents FROM totals WHERE shop = 'north'").Scan(&cents)
			fmt.Println("north:", cents)
			return err
		}),
		fx.Populate(&launcher),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer app.Stop(ctx)
	run, err := launcher.Launch(ctx, runs.Request{Selection: "+look"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(run.Wait(ctx))
	// Output:
	// north: 300
	// <nil>
}

// A manager by hand, and rows that are never all in memory.
func ExampleNew() {
	c, err := container.New(container.Provide("db", sqlite.New,
		container.Config(sqlite.Config{Path: sqlite.Memory}), container.PerProcess()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	err = c.Invoke(context.Background(), func(ctx context.Context, db *sqldb.DB) error {
		manager, err := sqltable.New(db.DB, sqltable.Config{Prefix: "etl_"})
		if err != nil {
			return err
		}
		var many iter.Seq2[Total, error] = func(yield func(Total, error) bool) {
			for i := range int64(10_000) {
				if !yield(Total{Shop: fmt.Sprint("shop ", i%10), Cents: i}, nil) {
					return
				}
			}
		}
		out := iomanagers.Output{Asset: "raw/totals", Partition: "2026-01-02", Metadata: map[string]any{}}
		if err := manager.Store(ctx, out, many); err != nil {
			return err
		}
		fmt.Println(out.Metadata["rows"], "rows in", out.Metadata["table"])

		var batches iter.Seq2[[]Total, error]
		if err := manager.Load(ctx, iomanagers.Input{Asset: "raw/totals", Partition: "2026-01-02"}, &batches); err != nil {
			return err
		}
		var sum int64
		for batch, err := range batches {
			if err != nil {
				return err
			}
			for _, total := range batch {
				sum += total.Cents
			}
		}
		fmt.Println(sum)
		return nil
	})
	fmt.Println(err)
	// Output:
	// 10000 rows in etl_raw__totals
	// 49995000
	// <nil>
}
