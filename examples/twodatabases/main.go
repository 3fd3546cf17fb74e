// Command twodatabases copies the rows of one database into another. The rows are a
// stream, so only a batch of them is in memory at a time. The copy is made in one
// transaction, so it is stored completely or not at all.
//
//	go run ./examples/twodatabases run
//	WAREHOUSE_PATH=/tmp/elsewhere.db go run ./examples/twodatabases run
//
// Both databases have the same Go type. Their keys tell them apart.
package main

import (
	"context"
	"iter"
	"os"
	"path/filepath"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// Shop asks for the resource with the key shop. If two resources have one type, a
// name tag says which one is meant.
type Shop struct {
	fx.In

	*sqldb.DB `name:"shop"`
}

// Warehouse asks for the resource with the key warehouse.
type Warehouse struct {
	fx.In

	*sqldb.DB `name:"warehouse"`
}

// Order is a row.
type Order struct {
	ID    int64 `json:"id"`
	Cents int64 `json:"cents"`
}

// SampleConfig says how many sample orders an empty shop gets.
type SampleConfig struct {
	Orders int `default:"100000" min:"1" desc:"orders that a shop without any gets"`
}

// FillShop puts sample orders into an empty shop, so that there is something to
// copy.
func FillShop(ctx context.Context, shop Shop, cfg SampleConfig) error {
	_, err := shop.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL)`)
	if err != nil {
		return err
	}
	_, err = shop.ExecContext(ctx, `WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < ?)
		INSERT INTO orders SELECT id, id * 7 % 1000 FROM n WHERE NOT EXISTS (SELECT 1 FROM orders)`, cfg.Orders)
	return err
}

// ReadOrders is a stream of the shop's orders. It is read while it is stored,
// and ends with its first error.
func ReadOrders(ctx context.Context, shop Shop) iter.Seq2[Order, error] {
	return func(yield func(Order, error) bool) {
		rows, err := shop.QueryContext(ctx, `SELECT id, cents FROM orders ORDER BY id`)
		if err != nil {
			yield(Order{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var order Order
			if err := rows.Scan(&order.ID, &order.Cents); err != nil {
				yield(Order{}, err)
				return
			}
			if !yield(order, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(Order{}, err)
		}
	}
}

// NewTransaction begins a transaction in the warehouse for a step. It commits
// when the step has succeeded, and rolls back when it has not.
func NewTransaction(lc fx.Lifecycle, warehouse Warehouse) *sqldb.Tx {
	return sqldb.NewTx(lc, warehouse.DB)
}

// LoadOrders replaces the orders in the warehouse. It stores its data itself, so it
// returns no value.
func LoadOrders(ctx context.Context, step *assets.Context, orders iter.Seq2[Order, error], tx *sqldb.Tx) error {
	for _, statement := range []string{
		`DROP TABLE IF EXISTS orders`,
		`CREATE TABLE orders (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL CHECK (cents >= 0))`,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	var copied int64
	for order, err := range orders {
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO orders VALUES (?, ?)`, order.ID, order.Cents); err != nil {
			return err
		}
		copied++
		step.Progress(copied, 0)
	}
	step.AddMetadata("rows", copied)
	return nil
}

// Definitions are the program.
func Definitions() fx.Option {
	home := fxrun.Home()
	return fx.Options(
		container.Provide("shop", sqlite.New, // SHOP_PATH, SHOP_MAX_CONNS, ...
			container.Config(sqlite.Config{Path: filepath.Join(home, "shop.db")}, container.FromEnv("SHOP"))),
		container.Provide("warehouse", sqlite.New, // WAREHOUSE_PATH, ...
			container.Config(sqlite.Config{Path: filepath.Join(home, "warehouse.db")}, container.FromEnv("WAREHOUSE"))),
		container.Provide("transaction", NewTransaction, container.PerStep()),

		assets.New("shop/sample", FillShop, assets.Config(SampleConfig{})),
		assets.New("shop/orders", ReadOrders, assets.After("shop/sample"), assets.Format("jsonl")),
		assets.New("warehouse/orders", LoadOrders),
	)
}

func main() {
	if os.Getenv("FXRUN_HOME") == "" { // each example has a home of its own: they may run in one folder
		_ = os.Setenv("FXRUN_HOME", filepath.Join(".fxrun", "twodatabases"))
	}
	cli.Main(Definitions())
}
