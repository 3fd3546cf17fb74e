package assets_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
)

type (
	client  struct{ name string }
	orders  []int
	prices  []int
	revenue struct{ total int }
)

func newContainer(t *testing.T, definitions ...container.Definition) *container.Container {
	t.Helper()
	c, err := container.New(definitions...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func shop(t *testing.T) *assets.Graph {
	t.Helper()
	c := newContainer(t, container.Supply("client", &client{"c"}))
	g, err := assets.NewGraph(c,
		assets.New("raw/orders", func(ctx context.Context, step *assets.Context, c *client) (orders, error) { return orders{1, 2}, nil },
			assets.InGroup("raw"), assets.Tags("daily")),
		assets.New("raw/prices", func(c *client) prices { return prices{3, 4} }, assets.InGroup("raw")),
		assets.New("revenue", func(in struct {
			fx.In
			Client *client `name:"client"`
			Orders orders  `name:"raw/orders"`
			Prices prices
		}) (revenue, error) {
			return revenue{in.Orders[0]*in.Prices[0] + in.Orders[1]*in.Prices[1]}, nil
		}),
		assets.New("audit", func(context.Context) error { return nil }, assets.After("revenue")),
		assets.NewJob("nightly", assets.Select("+revenue")),
	)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestPlanOfASelection(t *testing.T) {
	t.Parallel()
	plan, err := shop(t).Plan("revenue+ or raw/prices")
	if err != nil {
		t.Fatal(err)
	}
	type step struct {
		Asset  string
		Needs  []string
		Inputs []assets.Input
	}
	var got []step
	for _, s := range plan.Steps {
		got = append(got, step{s.Asset, s.Needs, s.Inputs})
	}
	want := []step{
		{Asset: "raw/prices"},
		{"revenue", []string{"raw/prices"}, []assets.Input{
			{Asset: "raw/orders", Type: reflect.TypeFor[orders](), IO: "io_manager"},
			{Asset: "raw/prices", Type: reflect.TypeFor[prices](), IO: "io_manager", Planned: true},
		}},
		{"audit", []string{"revenue"}, nil},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b reflect.Type) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
}

func TestCallGivesEachParameterItsValue(t *testing.T) {
	t.Parallel()
	plan, err := shop(t).Plan("revenue")
	if err != nil {
		t.Fatal(err)
	}
	step := plan.Steps[0]
	value, err := step.Call(assets.Call{
		Context: t.Context(), Step: assets.NewContext(assets.ContextConfig{}),
		Arguments: []reflect.Value{reflect.ValueOf(&client{"c"})},
		Inputs:    []reflect.Value{reflect.ValueOf(orders{1, 2}), reflect.ValueOf(prices{3, 4})},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := value.Interface().(revenue); got.total != 11 {
		t.Error(got)
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	g := shop(t)
	for _, test := range []struct{ expression, want string }{
		{"*", "audit raw/orders raw/prices revenue"},
		{"raw/*", "raw/orders raw/prices"},
		{"*e*u*", "revenue"},
		{"+revenue", "raw/orders raw/prices revenue"},
		{"1+audit", "audit revenue"},
		{"0+audit", "audit"},
		{"raw/orders+1", "raw/orders revenue"},
		{"raw/orders+", "audit raw/orders revenue"},
		{"1+revenue+1", "audit raw/orders raw/prices revenue"},
		{"group:raw and not tag:daily", "raw/prices"},
		{"not (raw/* or audit)", "revenue"},
		{"audit, revenue", "audit revenue"},
		{"audit raw/prices", "audit raw/prices"},
		{"raw/orders and raw/prices", ""},
		{"audit or raw/* and tag:daily", "audit raw/orders"},
	} {
		t.Run(test.expression, func(t *testing.T) {
			t.Parallel()
			keys, err := g.Select(test.expression)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(keys, " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	for _, test := range []struct{ expression, want string }{
		{"revenu", `there is no asset "revenu", did you mean "revenue"?`},
		{"group:rwa", `no asset has the group "rwa", did you mean "raw"?`},
		{"grp:raw", `"grp:" is no kind of selection, did you mean "group"?`},
		{"raw2/*", `no asset matches "raw2/*"`},
		{"", `the selection is empty: * selects everything`},
		{"(audit", `a parenthesis is not closed`},
		{"audit)", `unexpected ")"`},
		{"audit and", `a name is missing at the end`},
		{"and audit", `a name is missing before "and"`},
		{"x+audit", `"x+audit" is no selection`},
	} {
		t.Run("refuses "+test.expression, func(t *testing.T) {
			t.Parallel()
			_, err := g.Select(test.expression)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzSelect(f *testing.F) {
	c, err := container.New()
	if err != nil {
		f.Fatal(err)
	}
	g, err := assets.NewGraph(c, assets.New("a", func() int { return 1 }, assets.InGroup("g")), assets.New("b/c", func(int) string { return "" }))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"+a", "a+1 and (b/* or not group:g)", "((", "1+a+1", "a,,b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		keys, err := g.Select(expression)
		if err == nil && len(keys) > 2 {
			t.Error(keys)
		}
	})
}

func TestFaultsOfTheGraph(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Supply("client", &client{"c"}), container.Supply("prices", prices{1}))
	_, err := assets.NewGraph(c,
		assets.New("a", func(orders) (int, error) { return 0, nil }),
		assets.New("a", func() error { return nil }),
		assets.New("b", func() orders { return nil }, assets.After("c1")),
		assets.New("c", func() orders { return nil }),
		assets.New("d", func(prices) error { return nil }),
		assets.New("p", func() prices { return nil }),
		assets.New("e", func(*orders) error { return nil }),
		assets.New("f", func(in struct {
			fx.In
			X orders `name:"raww"`
			Y int    `name:"c"`
		}) (string, error) {
			return "", nil
		}),
		assets.New("bad key", func() {}),
		assets.New("x", func(uint8) uint16 { return 0 }),
		assets.New("y", func(uint16) uint8 { return 0 }),
	)
	if err == nil {
		t.Fatal("no error")
	}
	t.Log(err)
}
