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

func ExampleNewTx() {
	c, err := container.New(
		container.Provide("db", sqlite.New, container.PerProcess(), container.Config(sqlite.Config{Path: sqlite.Memory})),
		container.Provide("tx", sqldb.NewTx),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	fmt.Println(c.Invoke(ctx, func(db *sqldb.DB) error {
		_, err := db.ExecContext(ctx, "CREATE TABLE payments (cents INTEGER)")
		return err
	}))
	// Whoever asks for a *sqldb.Tx in a run shares one transaction.
	pay := func(cents int, outcome error) func(tx *sqldb.Tx) error {
		return func(tx *sqldb.Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO payments VALUES (?)", cents); err != nil {
				return err
			}
			return outcome
		}
	}
	fmt.Println(c.Invoke(ctx, pay(100, nil)))
	fmt.Println(c.Invoke(ctx, pay(250, errors.New("account is closed"))))

	var sum int
	fmt.Println(c.Invoke(ctx, func(db *sqldb.DB) error {
		return db.QueryRowContext(ctx, "SELECT sum(cents) FROM payments").Scan(&sum)
	}))
	fmt.Println(sum, c.Close())
	// Output:
	// <nil>
	// <nil>
	// account is closed
	// <nil>
	// 100 <nil>
}
