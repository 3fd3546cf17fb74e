//go:build second

package main

import (
	"context"

	"github.com/fxrun/fxrun/assets"
)

const version = "second"

type (
	ordersTable struct{ Rows int }
	totalsTable struct{ Sum int }
)

// definitions have a step between those of the first version.
func definitions() []assets.Definition {
	return []assets.Definition{
		assets.New("orders", func(ctx context.Context, of *assets.Context) (ordersTable, error) {
			return ordersTable{3}, note(ctx, of)
		}),
		assets.New("totals", func(ctx context.Context, of *assets.Context, orders ordersTable) (totalsTable, error) {
			return totalsTable{orders.Rows * 100}, note(ctx, of)
		}),
		assets.New("report", func(ctx context.Context, of *assets.Context, _ totalsTable) error { return note(ctx, of) }),
	}
}
