package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

func ExampleOpen() {
	app := fx.New(
		fx.NopLogger,
		fx.Supply(sqldb.Config{DSN: container.NewSecret(":memory:"), MaxConns: 1}),
		fx.Provide(sqldb.Open("sqlite")),
		fx.Invoke(func(lc fx.Lifecycle, db *sqldb.DB) {
			lc.Append(fx.StartHook(func(ctx context.Context) error {
				var answer int
				err := db.QueryRowContext(ctx, "SELECT 6 * 7").Scan(&answer)
				fmt.Println(answer)
				return err
			}))
		}),
	)
	fmt.Println(app.Start(context.Background()))
	fmt.Println(app.Stop(context.Background()))
	// Output:
	// 42
	// <nil>
	// <nil>
}

func ExampleDB_InTx() {
	transfer := func(ctx context.Context, db *sqldb.DB) error {
		return db.InTx(ctx, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, "CREATE TABLE payments (cents INTEGER)"); err != nil {
				return err
			}
			return errors.New("account is closed") // the table goes, too
		})
	}
	app := fx.New(
		fx.NopLogger,
		fx.Supply(sqlite.Config{Path: sqlite.Memory}),
		fx.Provide(sqlite.New),
		fx.Invoke(func(lc fx.Lifecycle, db *sqldb.DB) {
			lc.Append(fx.StartHook(func(ctx context.Context) error {
				fmt.Println(transfer(ctx, db))
				fmt.Println(transfer(ctx, db))
				return nil
			}))
		}),
	)
	fmt.Println(app.Start(context.Background()))
	fmt.Println(app.Stop(context.Background()))
	// Output:
	// account is closed
	// account is closed
	// <nil>
	// <nil>
}
