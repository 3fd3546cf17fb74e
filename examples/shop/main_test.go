package main

import (
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// The whole job runs without the shop: a fake stands in for a resource, whose
// constructor is not called and whose config is not asked for.
func TestNightly(t *testing.T) {
	var launcher *runs.Launcher
	app := fxtest.New(t, fxrun.Module, Definitions(),
		fx.Replace(&Ledger{year: 1999}),
		iomanagers.Memory("io_manager"),
		fx.Populate(&launcher),
	)
	app.RequireStart()
	defer app.RequireStop()

	run, err := launcher.Launch(t.Context(), runs.Request{Job: "nightly"})
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	orders, err := launcher.Value(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	if got := orders.(Orders); len(got) != 3 || got[0].Day != "1999-07-01" {
		t.Errorf("got %v", got)
	}
}
