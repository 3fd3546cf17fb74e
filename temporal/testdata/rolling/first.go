//go:build !second

package main

import (
	"context"

	"github.com/fxrun/fxrun/assets"
)

const version = "first"

type ordersTable struct{ Rows int }

func definitions() []assets.Definition {
	return []assets.Definition{
		assets.New("orders", func(ctx context.Context, of *assets.Context) (ordersTable, error) {
			return ordersTable{3}, note(ctx, of)
		}),
		assets.New("report", func(ctx context.Context, of *assets.Context, _ ordersTable) error { return note(ctx, of) }),
	}
}
