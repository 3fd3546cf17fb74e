package main

import (
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/fxruntest"
)

// TestNightly runs the whole job in memory, and replaces the ledger with a fake.
// The constructor NewLedger is not called, and no year has to be given.
func TestNightly(t *testing.T) {
	result := fxruntest.RunJob(t, "nightly", Definitions(), fx.Replace(&Ledger{year: 1999}))
	if orders := fxruntest.Value[Orders](t, result); len(orders) != 3 || orders[0].Day != "1999-07-01" {
		t.Errorf("got %v", orders)
	}
	if revenue := fxruntest.Value[Revenue](t, result); revenue != 42 {
		t.Errorf("got %v", revenue)
	}
}
