package sqlite_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

func Example() {
	var db *sqldb.DB
	app := fx.New(
		fx.NopLogger,
		fx.Supply(sqlite.Config{Path: sqlite.Memory}), // a file's name, outside of tests
		fx.Provide(sqlite.New),
		fx.Populate(&db),
	)
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	var answer int
	err := db.QueryRowContext(ctx, "SELECT 6 * 7").Scan(&answer)
	fmt.Println(answer, err)
	fmt.Println(app.Stop(ctx))
	// Output:
	// 42 <nil>
	// <nil>
}
