package fxrun_test

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// ShopConfig is the config of a resource: fields come from defaults, code, the
// environment and the launch, in this order.
type ShopConfig struct {
	URL   string `default:"https://shop.example"`
	Table string
}

// Shop is a resource: anything external that a job touches.
type Shop struct{ cfg ShopConfig }

// NewShop is an ordinary Fx constructor, with ordinary Fx hooks.
func NewShop(lc fx.Lifecycle, cfg ShopConfig) *Shop {
	lc.Append(fx.StartStopHook(
		func() { fmt.Println("connected to", cfg.URL) },
		func() { fmt.Println("disconnected") },
	))
	return &Shop{cfg}
}

// Each asset has a type of its own.
type (
	Orders  []float64
	Revenue float64
)

// FetchOrders asks for a resource, by its type.
func FetchOrders(_ context.Context, shop *Shop) (Orders, error) {
	fmt.Println("fetching", shop.cfg.Table)
	return Orders{9.50, 20.00, 12.50}, nil
}

// ComputeRevenue asks for the value of another asset, by its type.
func ComputeRevenue(orders Orders) Revenue {
	var sum Revenue
	for _, order := range orders {
		sum += Revenue(order)
	}
	return sum
}

// A host application launches a run: its child container gets the launch-time
// config, starts what the run needs, and is torn down.
func Example() {
	var launcher *runs.Launcher
	app := fx.New(
		fxrun.Module,
		container.Provide("shop", NewShop, container.Config(ShopConfig{}, container.AtLaunch("Table"))),
		assets.New("orders", FetchOrders),
		assets.New("revenue", ComputeRevenue),
		iomanagers.Memory("io_manager"),
		fx.Populate(&launcher),
		fx.NopLogger,
	)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()

	_, err := launcher.Launch(ctx, runs.Request{Selection: "+revenue"})
	fmt.Println(err)

	run, err := launcher.Launch(ctx, runs.Request{
		Selection: "+revenue",
		Config:    container.RunConfig{Resources: map[string]any{"shop": ShopConfig{Table: "orders_2026"}}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := run.Wait(ctx); err != nil {
		fmt.Println(err)
		return
	}
	revenue, err := runs.Value[Revenue](ctx, launcher, "revenue")
	fmt.Println(revenue, err)
	// Output:
	// checking the launch: resources.shop.config.table: missing: it must be given at launch
	// connected to https://shop.example
	// fetching orders_2026
	// disconnected
	// 42 <nil>
}
