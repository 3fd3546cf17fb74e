package container_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// API is a client of some service.
type API struct{ url string }

// APIConfig says where the service is.
type APIConfig struct {
	BaseURL string        `required:"true" desc:"where the service is"`
	Timeout time.Duration `default:"30s"`
	Key     container.Secret[string]
}

// NewAPI is an ordinary Fx constructor with ordinary Fx hooks.
func NewAPI(lc fx.Lifecycle, cfg APIConfig) *API {
	lc.Append(fx.StartStopHook(
		func() { fmt.Println("logging in to", cfg.BaseURL, "within", cfg.Timeout) },
		func() { fmt.Println("logging out") },
	))
	return &API{cfg.BaseURL}
}

// Warehouse is where results go.
type Warehouse struct{ table string }

// WarehouseConfig names the table.
type WarehouseConfig struct {
	Table string `default:"orders"`
	Batch int    `default:"100"`
}

// Write writes.
func (w *Warehouse) Write(rows int) { fmt.Println("writing", rows, "rows to", w.table) }

// NewWarehouse needs nothing.
func NewWarehouse(cfg WarehouseConfig) *Warehouse { return &Warehouse{cfg.Table} }

// Writer is what code that writes depends on.
type Writer interface{ Write(rows int) }

func Example() {
	c, err := container.New(
		container.Provide("api", NewAPI, container.Config(APIConfig{BaseURL: "https://api.example"})),
		container.Provide("warehouse", NewWarehouse, container.Config(WarehouseConfig{})),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Only what the function asks for is started: the warehouse is not.
	err = c.Invoke(context.Background(), func(ctx context.Context, api *API) error {
		fmt.Println("calling", api.url)
		return nil
	})
	fmt.Println(err)
	// Output:
	// logging in to https://api.example within 30s
	// calling https://api.example
	// logging out
	// <nil>
}

func ExampleConfig() {
	c, err := container.New(container.Provide("api", NewAPI, container.Config(
		APIConfig{Timeout: time.Minute}, // over the default tag
		container.FromEnv("EXAMPLE_API"),
		container.AtLaunch("BaseURL"),
	)))
	if err != nil {
		fmt.Println(err)
		return
	}
	needAPI := container.NeedsResources("api")
	_, err = c.Prepare(needAPI)
	fmt.Println(err)

	prepared, err := c.Prepare(needAPI, container.Launch(container.RunConfig{Resources: map[string]any{
		"api": APIConfig{BaseURL: "https://staging.example", Key: container.NewSecret("xyz")},
	}}))
	preview := prepared.Preview()
	for _, field := range preview.Resources[0].Config {
		fmt.Printf("%s = %s (%s)\n", field.Path, field.Value, field.Source)
	}
	fmt.Println(err)
	// Output:
	// checking the launch: resources.api.config.base_url: missing: it must be given at launch
	// base_url = https://staging.example (launch)
	// timeout = 1m0s (code)
	// key = ****** (launch)
	// <nil>
}

func ExampleParseRunConfig() {
	c, err := container.New(container.Provide("warehouse", NewWarehouse, container.Config(WarehouseConfig{})))
	if err != nil {
		fmt.Println(err)
		return
	}
	run, err := container.ParseRunConfig([]byte(`
resources:
  warehouse:
    config:
      table: orders_2026
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = c.Invoke(context.Background(), func(w *Warehouse) { w.Write(3) }, container.Launch(run))
	fmt.Println(err)

	run, err = run.Set("resources.warehouse.config.tabel", "orders_2027")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Prepare(container.Launch(run))
	fmt.Println(err)
	// Output:
	// writing 3 rows to orders_2026
	// <nil>
	// checking the launch: resources.warehouse.config.tabel: there is no such field, did you mean "table"?
}

func ExampleFields() {
	c, err := container.New(container.Provide("warehouse", func(cfg WarehouseConfig) *Warehouse {
		fmt.Printf("%+v\n", cfg)
		return &Warehouse{}
	}, container.Config(WarehouseConfig{Table: "orders"})))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, config := range []any{
		WarehouseConfig{Batch: 0, Table: "t"}, // zero fields say nothing
		container.Fields{"batch": 0},          // here they count
	} {
		if err := c.Invoke(context.Background(), func(*Warehouse) {},
			container.Launch(container.RunConfig{Resources: map[string]any{"warehouse": config}})); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// {Table:t Batch:100}
	// {Table:orders Batch:0}
}

func ExampleAround() {
	newTransaction := func(lc fx.Lifecycle) *Warehouse {
		container.Around(lc, func(ctx context.Context, yield func() error) error {
			fmt.Println("begin")
			defer fmt.Println("connection closed")
			if err := yield(); err != nil {
				fmt.Println("roll back:", err)
				return nil
			}
			fmt.Println("commit")
			return nil
		})
		return &Warehouse{"orders"}
	}
	c, err := container.New(container.Provide("transaction", newTransaction))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, outcome := range []error{nil, errors.New("the third row is broken")} {
		_ = c.Invoke(context.Background(), func(w *Warehouse) error {
			w.Write(2)
			return outcome
		})
	}
	// Output:
	// begin
	// writing 2 rows to orders
	// commit
	// connection closed
	// begin
	// writing 2 rows to orders
	// roll back: the third row is broken
	// connection closed
}

// In a test, fx.Replace stands in for a resource: its constructor is not
// called, and the config that it requires is not asked for.
func ExampleContainer_Invoke_replace() {
	c, err := container.New(container.Provide("api", NewAPI, container.Config(APIConfig{})))
	if err != nil {
		fmt.Println(err)
		return
	}
	call := func(api *API) { fmt.Println("calling", api.url) }
	fmt.Println(c.Invoke(context.Background(), call))
	fmt.Println(c.Invoke(context.Background(), call, fx.Replace(&API{"a fake"})))
	// Output:
	// checking the launch: resources.api.config.base_url: missing: set it in code, or give it at launch
	// calling a fake
	// <nil>
}

func ExampleSupply() {
	c, err := container.New(container.Supply("warehouse", &Warehouse{"archive"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Invoke(context.Background(), func(w *Warehouse) { w.Write(1) }))
	// Output:
	// writing 1 rows to archive
	// <nil>
}

func ExampleAs() {
	c, err := container.New(
		container.Provide("warehouse", NewWarehouse, container.Config(WarehouseConfig{}), container.As[Writer]()),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Invoke(context.Background(), func(w Writer) { w.Write(5) }))
	// Output:
	// writing 5 rows to orders
	// <nil>
}

// Two resources of one type are told apart by their keys, as names.
func ExampleProvide_twoOfOneType() {
	c, err := container.New(
		container.Provide("staging", NewWarehouse, container.Config(WarehouseConfig{Table: "staging"})),
		container.Provide("production", NewWarehouse, container.Config(WarehouseConfig{Table: "production"})),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	type warehouses struct {
		fx.In
		From *Warehouse `name:"staging"`
		To   *Warehouse `name:"production"`
	}
	fmt.Println(c.Invoke(context.Background(), func(w warehouses) { fmt.Println("copying", w.From.table, "to", w.To.table) }))
	// Output:
	// copying staging to production
	// <nil>
}

func ExampleObserve() {
	c, err := container.New(container.Provide("warehouse", func() (*Warehouse, error) { return nil, errors.New("connection refused") }))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = c.Invoke(context.Background(), func(*Warehouse) {}, container.Observe(func(e container.Event) {
		fmt.Println(e.Resource, e.Phase, e.Err)
	}))
	// Output:
	// warehouse starting <nil>
	// warehouse started constructing resource warehouse: connection refused
}

func ExampleNew_faults() {
	_, err := container.New(
		container.Provide("warehouse", NewWarehouse),
		container.Provide("report", func(*Warehouse, *API) *int { return nil }),
		container.Provide("report", func() string { return "" }),
	)
	var faults *container.Faults
	if errors.As(err, &faults) {
		fmt.Println(len(faults.Errs), "faults")
	}
	// Output:
	// 3 faults
}

func ExampleSecret() {
	key := container.NewSecret("xyz")
	fmt.Printf("%v %+v %#v\n", key, key, []container.Secret[string]{key})
	fmt.Println(key.Reveal())
	// Output:
	// ****** ****** []config.Secret[string]{******}
	// xyz
}

func ExampleContainer_NewChild() {
	c, err := container.New(container.Provide("warehouse", NewWarehouse, container.Config(WarehouseConfig{})))
	if err != nil {
		fmt.Println(err)
		return
	}
	target, err := c.Target("the nightly copy", func(w *Warehouse) { w.Write(7) })
	if err != nil {
		fmt.Println(err)
		return
	}
	child, err := c.NewChild(context.Background(), container.Needs(target))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = child.Call(target)
	fmt.Println(errors.Join(err, child.Close(err)))
	// Output:
	// writing 7 rows to orders
	// <nil>
}
