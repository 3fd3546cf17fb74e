package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

type (
	warehouseCheck struct{ table string }
	cacheCheck     struct{}
	brokenCheck    struct{}
)

type warehouseCheckConfig struct {
	Table string `envconfig:"table"`
}

func TestResourcesCheck(t *testing.T) {
	newHome(t)
	healthy := []fx.Option{
		container.Provide("warehouse", func(c warehouseCheckConfig) *warehouseCheck { return &warehouseCheck{c.Table} },
			container.Config(warehouseCheckConfig{}, container.AtLaunch("Table")),
			container.Health(func(_ context.Context, w *warehouseCheck) error {
				if w.table == "" || w.table == "gone" {
					return errors.New("there is no table " + w.table)
				}
				return nil
			})),
		container.Provide("cache", func() *cacheCheck { return &cacheCheck{} }),
	}
	broken := append(healthy, container.Provide("broken", func() (*brokenCheck, error) { return nil, errors.New("nobody answers") }))
	const table = "resources.warehouse.config.table="

	t.Run("all are well", func(t *testing.T) {
		got := execute(t, healthy, "resources", "check", "--set", table+"orders")
		if got.code != 0 || got.err != "" {
			t.Errorf("exit code %d\n%s", got.code, got.err)
		}
		golden(t, "resources-check", got.out)
	})
	t.Run("a fault is the exit code 1, and hides no other resource", func(t *testing.T) {
		got := execute(t, broken, "resources", "check", "--set", table+"gone")
		if got.code != 1 || got.err != "" {
			t.Errorf("exit code %d\n%s", got.code, got.err)
		}
		golden(t, "resources-check-broken", got.out)
	})
	t.Run("a field that the launch must give is a fault of its resource alone", func(t *testing.T) {
		got := execute(t, healthy, "resources", "check", "--json")
		var found []inspect.ResourceHealth
		if err := json.Unmarshal([]byte(got.out), &found); err != nil || got.code != 1 || len(found) != 3 {
			t.Fatalf("exit code %d, %v\n%s%s", got.code, err, got.out, got.err)
		}
		if found[0].Status != inspect.HealthStarted || found[2].Status != inspect.HealthNotStarted || !strings.Contains(found[2].Error, "table") {
			t.Errorf("got %v", found)
		}
	})
	t.Run("wrong input starts nothing", func(t *testing.T) {
		for args, want := range map[string]string{
			"resources check warehous":               `did you mean "warehouse"?`,
			"resources check --parallel 0":           "--parallel 0",
			"resources check --limit 0s":             "--limit 0s",
			"resources check --set nothing":          "--set",
			"resources chek":                         "check",
			"resources check --set resources.x.y.z=": "--set",
		} {
			got := execute(t, healthy, strings.Fields(args)...)
			if got.code != 64 || !strings.Contains(got.err, want) {
				t.Errorf("%s: exit code %d, want 64 and %q\n%s%s", args, got.code, want, got.out, got.err)
			}
		}
	})
}
