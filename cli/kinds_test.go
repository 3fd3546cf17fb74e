package cli_test

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

func TestTheConfigOfAReplacedResourceIsWarnedOf(t *testing.T) {
	type config struct{ Table string }
	type warehouse struct{ table string }
	const warning = "warning: resources.warehouse: nothing reads this config"
	for name, replacing := range map[string]fx.Option{"fx.Replace": fx.Replace(&warehouse{"fake"}), "fx.Supply": fx.Supply(&warehouse{"fake"})} {
		t.Run(name, func(t *testing.T) {
			newHome(t)
			definitions := []fx.Option{
				replacing,
				container.Provide("warehouse", func(c config) *warehouse { return &warehouse{c.Table} }, container.Config(config{})),
				assets.New("one", func(w *warehouse) string { return w.table }),
			}
			given := []string{"--set", "resources.warehouse.config.table=x"}
			for _, args := range [][]string{
				{"run"}, {"run", "--json"}, {"run", "--dry-run"}, {"run", "--dry-run", "--json"}, {"config", "check"}, {"resource", "warehouse"}, {"asset", "one", "--value"},
			} {
				if got := execute(t, definitions, append(args, given...)...); got.code != 0 || strings.Count(got.out+got.err, warning) != 1 {
					t.Errorf("%q: exit code %d\n%s%s", args, got.code, got.out, got.err)
				}
				if got := execute(t, definitions, args...); got.code != 0 || strings.Contains(got.out+got.err, warning) {
					t.Errorf("%q without config: exit code %d\n%s%s", args, got.code, got.out, got.err)
				}
			}
			var checked struct {
				Replaced []string `json:"replaced_configs"`
			}
			if decode(t, succeed(t, definitions, append([]string{"config", "check", "--json"}, given...)...), &checked); !slices.Equal(checked.Replaced, []string{"warehouse"}) {
				t.Errorf("config check --json has %q", checked.Replaced)
			}
		})
	}
}

func TestASuppliedResourceIsNeitherStartedNorStopped(t *testing.T) {
	newHome(t)
	type limits struct{ Most int }
	definitions := []fx.Option{container.Supply("limits", limits{3}), assets.New("one", func(l limits) int { return l.Most })}
	for _, args := range [][]string{{"run"}, {"run", "-v"}} {
		if got := succeed(t, definitions, args...); strings.Contains(got, "limits") {
			t.Errorf("%q:\n%s", args, got)
		}
	}
}

func TestTheJSONOfResourcesHasWhatUsesThem(t *testing.T) {
	newHome(t)
	var one struct{ Users []string }
	decode(t, succeed(t, new(shop).definitions(), "resource", "client", "--json"), &one)
	var all []struct {
		Key   string
		Users []string
	}
	decode(t, succeed(t, new(shop).definitions(), "resources", "--json"), &all)
	if want := []string{"raw/orders"}; !slices.Equal(one.Users, want) || !slices.Equal(all[0].Users, want) || all[0].Key != "client" {
		t.Errorf("got %q and %+v, want %q", one.Users, all, want)
	}
}

func TestAnEmptyValueHasASize(t *testing.T) {
	newHome(t)
	definitions := []fx.Option{assets.New("one", func() string { return "" })}
	run := succeed(t, definitions, "run")
	for what, text := range map[string]string{"run": run, "runs show": succeed(t, definitions, "runs", "show"), "asset": succeed(t, definitions, "asset", "one")} {
		if strings.Contains(text, "bytes=") || !strings.Contains(text, "0 B") {
			t.Errorf("%s:\n%s", what, text)
		}
	}
}
