// Command shop is the program that the README shows. It has two resources, two
// assets and a job.
//
//	go run ./examples/shop run --set resources.ledger.config.year=2026
package main

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/container"
)

// ShopConfig is filled from four sources. A later source wins: the default
// tags, the code, the environment (SHOP_URL and SHOP_TOKEN), the launch.
type ShopConfig struct {
	URL   string                   `default:"https://shop.example"`
	Token container.Secret[string] `default:"demo"` // shown as ****** everywhere
}

// Shop is a resource: an ordinary Fx constructor, with ordinary hooks.
type Shop struct{ cfg ShopConfig }

func NewShop(lc fx.Lifecycle, cfg ShopConfig) *Shop {
	lc.Append(fx.StartStopHook(
		func(ctx context.Context) error { return nil }, // log in, with cfg.Token.Reveal()
		func(ctx context.Context) error { return nil }, // log out
	))
	return &Shop{cfg}
}

// LedgerConfig has a field that each launch must give.
type LedgerConfig struct{ Year int }

// Ledger is a resource that needs another one: it is constructed after the
// shop has started, and stopped before it.
type Ledger struct {
	shop *Shop
	year int
}

func NewLedger(cfg LedgerConfig, shop *Shop) *Ledger { return &Ledger{shop, cfg.Year} }

// Order is one row of the asset "orders".
type Order struct {
	Day   string  `json:"day" csv:"day"`
	Price float64 `json:"price" csv:"price"`
}

// Each asset has a type of its own. Other assets ask for it by this type.
type (
	Orders  []Order
	Revenue float64
)

// FetchOrders computes the asset "orders". Its parameter is a resource.
func FetchOrders(ctx context.Context, ledger *Ledger) (Orders, error) {
	day := fmt.Sprintf("%d-07-01", ledger.year)
	return Orders{{day, 9.50}, {day, 20.00}, {day, 12.50}}, nil
}

// ComputeRevenue computes the asset "revenue". Its parameter is the value of
// the asset "orders".
func ComputeRevenue(orders Orders) Revenue {
	var sum Revenue
	for _, order := range orders {
		sum += Revenue(order.Price)
	}
	return sum
}

// Definitions returns everything that the program is made of, in any order.
func Definitions() fx.Option {
	return fx.Options(
		container.Provide("shop", NewShop, container.Config(ShopConfig{}, container.FromEnv("SHOP"))),
		container.Provide("ledger", NewLedger, container.Config(LedgerConfig{}, container.AtLaunch("Year"))),
		assets.New("orders", FetchOrders, assets.Format("csv")),
		assets.New("revenue", ComputeRevenue),
		assets.NewJob("nightly", assets.Select("+revenue")),
	)
}

func main() { cli.Main(Definitions()) }
