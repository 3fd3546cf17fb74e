package assets_test

import (
	"errors"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/container"
)

type (
	order  struct{ ID int }
	parted struct {
		fx.Out
		Old  orders `name:"orders/old"`
		New  orders `name:"orders/new"`
		Seen prices `name:"prices/seen"`
	}
)

func part() (parted, error) {
	return parted{Old: orders{1}, New: orders{2, 3}, Seen: prices{4}}, nil
}

func TestFunctionThatMakesSeveralAssets(t *testing.T) {
	t.Parallel()
	g, err := assets.NewGraph(newContainer(t),
		assets.New("part", part, assets.InGroup("parts"), assets.ForOutput("prices/seen", assets.InGroup("seen"), assets.Format("csv"))),
		assets.New("sum", func(in struct {
			fx.In
			New  orders `name:"orders/new"`
			Seen prices
		},
		) (int, error) {
			return in.New[0] + in.Seen[0], nil
		}),
		assets.New("later", func() error { return nil }, assets.After("part")),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("is one step that gives all its values", func(t *testing.T) {
		t.Parallel()
		plan, err := g.Plan("*")
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for _, step := range plan.Steps {
			keys = append(keys, step.Key)
		}
		if diff := cmp.Diff([]string{"part", "later", "sum"}, keys); diff != "" {
			t.Error(diff)
		}
		var outputs []string
		for _, output := range plan.Steps[0].Outputs {
			outputs = append(outputs, output.Key+" "+output.Format)
		}
		if diff := cmp.Diff([]string{"orders/old ", "orders/new ", "prices/seen csv"}, outputs); diff != "" {
			t.Error(diff)
		}
		values, err := call(t.Context(), plan.Steps[0], assets.NewContext(assets.ContextConfig{}), nil, nil)
		if err != nil || len(values) != 3 || values[1].Interface().(orders)[1] != 3 {
			t.Errorf("got %v, %v", values, err)
		}
	})
	for _, test := range []struct{ expression, want string }{
		{"orders/old", "orders/new orders/old prices/seen"},
		{"part", "orders/new orders/old prices/seen"},
		{"1+sum", "orders/new orders/old prices/seen sum"},
		{"group:seen", "orders/new orders/old prices/seen"},
		{"prices/seen+", "later orders/new orders/old prices/seen sum"},
		{"later", "later"},
	} {
		t.Run("is selected whole by "+test.expression, func(t *testing.T) {
			t.Parallel()
			keys, err := g.Select(test.expression)
			if got := strings.Join(keys, " "); err != nil || got != test.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	t.Run("is described asset by asset", func(t *testing.T) {
		t.Parallel()
		seen, _, err := g.Asset("prices/seen")
		if err != nil {
			t.Fatal(err)
		}
		if seen.Step != "part" || seen.Group != "seen" || !slices.Equal(seen.With, []string{"orders/old", "orders/new"}) ||
			!slices.Equal(seen.Downstream, []string{"later", "sum"}) {
			t.Errorf("got %+v", seen)
		}
		old, _, err := g.Asset("orders/old")
		if err != nil || old.Group != "parts" || !slices.Equal(old.Downstream, []string{"later"}) {
			t.Errorf("got %+v, %v", old, err)
		}
		sum, _, err := g.Asset("sum")
		if err != nil || !slices.Equal(sum.Upstream, []string{"orders/new", "prices/seen"}) {
			t.Errorf("got %+v, %v", sum, err)
		}
	})
}

func TestRowsInAnotherForm(t *testing.T) {
	t.Parallel()
	type list []order
	g, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() list { return nil }),
		assets.New("stream", func(iter.Seq2[order, error]) int { return 0 }),
		assets.New("batches", func(iter.Seq2[[]order, error]) int8 { return 0 }),
		assets.New("slice", func([]order) int16 { return 0 }),
		assets.New("itself", func(list) int32 { return 0 }),
		assets.New("bytes", func(in struct {
			fx.In
			Orders []byte `name:"orders"`
		},
		) uint8 {
			return 0
		}),
		assets.New("simple", func() orders { return nil }),
		assets.New("simple/stream", func(iter.Seq2[int, error]) error { return nil }),
	)
	if err != nil {
		t.Fatal(err)
	}
	takers := func(key string) []string {
		all, err := g.Plan("*")
		if err != nil {
			t.Fatal(err)
		}
		var as []string
		for _, step := range all.Steps {
			for _, input := range step.Inputs {
				if input.Key == key {
					as = append(as, input.As.String())
				}
			}
		}
		return as
	}
	want := []string{"iter.Seq2[[]github.com/fxrun/fxrun/assets_test.order,error]", "[]uint8", "assets_test.list", "[]assets_test.order", "iter.Seq2[github.com/fxrun/fxrun/assets_test.order,error]"}
	if diff := cmp.Diff(want, takers("orders")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"iter.Seq2[int,error]"}, takers("simple")); diff != "" {
		t.Error(diff)
	}
}

func TestRowsOfSeveralAssetsNameTheirTypes(t *testing.T) {
	t.Parallel()
	type first []order
	type second []order
	_, err := assets.NewGraph(newContainer(t),
		assets.New("a", func() first { return nil }),
		assets.New("b", func() second { return nil }),
		assets.New("taker", func(iter.Seq2[order, error]) error { return nil }))
	if err == nil || !strings.Contains(err.Error(), `name:"a" or name:"b"; or take it by its own type: assets_test.first or assets_test.second`) {
		t.Errorf("got %v", err)
	}
}

func TestSlicesOfSimpleValuesAreNotTakenForOneAnother(t *testing.T) {
	t.Parallel()
	_, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() orders { return nil }),
		assets.New("taker", func(prices) error { return nil }))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "needs assets_test.prices, which nothing provides") {
		t.Errorf("got %v", err)
	}
}

type reportConfig struct{ Rows int }

func TestOptionsOfAStep(t *testing.T) {
	t.Parallel()
	g, err := assets.NewGraph(newContainer(t),
		assets.New("report", func(reportConfig) (int, error) { return 1, nil },
			assets.Config(reportConfig{Rows: 3}), assets.Retry(2, backoff.Exponential(time.Second, 3*time.Second)),
			assets.Timeout(time.Minute), assets.CodeVersion("v2")))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := g.Plan("report")
	if err != nil {
		t.Fatal(err)
	}
	step := plan.Steps[0]
	if step.Retries != 2 || step.Timeout != time.Minute || step.Outputs[0].CodeVersion != "v2" || len(plan.Known) != 1 {
		t.Errorf("got %+v", step)
	}
	var waits []time.Duration
	for attempt := range 4 {
		waits = append(waits, step.Backoff(attempt+1))
	}
	if diff := cmp.Diff([]time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second}, waits); diff != "" {
		t.Error(diff)
	}
	for range 100 {
		if wait := backoff.Jittered(step.Backoff)(1); wait < time.Second/2 || wait > time.Second {
			t.Errorf("waits %s", wait)
		}
	}
}

func TestPermanent(t *testing.T) {
	t.Parallel()
	cause := errors.New("no such table")
	err := assets.Permanent(cause)
	if !assets.IsPermanent(errors.Join(errors.New("x"), err)) || !errors.Is(err, cause) || err.Error() != cause.Error() {
		t.Errorf("got %v", err)
	}
	if assets.IsPermanent(cause) || assets.Permanent(nil) != nil {
		t.Error("an error that nobody wrapped is not permanent, and nil is none")
	}
}

func TestJobOfOps(t *testing.T) {
	t.Parallel()
	type found []string
	type deleted int
	find := assets.NewOp("find", func(orders) found { return nil })
	g, err := assets.NewGraph(newContainer(t),
		assets.New("orders", func() orders { return nil }),
		assets.NewJob("cleanup", find,
			assets.NewOp("delete", func(found, reportConfig) (deleted, error) { return 0, nil }, assets.Config(reportConfig{}), assets.IO("memory")),
			assets.NewOp("tell", func(in struct {
				fx.In
				N deleted `name:"delete"`
			},
			) {
			}),
			assets.NewOp("last", func() error { return nil }, assets.After("tell"))),
		assets.NewJob("other", find),
	)
	if err != nil {
		t.Fatal(err)
	}
	job, err := g.Job("cleanup")
	if err != nil {
		t.Fatal(err)
	}
	type step struct {
		Key                    string
		Needs, Inputs, Outputs []string
	}
	var got []step
	for _, s := range job.Plan.Steps {
		described := step{Key: s.Key, Needs: s.Needs}
		for _, input := range s.Inputs {
			described.Inputs = append(described.Inputs, input.Key)
			if input.Planned == (input.Key == "orders") {
				t.Errorf("%s: planned is %v", input.Key, input.Planned)
			}
		}
		for _, output := range s.Outputs {
			described.Outputs = append(described.Outputs, output.Key+" in "+output.IO)
		}
		if s.Kind != assets.KindOp {
			t.Errorf("%s is an op", s.Key)
		}
		got = append(got, described)
	}
	want := []step{
		{Key: "find", Inputs: []string{"orders"}, Outputs: []string{"find in io_manager"}},
		{Key: "delete", Needs: []string{"find"}, Inputs: []string{"find"}, Outputs: []string{"delete in memory"}},
		{Key: "tell", Needs: []string{"delete"}, Inputs: []string{"delete"}},
		{Key: "last", Needs: []string{"tell"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(job.Plan.Known) != 4 {
		t.Error("an op is known in its job alone")
	}
	ops := g.Jobs()[0].Ops
	if len(ops) != 4 || ops[1].Key != "delete" || !reflect.DeepEqual(ops[1].Downstream, []string{"tell"}) || ops[1].IO != "memory" {
		t.Errorf("got %+v", ops)
	}
	if keys, err := g.Select("*"); err != nil || len(keys) != 1 {
		t.Errorf("ops are no assets, got %v, %v", keys, err)
	}
}

func TestFaultsOfFunctions(t *testing.T) {
	t.Parallel()
	type nameless struct {
		fx.Out
		A orders
		B prices `group:"x"`
		C prices `name:"bad key"`
	}
	type twice struct {
		fx.Out
		A orders `name:"a"`
		B prices `name:"a"`
	}
	type inputs struct {
		fx.In
		Self orders `name:"self"`
		None string `name:"none"`
		Part uint8  `name:"orders/old"`
	}
	_, err := assets.NewGraph(newContainer(t),
		assets.New("part", part),
		assets.New("again", part),
		assets.New("orders/old", func() error { return nil }),
		assets.New("nameless", func() nameless { return nameless{} }),
		assets.New("two", func() (orders, prices) { return nil, nil }),
		assets.New("twice", func() twice { return twice{} }),
		assets.New("self", func(inputs) orders { return nil }),
		assets.New("none", func() error { return nil }),
		assets.New("nil", func() error { return nil }, nil, assets.ForOutput("nil", nil)),
		assets.NewJob("nil", nil, assets.Select("*")),
		assets.New("options", func() error { return nil }, assets.Retry(-1, nil), assets.Timeout(-1), assets.After("prat"),
			assets.ForOutput("optinos"), assets.ForOutput("options", assets.Timeout(1)),
			assets.Config(reportConfig{}), assets.Config(reportConfig{})),
		assets.New("config", func(reportConfig) error { return nil }, assets.Config(3)),
		assets.New("rows", func(iter.Seq2[[]reportConfig, error]) error { return nil }, assets.RowsOf[reportConfig](), assets.RowsOf[[]reportConfig]()),
		assets.New("number", 5, assets.RowsOf[int]()),
		assets.NewJob("both", assets.Select("*"), assets.NewOp("op", func() {})),
		assets.NewJob("ops",
			assets.NewOp("a", func(orders) uint16 { return 0 }, assets.InGroup("g"), assets.Tags("t")),
			assets.NewOp("a", func() {}),
			assets.NewOp("b", func(uint64) uint32 { return 0 }),
			assets.NewOp("c", func(uint32) uint64 { return 0 }, assets.After("part"))),
	)
	golden(t, "function_faults", err)
}
