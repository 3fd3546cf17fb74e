package assets_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/goldentest"
	"github.com/fxrun/fxrun/internal/graph"
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
		},
		) (revenue, error) {
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
		Key    string
		Needs  []string
		Inputs []assets.Input
	}
	var got []step
	for _, s := range plan.Steps {
		got = append(got, step{s.Key, s.Needs, s.Inputs})
	}
	ofOrders := assets.Output{Kind: assets.KindAsset, Key: "raw/orders", Type: reflect.TypeFor[orders](), IO: "io_manager"}
	ofPrices := assets.Output{Kind: assets.KindAsset, Key: "raw/prices", Type: reflect.TypeFor[prices](), IO: "io_manager"}
	want := []step{
		{Key: "raw/prices"},
		{"revenue", []string{"raw/prices"}, []assets.Input{
			{Output: ofOrders, As: reflect.TypeFor[orders]()},
			{Output: ofPrices, As: reflect.TypeFor[prices](), Planned: true},
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
	values, err := call(t.Context(), step, assets.NewContext(assets.ContextConfig{}),
		[]reflect.Value{reflect.ValueOf(&client{"c"})},
		[]reflect.Value{reflect.ValueOf(orders{1, 2}), reflect.ValueOf(prices{3, 4})})
	if err != nil {
		t.Fatal(err)
	}
	if got := values[0].Interface().(revenue); got.total != 11 {
		t.Error(got)
	}
}

// call calls the function of a step as package runs does.
func call(ctx context.Context, step *assets.Step, about *assets.Context, arguments, inputs []reflect.Value) ([]reflect.Value, error) {
	body := (*graph.Target)(step.Target()).Body().(func(context.Context, *assets.Context, []reflect.Value, []reflect.Value) ([]reflect.Value, error))
	return body(ctx, about, arguments, inputs)
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
		{"grp:raw", `"grp:" is not a kind of selection, did you mean "group"?`},
		{"raw2/*", `no asset matches "raw2/*"`},
		{"", `the selection is empty: * selects everything`},
		{"(audit", `a parenthesis is not closed`},
		{"audit)", `unexpected ")"`},
		{"audit and", `a name is missing at the end`},
		{"and audit", `a name is missing before "and"`},
		{"()", `selecting "()": a name is missing before ")"`},
		{"audit and ()", `selecting "audit and ()": a name is missing before ")"`},
		{")", `a name is missing before ")"`},
		{"group:", `"group:" names no group`},
		{"+group:+", `"group:" names no group`},
		{"tag:", `"tag:" names no tag`},
		{"x+audit", `"x+audit" is not a selection`},
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
		},
		) (string, error) {
			return "", nil
		}),
		assets.New("bad key", func() {}),
		assets.New("x", func(uint8) uint16 { return 0 }),
		assets.New("y", func(uint16) uint8 { return 0 }),
	)
	golden(t, "faults", err)
}

func TestFaultsOfJobs(t *testing.T) {
	t.Parallel()
	_, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() orders { return nil }),
		assets.NewJob("good", assets.Select("*")),
		assets.NewJob("good", assets.Select("orders")),
		assets.NewJob("empty"),
		assets.NewJob("unknown", assets.Select("order or group:x")),
		assets.NewJob("bad name", assets.Select("*")),
		assets.NewJob("defaults", assets.Select("*"), assets.LaunchDefaults(container.RunConfig{Resources: map[string]any{
			"warehuose": container.Fields{"table": "x"},
		}})),
	)
	golden(t, "job_faults", err)
}

var line = regexp.MustCompile(`_test\.go:\d+`)

// golden compares an error's text with a file, which UPDATE_GOLDEN=1 rewrites.
// Lines of this file are left out.
func golden(t *testing.T, name string, err error) {
	t.Helper()
	if !errors.Is(err, container.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	text := line.ReplaceAllString(err.Error(), "_test.go:LINE") + "\n"
	goldentest.Compare(t, filepath.Join("testdata", name+".golden"), text)
}

func TestDefinitionGivenTwice(t *testing.T) {
	t.Parallel()
	one := assets.New("orders", func() orders { return nil })
	job := assets.NewJob("all", assets.Select("*"))
	g, err := assets.NewGraph(newContainer(t), one, job, assets.Set(one), job)
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Assets()) != 1 || len(g.Jobs()) != 1 {
		t.Errorf("%v, %v", g.Assets(), g.Jobs())
	}
}

func TestOrderOfDefinitionsDoesNotMatter(t *testing.T) {
	t.Parallel()
	list := []assets.Definition{
		assets.New("c", func(in struct {
			fx.In
			A orders `name:"a"`
			B orders `name:"b"`
		},
		) (prices, error) {
			return nil, nil
		}),
		assets.New("a", func() orders { return nil }),
		assets.New("b", func() orders { return nil }, assets.After("a")),
	}
	var first []assets.Description
	for range list {
		g, err := assets.NewGraph(newContainer(t), list...)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = g.Assets()
		}
		if diff := cmp.Diff(first, g.Assets()); diff != "" {
			t.Error(diff)
		}
		list = append(list[1:], list[0])
	}
}

func TestAnAssetOfItsInputsType(t *testing.T) {
	t.Parallel()
	g, err := assets.NewGraph(newContainer(t),
		assets.New("raw", func() orders { return nil }),
		assets.New("clean", func(o orders) orders { return o }))
	if err != nil {
		t.Fatal(err)
	}
	description, _, err := g.Asset("clean")
	if err != nil || !slices.Equal(description.Upstream, []string{"raw"}) {
		t.Errorf("got %+v, %v", description, err)
	}
}

func TestResourcesAreLeftToTheContainer(t *testing.T) {
	t.Parallel()
	description, _, err := shop(t).Asset("revenue")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := shop(t).Plan("revenue")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(description.Resources, []string{"client"}) || !slices.Equal(plan.Steps[0].Target().Resources(), []string{"client"}) {
		t.Errorf("got %v, %v", description.Resources, plan.Steps[0].Target().Resources())
	}
	if _, _, err := shop(t).Asset("revnue"); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `did you mean "revenue"?`) {
		t.Errorf("got %v", err)
	}
}

type xConfig struct{ Y int }

func TestJobOfAGraph(t *testing.T) {
	t.Parallel()
	config := container.RunConfig{Resources: map[string]any{"x": container.Fields{"y": 1}}}
	g, err := assets.NewGraph(newContainer(t, container.Provide("x", func(xConfig) *client { return nil }, container.Config(xConfig{}))),
		assets.New("orders", func() orders { return nil }),
		assets.NewJob("nightly", assets.Select("orders"), assets.LaunchDefaults(config), assets.JobTag("team", "data"), assets.DescribeJob("all of it")))
	if err != nil {
		t.Fatal(err)
	}
	job, err := g.Job("nightly")
	if err != nil {
		t.Fatal(err)
	}
	if len(job.Plan.Steps) != 1 || job.Tags["team"] != "data" || job.Config.Resources["x"] == nil || g.Jobs()[0].Description != "all of it" {
		t.Errorf("got %+v", job)
	}
	if _, err := g.Job("nightli"); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `did you mean "nightly"?`) {
		t.Errorf("got %v", err)
	}
}

func TestContextKeepsMetadata(t *testing.T) {
	t.Parallel()
	var told []int64
	step := assets.NewContext(assets.ContextConfig{
		Key: "orders", Partition: "2026-01-02", Run: container.RunInfo{ID: "r1"},
		Progress: func(done, total int64) { told = append(told, done, total) },
	})
	step.AddMetadata("rows", 1)
	step.AddMetadata("rows", 2)
	step.Progress(3, 4)
	step.AddMetadataOf("orders", "rows", 3)
	step.Metadata("")["rows"] = "changed"
	if step.Metadata("prices")["rows"] != 2 || step.Metadata("orders")["rows"] != 3 || !slices.Equal(told, []int64{3, 4}) {
		t.Errorf("got %v, %v", step.Metadata(""), told)
	}
	if step.Key() != "orders" || step.Partition() != "2026-01-02" || step.Run().ID != "r1" || step.Attempt() != 1 || step.Logger() == nil {
		t.Errorf("got %+v", step)
	}
}

func BenchmarkNewGraph(b *testing.B) {
	c, err := container.New()
	if err != nil {
		b.Fatal(err)
	}
	const count = 10_000
	list := make([]assets.Asset, count)
	for i := range list {
		list[i] = assets.New(fmt.Sprintf("asset%d", i), func() error { return nil })
		if i > 0 {
			list[i] = assets.New(fmt.Sprintf("asset%d", i), func() error { return nil }, assets.After(fmt.Sprintf("asset%d", i/2)))
		}
	}
	set := assets.Set(list...)
	for b.Loop() {
		g, err := assets.NewGraph(c, set)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := g.Plan("*"); err != nil {
			b.Fatal(err)
		}
	}
}
