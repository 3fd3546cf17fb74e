package container_test

import (
	"context"
	"fmt"

	"github.com/fxrun/fxrun/container"
)

// OrdersConfig is the config of a step.
type OrdersConfig struct {
	Limit int    `min:"1" default:"100" desc:"how many orders are fetched"`
	Since string `required:"true"`
}

func fetchOrders(_ context.Context, cfg OrdersConfig, server *Server) {
	fmt.Printf("%d orders since %s, from port %d\n", cfg.Limit, cfg.Since, server.port)
}

func ExampleStepConfig() {
	c := serverContainer()
	orders, err := c.Target("asset raw/orders", fetchOrders, container.StepConfig("raw/orders", OrdersConfig{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = c.Prepare(container.Needs(orders))
	fmt.Println(err)

	run, err := container.ParseRunConfig([]byte(`
resources:
  server: {config: {port: 80}}
steps:
  raw/orders: {config: {since: 2026-01-01}}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if run, err = run.Set("steps.raw/orders.config.limit", "5"); err != nil {
		fmt.Println(err)
		return
	}
	child, err := c.NewChild(context.Background(), container.Needs(orders), container.Launch(run))
	if err != nil {
		fmt.Println(err)
		return
	}
	err = child.Call(orders)
	if err := child.Close(err); err != nil {
		fmt.Println(err)
	}
	// Output:
	// checking the launch: steps.raw/orders.config.since: missing: set it in code, or give it at launch
	// 5 orders since 2026-01-01, from port 80
}

func ExampleSteps() {
	c := serverContainer()
	var steps []*container.Target
	for _, key := range []string{"raw/orders", "raw/customers"} {
		step, err := c.Target("asset "+key, fetchOrders, container.StepConfig(key, OrdersConfig{Since: "2026-01-01"}))
		if err != nil {
			fmt.Println(err)
			return
		}
		steps = append(steps, step)
	}
	needed, all := container.Needs(steps[0]), container.Steps(steps...)
	for _, path := range []string{"steps.raw/customers.config.limit", "steps.raw/custmers.config.limit"} {
		run, err := container.RunConfig{}.Set(path, "5")
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = c.Prepare(needed, all, container.Launch(run))
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// checking the launch: steps.raw/custmers: there is no step "raw/custmers", did you mean "raw/customers"?
}

func ExampleContainer_Template_steps() {
	c := serverContainer()
	orders, err := c.Target("asset raw/orders", fetchOrders, container.StepConfig("raw/orders", OrdersConfig{}, container.AtLaunch("Since")))
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := c.Template(container.NeedsResources(), container.Steps(orders))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(text)
	// Output:
	// resources:
	// steps:
	//   raw/orders:
	//     config:
	//       # how many orders are fetched
	//       # int; at least 1; now from default
	//       #limit: 100
	//       # string; must be given at launch
	//       since:
}
