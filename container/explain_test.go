package container_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/goldentest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/container"
)

func newTarget(t *testing.T, c *container.Container, name string, fn any) *container.Target {
	t.Helper()
	target, err := c.Target(name, fn)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestExplain(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, append(j.graph(),
		container.Provide("report", func(*service, *database) *report { j.note("new report"); return nil }),
		container.Provide("alpha", func(*service, *database) *resA { j.note("new alpha"); return nil }))...)
	needs := container.Needs(
		newTarget(t, c, "asset all", func(*report) {}),
		newTarget(t, c, "asset orders", func(*database, *report) {}),
		newTarget(t, c, "asset zero", func(*unused) {}),
		newTarget(t, c, "asset direct", func(struct {
			fx.In
			DB   *database
			Same *database `name:"database"`
		}) {
		}),
	)
	for name, test := range map[string]struct {
		key  string
		opts []fx.Option
		want []string // reasons
		why  container.Unneeded
	}{
		"every target that leads to it has the shortest way, the most direct first": {
			"database",
			[]fx.Option{needs},
			[]string{
				"asset direct -> database", "asset orders -> database (and in 2 other ways)",
				"asset all -> report -> database (and in one other way)",
			},
			"",
		},
		"the whole way is told": {
			"cache",
			[]fx.Option{needs},
			[]string{"asset all -> report -> service -> cache", "asset orders -> report -> service -> cache"},
			"",
		},
		"of ways that are as short, the first by key is told": {
			"database",
			[]fx.Option{container.Needs(newTarget(t, c, "asset both", func(*cache, *resA) {}))},
			[]string{"asset both -> alpha -> database (and in 2 other ways)"},
			"",
		},
		"a resource that is asked for by key is its own reason": {
			"cache",
			[]fx.Option{container.NeedsResources("service")},
			[]string{"resource service -> service -> cache"},
			"",
		},
		"what is populated is a reason": {
			"cache",
			[]fx.Option{container.Populate(new(*service))},
			[]string{"container.Populate -> service -> cache"},
			"",
		},
		"options that ask for it are a reason": {
			"database",
			[]fx.Option{fx.Invoke(func(*service) {})},
			[]string{container.TargetOptions + " -> service -> cache -> database"},
			"",
		},
		"without targets nothing leads to it": {"database", nil, nil, container.UnneededUnreached},
		"a target that needs others does not lead to it": {
			"unused", []fx.Option{container.NeedsResources("report")}, nil, container.UnneededUnreached,
		},
		"a replaced resource is not needed": {
			"cache", []fx.Option{container.NeedsResources("service"), fx.Replace(&cache{})}, nil, container.UnneededForOptions,
		},
		"nor is what only a replaced one needs": {
			"database", []fx.Option{container.NeedsResources("service"), fx.Replace(&cache{})}, nil, container.UnneededForOptions,
		},
		"no way leads through a replaced one": {
			"database",
			[]fx.Option{needs, fx.Replace(&cache{})},
			[]string{
				"asset direct -> database", "asset orders -> database (and in one other way)",
				"asset all -> report -> database",
			},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			explanation, err := c.Explain(test.key, test.opts...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, reason := range explanation.Reasons {
				got = append(got, reason.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if explanation.Needed != (len(test.want) > 0) || explanation.Unneeded != test.why {
				t.Errorf("needed %v, unneeded %q", explanation.Needed, explanation.Unneeded)
			}
			prepared, err := c.Prepare(test.opts...)
			preview := prepared.Preview()
			if err != nil {
				t.Fatal(err)
			}
			started := false
			for _, resource := range preview.Resources {
				started = started || resource.Key == test.key
			}
			if started != explanation.Needed {
				t.Errorf("needed %v, but would start: %v", explanation.Needed, started)
			}
		})
	}
	t.Cleanup(func() { j.want(t) }) // nothing was built
}

func TestExplainOfLifetimes(t *testing.T) {
	t.Parallel()
	c := newContainer(t,
		container.Provide("clock", func() *resA { return nil }, container.PerProcess(), container.Eager()),
		container.Provide("pool", func() *database { return nil }, container.PerProcess()),
		container.Provide("session", func(*database) *cache { return nil }),
		container.Provide("scratch", func(*cache) *service { return nil }, container.PerStep()))
	step := newTarget(t, c, "asset orders", func(*service) {})
	for name, test := range map[string]struct {
		key  string
		opts []fx.Option
		want []string
	}{
		"what lives longer is needed too":            {"pool", []fx.Option{container.Needs(step)}, []string{"asset orders -> scratch -> session -> pool"}},
		"so it is by targets of nested children":     {"session", []fx.Option{container.NeedsLater(step)}, []string{"asset orders -> scratch -> session"}},
		"and what they start themselves":             {"scratch", []fx.Option{container.NeedsLater(step)}, []string{"asset orders -> scratch"}},
		"what is eager is its own reason":            {"clock", nil, []string{"resource clock -> clock"}},
		"what no target leads to is not needed":      {"pool", nil, nil},
		"nor what only targets of others would need": {"scratch", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			explanation, err := c.Explain(test.key, test.opts...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, reason := range explanation.Reasons {
				got = append(got, reason.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" || explanation.Needed != (len(test.want) > 0) {
				t.Errorf("needed %v (-want +got):\n%s", explanation.Needed, diff)
			}
		})
	}
}

func TestExplainInAHost(t *testing.T) {
	t.Parallel()
	c := replacedBucket(t)
	targets := container.Needs(newTarget(t, c, "GET /report", func(*report, store) {}))
	for key, want := range map[string]container.Unneeded{
		"bucket": container.UnneededForHost,
		"unused": container.UnneededUnreached, // only the replaced bucket is built from it
	} {
		explanation, err := c.Explain(key, targets)
		if err != nil || explanation.Needed || explanation.Unneeded != want {
			t.Errorf("%s: %v, %+v", key, err, explanation)
		}
	}
}

func TestExplainConfig(t *testing.T) {
	t.Setenv("WAREHOUSE_PASS", "hunter2")
	t.Setenv("ELSEWHERE", "orders_2026")
	c := newContainer(t,
		container.Provide("warehouse", func(databaseConfig) *database { return nil },
			container.Config(databaseConfig{DSN: "mem"}, container.FromEnv("WAREHOUSE"))),
		container.Provide("api", NewAPI, container.Config(APIConfig{})))
	run := container.Launch(parse(t, "resources: {warehouse: {config: {table: {env: ELSEWHERE}}}}"))

	t.Run("each field says where its value is from", func(t *testing.T) {
		explanation, err := c.Explain("warehouse", run, container.NeedsResources("warehouse"))
		if err != nil {
			t.Fatal(err)
		}
		goldentest.File(t, "explain.txt", explanation.String()+"\n")
		text, err := json.MarshalIndent(explanation, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(explanation.String()+string(text), "hunter2") {
			t.Error("the secret is shown")
		}
		goldentest.File(t, "explain.json", lineNumber.ReplaceAllString(string(text), "$1:LINE")+"\n")
	})
	t.Run("what is built from it is told", func(t *testing.T) {
		explanation, err := newContainer(t, new(journal).graph()...).Explain("cache")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"service"}, explanation.Resource.UsedBy); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the config of what is not needed is told too", func(t *testing.T) {
		explanation, err := c.Explain("warehouse", run)
		if err != nil {
			t.Fatal(err)
		}
		goldentest.File(t, "explain_unneeded.txt", explanation.String()+"\n")
	})
	t.Run("what is wrong with the launch comes with the explanation", func(t *testing.T) {
		explanation, err := c.Explain("api", container.NeedsResources("api"))
		_, want := c.Prepare(container.NeedsResources("api"))
		if err == nil || want == nil || err.Error() != want.Error() {
			t.Errorf("got %v, want %v", err, want)
		}
		if len(explanation.Reasons) != 1 || explanation.Resource.Config[0].Source != container.SourceMissing {
			t.Errorf("got %+v", explanation)
		}
	})
	t.Run("an unknown key suggests the nearest", func(t *testing.T) {
		explanation, err := c.Explain("warehuose")
		if !errors.Is(err, container.ErrInvalid) || err.Error() != `explaining a resource: there is no resource "warehuose", did you mean "warehouse"?` {
			t.Errorf("got %v", err)
		}
		if diff := cmp.Diff(container.Explanation{}, explanation); diff != "" {
			t.Error(diff)
		}
	})
}

// noHooks is a constructor of a made-up graph that is never called.
func noHooks(fx.Lifecycle) error { panic("a constructor was called") }

func TestExplainFindsTheWaysOfAnyGraph(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		needs := make([][]int, n)
		definitions := make([]container.Definition, n)
		for i := range n {
			if i > 0 {
				needs[i] = rapid.SliceOfNDistinct(rapid.IntRange(0, i-1), 0, i, rapid.ID).Draw(t, "needs")
			}
			definitions[i] = makeResource(i, needs[i], noHooks)
		}
		c, err := container.New(definitions...)
		if err != nil {
			t.Fatal(err)
		}
		wanted, top := rapid.IntRange(0, n-1).Draw(t, "wanted"), rapid.IntRange(0, n-1).Draw(t, "top")
		explanation, err := c.Explain(partKey(wanted), container.NeedsResources(partKey(top)))
		if err != nil {
			t.Fatal(err)
		}
		ways := waysBetween(needs, top, wanted)
		if len(ways) == 0 {
			if explanation.Needed || len(explanation.Reasons) > 0 {
				t.Fatalf("no way leads there, but got %v", explanation.Reasons)
			}
			return
		}
		slices.SortFunc(ways, func(a, b []string) int {
			if len(a) != len(b) {
				return len(a) - len(b)
			}
			return slices.Compare(a, b)
		})
		want := []container.Reason{{Target: "resource " + partKey(top), Path: ways[0], Others: len(ways) - 1}}
		if diff := cmp.Diff(want, explanation.Reasons); diff != "" {
			t.Fatal(diff)
		}
	})
}

// waysBetween walks all paths.
func waysBetween(needs [][]int, from, to int) [][]string {
	if from == to {
		return [][]string{{partKey(to)}}
	}
	var ways [][]string
	for _, need := range needs[from] {
		for _, way := range waysBetween(needs, need, to) {
			ways = append(ways, append([]string{partKey(from)}, way...))
		}
	}
	return ways
}

// In a row of diamonds each one doubles the ways: far too many to be walked,
// or counted.
func TestExplainCountsWaysWithoutWalkingThem(t *testing.T) {
	t.Parallel()
	definitions := []container.Definition{makeResource(0, nil, noHooks)}
	last := 0
	for range 100 {
		definitions = append(definitions,
			makeResource(last+1, []int{last}, noHooks),
			makeResource(last+2, []int{last}, noHooks),
			makeResource(last+3, []int{last + 1, last + 2}, noHooks))
		last += 3
	}
	explanation, err := newContainer(t, definitions...).Explain("r0", container.NeedsResources(partKey(last)))
	if err != nil {
		t.Fatal(err)
	}
	if len(explanation.Reasons) != 1 || len(explanation.Reasons[0].Path) != 201 || explanation.Reasons[0].Others != math.MaxInt-1 {
		t.Errorf("got %+v", explanation.Reasons)
	}
}

func ExampleContainer_Explain() {
	c, err := container.New(
		container.Provide("api", NewAPI, container.Config(APIConfig{BaseURL: "https://api.example"})),
		container.Provide("warehouse", func(WarehouseConfig, *API) *Warehouse { return nil }, container.Config(WarehouseConfig{})),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	load, err := c.Target("asset orders", func(*Warehouse) {})
	if err != nil {
		fmt.Println(err)
		return
	}
	explanation, err := c.Explain("api", container.Needs(load))
	fmt.Println(explanation)
	fmt.Println(err)
	// Output:
	// api is needed by
	//   asset orders -> warehouse -> api
	// its config
	//   base_url = https://api.example (code)
	//   timeout = 30s (default)
	//   key = ****** (zero)
	// <nil>
}

// replacedBucket is a container in a host application that has a value in the
// place of the bucket.
func replacedBucket(t *testing.T) *container.Container {
	t.Helper()
	c, err := inHost(t,
		definitionsAsOption(new(journal).graph()),
		definitionsAsOption([]container.Definition{
			container.Provide("bucket", func(*unused) *bucket { return nil }, container.As[store]()),
			container.Provide("report", func(*service, *database, store) *report { return nil }),
		}),
		fx.Replace(&bucket{"fake"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestWhatIsReplacedIsToldApartFromWhatIsNeeded(t *testing.T) {
	t.Parallel()
	c := replacedBucket(t)
	t.Run("by a target", func(t *testing.T) {
		target := newTarget(t, c, "GET /storage", func(store, *cache) {})
		if diff := cmp.Diff([]string{"cache"}, target.Resources()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"bucket"}, target.Replaced()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("by a resource", func(t *testing.T) {
		for _, resource := range c.Resources() {
			if resource.Key != "report" {
				continue
			}
			if diff := cmp.Diff([]string{"database", "service"}, resource.Needs); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"bucket"}, resource.NeedsReplaced); diff != "" {
				t.Error(diff)
			}
		}
	})
}
