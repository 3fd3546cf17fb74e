package main

import (
	"database/sql"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setenv points each resource to a file of the test's own, by its own prefix.
func setenv(t *testing.T) (shop, warehouse string) {
	t.Helper()
	shop, warehouse = filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")
	t.Setenv("SHOP_PATH", shop)
	t.Setenv("WAREHOUSE_PATH", warehouse)
	return shop, warehouse
}

func open(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// sums returns how many orders a database holds, and their sum.
func sums(t *testing.T, path string) (orders, cents int64) {
	t.Helper()
	err := open(t, path).QueryRowContext(t.Context(), `SELECT COUNT(*), SUM(cents) FROM orders`).Scan(&orders, &cents)
	if err != nil {
		t.Fatal(err)
	}
	return orders, cents
}

func fewOrders() runs.Request {
	return runs.Request{
		Selection: "*",
		Config:    container.RunConfig{Steps: map[string]any{"shop/sample": SampleConfig{Orders: 500}}},
	}
}

func TestAllOrdersAreCopied(t *testing.T) {
	shop, warehouse := setenv(t)
	for range 2 { // the second copy takes the place of the first
		result, err := fxruntest.Try(t, fewOrders(), Definitions())
		if err != nil {
			t.Fatal(err)
		}
		if copied, _ := result.Materialization("warehouse/orders"); copied.Metadata["rows"] != json.Number("500") {
			t.Errorf("it says %v", copied.Metadata)
		}
		wantOrders, wantCents := sums(t, shop)
		if orders, cents := sums(t, warehouse); orders != wantOrders || cents != wantCents || orders != 500 {
			t.Errorf("there are %d orders of %d, want %d of %d", orders, cents, wantOrders, wantCents)
		}
	}
}

func TestCopyThatFailsLeavesTheOldOne(t *testing.T) {
	shop, warehouse := setenv(t)
	if _, err := fxruntest.Try(t, fewOrders(), Definitions()); err != nil {
		t.Fatal(err)
	}
	_, before := sums(t, warehouse)

	// The warehouse refuses the last order: by then it has replaced its table.
	if _, err := open(t, shop).ExecContext(t.Context(), `UPDATE orders SET cents = CASE id WHEN 500 THEN -1 ELSE 1 END`); err != nil {
		t.Fatal(err)
	}
	result, err := fxruntest.Try(t, fewOrders(), Definitions())
	if err == nil || !strings.Contains(err.Error(), "CHECK constraint failed") {
		t.Fatalf("got %v", err)
	}
	if status := result.Statuses()["shop/orders"]; status != history.StepStatusSucceeded {
		t.Errorf("reading has %s", status)
	}
	if orders, after := sums(t, warehouse); orders != 500 || after != before {
		t.Errorf("there are %d orders of %d, want those of before", orders, after)
	}
}
