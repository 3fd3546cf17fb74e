package container_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/jsonschema-go/jsonschema"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/signature"
)

// limit is the config of steps here.
type limit struct {
	Limit int `min:"1" default:"10"`
	Table string
	Names []string
	Token container.Secret[string]
}

// stepTarget makes a target that must be right.
func stepTarget(t testing.TB, c *container.Container, name string, fn any, opts ...container.TargetOption) *container.Target {
	t.Helper()
	target, err := c.Target(name, fn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// steps makes targets with a config of type limit.
func steps(t testing.TB, c *container.Container, keys ...string) []*container.Target {
	t.Helper()
	targets := make([]*container.Target, len(keys))
	for i, key := range keys {
		targets[i] = stepTarget(t, c, "asset "+key, func(limit) {}, container.StepConfig(key, limit{}))
	}
	return targets
}

// limitOf is the config that a child has for a step.
func limitOf(child *container.Child, target *container.Target) limit {
	return container.Arguments(child, target)[0].(limit)
}

func TestAStepGetsItsConfigBesideEverythingElse(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	var got limit
	target := stepTarget(t, c, "asset orders", func(in struct {
		fx.In
		Service *service
		Config  limit
	}, info container.RunInfo,
	) {
		got = in.Config
		j.note("%s %s", in.Service.cache.db.dsn, info.ID)
	}, container.StepConfig("raw/orders", limit{Table: "code"}))
	run := parse(t, "resources: {database: {config: {table: launched}}}\nsteps: {raw/orders: {config: {limit: 3}}}")
	for _, options := range [][]fx.Option{nil, {fx.Supply(uint8(1))}} {
		child := newChild(t, c, append(options, container.Needs(target), container.Launch(run), container.Info(container.RunInfo{ID: "r1"}))...)
		if err := child.Call(target); err != nil {
			t.Error(err)
		}
		if want := (limit{Limit: 3, Table: "code"}); !slices.Contains(j.all(), "mem/launched r1") || got.Limit != want.Limit || got.Table != want.Table {
			t.Errorf("got %+v, %q", got, j.all())
		}
		closeChild(t, child)
	}
}

func TestAStepsOwnConfigWinsOverAResourceOfItsType(t *testing.T) {
	t.Parallel()
	c, err := inHost(t, container.Supply("limit", limit{Table: "resource"}), fx.Supply(limit{Table: "host"}))
	if err != nil {
		t.Fatal(err)
	}
	own := stepTarget(t, c, "step", func(limit) {}, container.StepConfig("it", limit{Table: "own"}))
	other := stepTarget(t, c, "other", func(limit) {})
	for _, options := range [][]fx.Option{nil, {fx.Supply(uint8(1))}} {
		child := newChild(t, c, append(options, container.Needs(own, other))...)
		if got := limitOf(child, own).Table + limitOf(child, other).Table; got != "ownhost" {
			t.Error(got)
		}
		closeChild(t, child)
	}
	if got := own.Resources(); len(got) != 0 {
		t.Errorf("it needs %q", got)
	}
}

func TestEachCallGetsAConfigOfItsOwn(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	inCode, atLaunch := []string{"code"}, []string{"launch"}
	for name, opts := range map[string][]fx.Option{
		"code":   nil,
		"launch": {container.Launch(container.RunConfig{Steps: map[string]any{"it": container.Fields{"names": atLaunch}}})},
	} {
		target := stepTarget(t, c, "step", func(cfg limit) { cfg.Names[0] = "spoiled" }, container.StepConfig("it", limit{Names: inCode}))
		for range 2 {
			child := newChild(t, c, append(opts, container.Needs(target))...)
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					if got := limitOf(child, target).Names[0]; got != name {
						t.Errorf("got %s, want %s", got, name)
					}
					if err := child.Call(target); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			closeChild(t, child)
		}
	}
}

func TestATargetOptionMayBeGivenToTargetsOfSeveralContainersAtOnce(t *testing.T) {
	t.Parallel()
	option := container.StepConfig("it", limit{Names: []string{"code"}}, container.AtLaunch("Names"))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		c := newContainer(t)
		wg.Go(func() {
			<-start
			if _, err := c.Target("step", func(limit) {}, option); err != nil {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
}

func TestFaultsOfSteps(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	take := func(limit) {}
	option := container.StepConfig("it", limit{})
	for name, test := range map[string]struct {
		fn   any
		opts []container.TargetOption
	}{
		"step_config_not_taken": {func() {}, []container.TargetOption{option}},
		"step_config_by_name": {func(struct {
			fx.In
			Config limit `name:"limit"`
		}) {
		}, []container.TargetOption{option}},
		"step_config_twice":     {take, []container.TargetOption{option, option}},
		"step_config_pointer":   {take, []container.TargetOption{container.StepConfig("it", &limit{})}},
		"step_config_no_struct": {func(int) {}, []container.TargetOption{container.StepConfig("it", 3)}},
		"step_config_not_given": {take, []container.TargetOption{container.StepConfig("it", nil)}},
		"step_config_bad_key":   {take, []container.TargetOption{container.StepConfig("raw orders", limit{})}},
		"step_config_no_key":    {take, []container.TargetOption{container.StepConfig("", limit{})}},
		"step_config_key_part":  {take, []container.TargetOption{container.StepConfig("raw.config", limit{})}},
		"step_config_several": {func(wrongConfig, chan int, fx.Lifecycle) {}, []container.TargetOption{
			container.StepConfig("it/", wrongConfig{}, container.AtLaunch("Hots", "Port"), container.Fixed("Port")),
		}},
		"step_config_code_not_allowed": {take, []container.TargetOption{container.StepConfig("it", limit{Limit: -1})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Target("asset it", test.fn, test.opts...)
			if !errors.Is(err, container.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			golden(t, name, err.Error())
		})
	}
	for _, key := range []string{"7up", "a.b", "-", "/", "config", "config.a", "a.configs", "a.config_b", "a/config/b"} {
		steps(t, c, key)
	}
}

func TestFaultsOfLaunchesOfSteps(t *testing.T) {
	t.Setenv("STEP_LIMIT", "many")
	t.Setenv("STEP_TOKEN", "hunter2")
	c := newContainer(t, container.Provide("orders", newLimited, container.Config(limits{DSN: "x"}, container.AtLaunch("Table"))))
	orders := stepTarget(t, c, "asset raw/orders", func(*resA, limits) {}, container.StepConfig("raw/orders", limits{DSN: "x"}, container.Fixed("Code"), container.AtLaunch("Table")))
	others := steps(t, c, "raw/customers", "revenue")
	plain := stepTarget(t, c, "asset plain", func() {}, container.StepConfig("plain", nil))
	all := container.Steps(append([]*container.Target{orders, plain}, others...)...)
	unreadable := stepTarget(t, c, "asset unreadable", func(limit) {}, container.StepConfig("unreadable", limit{}, container.FromEnv("STEP")))
	validated := stepTarget(t, c, "asset validated", func(window) {}, container.StepConfig("validated", window{}))
	needed := []fx.Option{container.Needs(orders), all}
	const right = "resources: {orders: {config: {table: t}}}\n"
	for name, test := range map[string]struct {
		launch string
		opts   []fx.Option
	}{
		"launch_step_unknown":        {right + "steps:\n  raw/ordrs: {config: {table: t}}\n  raw/orders: {config: {table: t}}", needed},
		"launch_step_unknown_field":  {right + "steps: {raw/orders: {config: {tabel: t, table: t}}}", needed},
		"launch_step_without_config": {right + "steps: {plain: {config: {limit: 1}}, raw/orders: {config: {table: t}}}", needed},
		"launch_step_not_given":      {"steps: {revenue: {config: {limit: 1}}}", []fx.Option{container.Needs(others[0])}},
		"launch_step_everything": {`resources:
  orders:
    config: {batch: x}
steps:
  revenue:
    config: {limit: 0, tabel: x}
  raw/orders:
    config:
      code: 3
      batch: 1.5
      wait: 5
      key: [hunter2]
      ratio: {env: NOT_SET_ANYWHERE}
`, needed},
		"launch_step_unreadable_variable": {"", []fx.Option{container.Needs(unreadable)}},
		"launch_step_validate":            {"steps: {validated: {config: {from: 3, to: 2}}}", []fx.Option{container.Needs(validated)}},
		"launch_step_later":               {"", []fx.Option{container.NeedsLater(orders)}},
		"launch_step_twice":               {"", []fx.Option{container.Needs(steps(t, c, "it")[0]), container.NeedsLater(steps(t, c, "it")[0])}},
		"launch_step_several":             {"steps: {it: {config: {limit: 1}}}", []fx.Option{container.Steps(steps(t, c, "it")[0], steps(t, c, "it")[0])}},
		"launch_step_of_another":          {"", []fx.Option{container.Steps(steps(t, newContainer(t), "elsewhere")...)}},
	} {
		t.Run(name, func(t *testing.T) {
			opts := append([]fx.Option{container.Launch(parse(t, test.launch))}, test.opts...)
			_, err := c.NewChild(t.Context(), opts...)
			if !errors.Is(err, container.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is shown: %v", err)
			}
			golden(t, name, err.Error())
			if _, again := c.Prepare(opts...); again.Error() != err.Error() {
				t.Errorf("Check says %v", again)
			}
		})
	}
}

func TestFaultsOfAStructForAnotherStep(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	target := steps(t, c, "raw/orders")[0]
	for given, want := range map[any]string{
		window{}: "expected a container_test.limit, container.Fields or YAML, not a container_test.window",
		3:        "expected a container_test.limit, container.Fields or YAML, not a int",
	} {
		_, err := c.Prepare(container.Needs(target), container.Launch(container.RunConfig{Steps: map[string]any{"raw/orders": given}}))
		if want := "checking the launch: steps.raw/orders.config: " + want; fmt.Sprint(err) != want {
			t.Errorf("got %v", err)
		}
	}
}

func TestARunConfigMaySpeakOfStepsThatTheRunHasNoUseFor(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	all := steps(t, c, "one", "two", "three")
	run := parse(t, "steps: {one: {config: {limit: 1}}, two: {config: {limit: 2}}}")
	opts := []fx.Option{container.Needs(all[0]), container.Steps(all...), container.Launch(run)}
	prepared, err := c.Prepare(opts...)
	preview := prepared.Preview()
	if err != nil || len(preview.Steps) != 1 || preview.Steps[0].Key != "one" {
		t.Errorf("got %+v, %v", preview, err)
	}
	child := newChild(t, c, opts...)
	defer closeChild(t, child)
	if got := limitOf(child, all[0]); got.Limit != 1 {
		t.Errorf("got %+v", got)
	}
	twice := steps(t, c, "one")[0] // the child's own target stands before another one with the key
	for _, others := range [][]*container.Target{all, append(steps(t, c, "one"), all...)} {
		if _, err := c.Prepare(container.Needs(twice), container.Steps(others...), container.Launch(run)); err != nil {
			t.Error(err)
		}
	}
}

func TestATargetKnowsThatItLivesPerStep(t *testing.T) {
	t.Parallel()
	c := newContainer(t, append(new(journal).tiers(), container.Provide("cursor", func(*dbTx) *resA { return &resA{} }, container.PerStep()))...)
	for name, test := range map[string]struct {
		fn   any
		want bool
	}{
		"directly":            {func(*dbTx) {}, true},
		"further down":        {func(*resA) {}, true},
		"among others":        {func(*dbPool, *resA) {}, true},
		"not with longer one": {func(*dbSession) {}, false},
		"not with nothing":    {func() {}, false},
	} {
		if got := stepTarget(t, c, name, test.fn).LivesPerStep(); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestNestedChildrenGetTheConfigOfTheirSteps(t *testing.T) {
	t.Setenv("NESTED_TABLE", "env")
	j := new(journal)
	c := newContainer(t, j.tiers()...)
	var mu sync.Mutex
	var got []string
	stepOf := func(key string) *container.Target {
		return stepTarget(t, c, "asset "+key, func(cfg limit, _ *dbTx) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprintf("%s %d %s", key, cfg.Limit, cfg.Table))
		}, container.StepConfig(key, limit{Limit: 7}, container.FromEnv("NESTED"), container.AtLaunch("Limit")))
	}
	one, two, three, unused := stepOf("one"), stepOf("two"), stepOf("three"), stepOf("unused")
	run := parse(t, "steps: {one: {config: {limit: 1}}, two: {config: {limit: 2}}, three: {config: {limit: 3}}, unused: {config: {limit: 4}}}")
	later := container.NeedsLater(one, two, three)
	parent := newChild(t, c, later, container.Steps(unused), container.Launch(run))
	var wg sync.WaitGroup
	for _, target := range []*container.Target{one, two, three} {
		wg.Go(func() {
			child, err := parent.NewChild(t.Context(), container.Needs(target))
			if err != nil {
				t.Error(err)
				return
			}
			if err := errors.Join(child.Call(target), child.Close(nil)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	slices.Sort(got)
	if diff := cmp.Diff([]string{"one 1 env", "three 3 env", "two 2 env"}, got); diff != "" {
		t.Error(diff)
	}
	child, err := parent.NewChild(t.Context(), container.Needs(one), container.Launch(parse(t, "steps: {one: {config: {limit: 11}}, two: {config: {limit: 12}}}")))
	if err != nil {
		t.Fatal(err)
	}
	if got := limitOf(child, one); got.Limit != 11 {
		t.Errorf("got %+v", got)
	}
	if _, err := parent.NewChild(t.Context(), container.Needs(one), container.Launch(parse(t, "steps: {tow: {config: {limit: 1}}}"))); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `did you mean "two"?`) {
		t.Errorf("got %v", err)
	}
	closeChild(t, child)
	closeChild(t, parent)
	before := len(j.all())
	if _, err := c.NewChild(t.Context(), later); !errors.Is(err, container.ErrInvalid) || strings.Count(err.Error(), "must be given at launch") != 3 {
		t.Errorf("got %v", err)
	}
	if len(j.all()) != before {
		t.Errorf("something was started: %q", j.all()[before:])
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsWrongWithResourcesOfNestedChildrenIsSaidBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, append(j.tiers(), container.Provide("cursor", func(*dbTx, limit) *resA { return &resA{} },
		container.PerStep(), container.Config(limit{}, container.AtLaunch("Table"))))...)
	target := stepTarget(t, c, "asset orders", func(*resA) {})
	_, err := c.NewChild(t.Context(), container.NeedsLater(target))
	if want := "checking the launch: resources.cursor.config.table: missing: it must be given at launch"; fmt.Sprint(err) != want {
		t.Errorf("got %v", err)
	}
	j.want(t)
	_, err = c.Prepare(container.NeedsLater(target), fx.Supply(uint8(1)))
	if want := "checking the launch: resources.cursor.config.table: missing: it must be given at launch"; fmt.Sprint(err) != want {
		t.Errorf("with fx options: %v", err)
	}
}

func TestReplaceReachesWhatOnlyNestedChildrenTake(t *testing.T) {
	t.Parallel()
	c := newContainer(t,
		container.Provide("cursor", func(limit) *resA { panic("it is replaced") }, container.PerStep(), container.Config(limit{}, container.AtLaunch("Table"))),
		container.Provide("transaction", func() *dbTx { return &dbTx{} }, container.PerStep()),
		container.Provide("session", func() *dbSession { return &dbSession{} }))
	fake := &resA{}
	takes := stepTarget(t, c, "takes it", func(a *resA) error {
		if a != fake {
			return errBoom
		}
		return nil
	})
	another := stepTarget(t, c, "takes another", func(*dbTx) {})
	parent := newChild(t, c, container.NeedsLater(takes, another), fx.Replace(fake))
	defer closeChild(t, parent)
	for _, target := range []*container.Target{takes, another} {
		child, err := parent.NewChild(t.Context(), container.Needs(target))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(child.Call(target), child.Close(nil)); err != nil {
			t.Error(err)
		}
	}
	if _, err := parent.NewChild(t.Context(), container.Needs(another), fx.Replace(&dbPool{})); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "gives *container_test.dbPool, which nothing") {
		t.Errorf("a nested child's own option replaces nothing: %v", err)
	}
	if _, err := c.Prepare(container.NeedsLater(another), fx.Replace(fake)); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("an option replaces nothing: %v", err)
	}
}

func TestThePreviewShowsStepsAndTheirSources(t *testing.T) {
	t.Setenv("PREVIEW_TABLE", "env")
	c := newContainer(t)
	one := stepTarget(t, c, "asset one", func(limit) {}, container.StepConfig("raw/one", limit{Token: container.NewSecret(hunter)}, container.FromEnv("PREVIEW")))
	two := stepTarget(t, c, "asset two", func(limit) {}, container.StepConfig("raw/two", limit{}))
	plain := stepTarget(t, c, "asset plain", func() {}, container.StepConfig("plain", nil))
	prepared, err := c.Prepare(container.Needs(two, plain), container.NeedsLater(one, two), container.Launch(parse(t, "steps: {raw/one: {config: {limit: 3}}}")))
	preview := prepared.Preview()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, step := range preview.Steps {
		for _, field := range step.Config {
			got = append(got, fmt.Sprintf("%s.%s = %s from %s %s", step.Key, field.Path, field.Value, field.Source, field.Variable))
		}
	}
	want := []string{
		"raw/one.limit = 3 from launch ", "raw/one.table = env from env PREVIEW_TABLE", "raw/one.names =  from zero PREVIEW_NAMES", "raw/one.token = ****** from code PREVIEW_TOKEN",
		"raw/two.limit = 10 from default ", "raw/two.table =  from zero ", "raw/two.names =  from zero ", "raw/two.token = ****** from zero ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRunConfigsOfSteps(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	keys := []string{"raw/orders", "raw/orders.v2", "config", "a.b/c-d_e"}
	all := steps(t, c, keys...)
	below := parse(t, "steps: {raw/orders: {config: {limit: 1, table: below}}}\nresources: {}")
	run := below.Merge(container.RunConfig{Steps: map[string]any{"raw/orders": limit{Table: "over"}}})
	var err error
	for i, key := range keys {
		if run, err = run.Set("steps."+key+".config.limit", fmt.Sprint(i+2)); err != nil {
			t.Fatal(err)
		}
	}
	child := newChild(t, c, container.Needs(all...), container.Launch(run))
	defer closeChild(t, child)
	for i, target := range all {
		want := limit{Limit: i + 2}
		if i == 0 {
			want.Table = "over"
		}
		if got := limitOf(child, target); got.Limit != want.Limit || got.Table != want.Table {
			t.Errorf("%s: got %+v", keys[i], got)
		}
	}
	again := newChild(t, c, container.Needs(all...), container.Launch(below))
	defer closeChild(t, again)
	if got := limitOf(again, all[0]); got.Limit != 1 || got.Table != "below" {
		t.Errorf("merging changed what it was given: %+v", got)
	}
	for config, want := range map[*container.RunConfig]string{
		&below: "run config of steps raw/orders",
		new(container.RunConfig{Resources: map[string]any{"b": nil, "a": nil}, Steps: map[string]any{"s": limit{Table: hunter}}}): "run config of resources a, b and steps s",
	} {
		if got := fmt.Sprintf("%v|%+v|%#v|%x", config, config, *config, config); got != strings.Repeat(want+"|", 3)+want {
			t.Error(got)
		}
		if _, err := json.Marshal(config); err == nil {
			t.Error("it was written")
		}
	}
	for _, path := range []string{"steps", "steps.it", "steps.it.config", "steps.it.config.", "steps..config.limit", "steps.it.limit", "step.it.config.limit", "steps.it.config..limit", "resources.a.b.config.limit"} {
		if _, err := (container.RunConfig{}).Set(path, "1"); !errors.Is(err, container.ErrInvalid) {
			t.Errorf("%q was taken", path)
		}
	}
}

func TestAFieldOfAStepMayBeCalledConfig(t *testing.T) {
	t.Parallel()
	type config struct {
		Config struct{ Config struct{ X int } }
	}
	run, err := container.RunConfig{}.Set("steps.it.config.config.config.x", "5")
	if err != nil {
		t.Fatal(err)
	}
	c := newContainer(t)
	target := stepTarget(t, c, "step", func(config) {}, container.StepConfig("it", config{}))
	child := newChild(t, c, container.Needs(target), container.Launch(run))
	defer closeChild(t, child)
	if got := container.Arguments(child, target)[0].(config); got.Config.Config.X != 5 {
		t.Errorf("got %+v", got)
	}
}

func TestStepsWithOneConfigTypeHaveTheirOwnOptions(t *testing.T) {
	t.Setenv("LEFT_TABLE", "left")
	t.Setenv("RIGHT_TABLE", "right")
	c := newContainer(t)
	left := stepTarget(t, c, "left", func(limit) {}, container.StepConfig("left", limit{}, container.FromEnv("LEFT"), container.AtLaunch("Limit")))
	right := stepTarget(t, c, "right", func(limit) {}, container.StepConfig("right", limit{}, container.FromEnv("RIGHT"), container.Fixed("Token")))
	stepTarget(t, c, "marked", func(limit) {}, container.StepConfig("marked", limit{}, container.AtLaunch("Limit"), container.Fixed("Token")))
	neither := stepTarget(t, c, "neither", func(limit) {}, container.StepConfig("neither", limit{Table: "code"}))
	run := parse(t, "steps: {left: {config: {limit: 3, token: x}}, neither: {config: {token: y}}}")
	child := newChild(t, c, container.Needs(left, right, neither), container.Launch(run))
	defer closeChild(t, child)
	var got []string
	for _, target := range []*container.Target{left, right, neither} {
		cfg := limitOf(child, target)
		got = append(got, fmt.Sprint(cfg.Limit, cfg.Table, cfg.Token.Reveal()))
	}
	if diff := cmp.Diff([]string{fmt.Sprint(3, "left", "x"), fmt.Sprint(10, "right", ""), fmt.Sprint(10, "code", "y")}, got); diff != "" {
		t.Error(diff)
	}
}

// inSteps is a run config of resources, made one of steps.
func inSteps(run container.RunConfig) container.RunConfig {
	return container.RunConfig{Steps: run.Resources}
}

func TestAStoredLaunchOfStepsIsLikeOneOfResources(t *testing.T) {
	t.Parallel()
	type config struct {
		kinds
		Held secrets
	}
	c := newContainer(t, container.Provide("it", func(config) *resA { return nil }, container.Config(config{})))
	step := stepTarget(t, c, "asset it", func(config) {}, container.StepConfig("it", config{}))
	given := kindsOf(3, "x", "https://x", day(3))
	given.Enum = "c"
	for _, run := range []container.RunConfig{
		{},
		parse(t, kindsInYAML),
		parse(t, kindsByReference),
		{Resources: map[string]any{"it": config{kinds: given, Held: filledSecrets()}}},
		parse(t, "resources: {it: {config: {text: x, held: {text: hunter2, number: {env: NUMBER}, map: {k: hunter2}}}}}"),
	} {
		want, err := c.LaunchJSON(run)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.LaunchJSON(inSteps(run), container.Steps(step), fx.Supply(uint8(1)), container.Launch(parse(t, "steps: {it: {config: {text: another}}}")))
		if err != nil || string(got) != strings.Replace(string(want), `{"resources":`, `{"steps":`, 1) || shows(string(got)) || strings.Contains(string(got), container.Masked) {
			t.Errorf("stored as %s, not like %s: %v", got, want, err)
		}
	}
	both, err := c.LaunchJSON(parse(t, "resources: {it: {config: {text: a}}}\nsteps: {it: {config: {text: b}}}"), container.Needs(step))
	if want := `{"resources":{"it":{"config":{"text":"a"}}},"steps":{"it":{"config":{"text":"b"}}}}`; err != nil || string(both) != want {
		t.Errorf("%s, %v", both, err)
	}
	if _, err := c.LaunchJSON(parse(t, "steps: {it: {config: {text: b}}}")); !errors.Is(err, container.ErrInvalid) {
		t.Error("a step that was not given was taken")
	}
}

func TestTheSchemaOfSteps(t *testing.T) {
	t.Parallel()
	c := newContainer(t, schemaDefinitions()...)
	options := []container.ConfigOption{container.AtLaunch("Table", "Auth.User"), container.Fixed("Fixed")}
	it := stepTarget(t, c, "asset it", func(*resB, shown) {}, container.StepConfig("raw/it", shown{Port: 80}, options...))
	other := stepTarget(t, c, "asset other", func(limit) {}, container.StepConfig("other", limit{}))
	plain := stepTarget(t, c, "asset plain", func() {}, container.StepConfig("plain", nil))
	for name, opts := range map[string][]fx.Option{
		"schema_of_steps":       {container.Steps(it, other, plain)},
		"schema_of_needed_step": {container.Needs(it), container.Steps(it, other)},
		"schema_of_later_step":  {container.NeedsLater(it), container.Steps(it, other)},
	} {
		text, err := c.Schema(opts...)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), hunter) {
			t.Error("a secret is shown")
		}
		var lines bytes.Buffer
		if err := json.Indent(&lines, text, "", "  "); err != nil {
			t.Fatal(err)
		}
		golden(t, strings.Replace(name, "later", "needed", 1), lines.String())
		type section struct {
			Properties map[string]struct{ Properties json.RawMessage }
		}
		var parsed struct {
			Required   []string
			Properties struct{ Resources, Steps section }
		}
		if err := json.Unmarshal(text, &parsed); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parsed.Properties.Resources.Properties["it"], parsed.Properties.Steps.Properties["raw/it"]); diff != "" {
			t.Errorf("the step's config is described otherwise (-resource +step)\n%s", diff)
		}
		if slices.Contains(parsed.Required, "steps") != (name != "schema_of_steps") {
			t.Errorf("required are %q", parsed.Required)
		}
	}
	for name, opts := range map[string][]fx.Option{
		"no keys":                     {container.NeedsResources()},
		"a target that needs nothing": {container.Needs(other)},
	} {
		text, err := c.Schema(opts...)
		if err != nil || strings.Contains(string(text), `"database"`) {
			t.Errorf("%s: %s, %v", name, text, err)
		}
	}
	if _, err := c.Schema(container.NeedsResources("usr")); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	twice := stepTarget(t, c, "asset again", func(limit) {}, container.StepConfig("other", limit{}))
	if _, err := c.Schema(container.Needs(other, twice)); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestTheSchemaTakesStepsOfOtherLaunches(t *testing.T) {
	t.Parallel()
	type day struct{ Day string }
	c := newContainer(t)
	mine := stepTarget(t, c, "asset mine", func(limit) {}, container.StepConfig("mine", limit{}))
	first := stepTarget(t, c, "op find of one", func(limit) {}, container.StepConfig("find", limit{}))
	second := stepTarget(t, c, "op find of two", func(day) {}, container.StepConfig("find", day{}))
	alone := stepTarget(t, c, "op sweep", func(day) {}, container.StepConfig("sweep", day{}))
	opts := []fx.Option{container.Needs(mine), container.OtherSteps(first, second, alone)}
	text, err := c.Schema(opts...)
	if err != nil {
		t.Fatal(err)
	}
	var parsed jsonschema.Schema
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := parsed.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	for section, right := range map[string]bool{
		`{"mine": {"config": {"table": "a"}}}`:   true,
		`{"find": {"config": {"table": "a"}}}`:   true,
		`{"find": {"config": {"day": "a"}}}`:     true,
		`{"sweep": {"config": {"day": "a"}}}`:    true,
		`{"sweep": {"config": {"table": "a"}}}`:  false,
		`{"find": {"config": {"nothing": "a"}}}`: false,
		`{"sweeep": {"config": {"day": "a"}}}`:   false,
	} {
		document := `{"steps": ` + section + `}`
		var value any
		if err := json.Unmarshal([]byte(document), &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != right {
			t.Errorf("the schema says of %s: %v", section, err)
		}
		_, err := c.Prepare(append(slices.Clone(opts), container.Launch(parse(t, document)))...)
		if (err == nil) != right {
			t.Errorf("a launch says of %s: %v", section, err)
		}
	}
}

func TestATemplateOfSteps(t *testing.T) {
	t.Setenv("ENV_TABLE", "from env")
	c := newContainer(t, container.Provide("it", newLimited, container.Config(limits{DSN: "x"})))
	orders := stepTarget(t, c, "asset raw/orders", func(limit) {}, container.StepConfig("raw/orders", limit{Table: "code"}, container.AtLaunch("Limit"), container.FromEnv("ENV")))
	other := stepTarget(t, c, "asset other", func(shown) {}, container.StepConfig("other", shown{}))
	run := parse(t, "steps: {other: {config: {port: 5, password: hunter2, level: {env: LEVEL}}}}")
	whole, err := c.Template(container.Needs(orders), container.Steps(orders, other), container.Launch(run))
	if err != nil {
		t.Fatal(err)
	}
	if shows(whole) {
		t.Error("a secret is shown")
	}
	golden(t, "template_of_steps", whole)
	if _, err := c.Prepare(container.Steps(orders, other), container.Launch(parse(t, strings.Replace(whole, "limit:", "limit: 3", 1)))); err != nil {
		t.Errorf("it can't be read back: %v", err)
	}
	if _, err := c.Template(container.Launch(run)); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestUnknownVariablesOfSteps(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("app", func(appConfig) *resA { return nil }, container.Config(appConfig{}, container.FromEnv("APP"))))
	step := stepTarget(t, c, "asset orders", func(limit) {}, container.StepConfig("orders", limit{}, container.FromEnv("APP_ORDERS")))
	environ := []string{"APP_ORDERS_LIMIT=1", "APP_ORDERS_LIMTI=2", "APP_TABEL=x", "APP_REFERRED=x"}
	run := container.Launch(parse(t, "steps: {orders: {config: {table: {env: APP_REFERRED}}}}"))
	want := []container.UnknownVariable{{Name: "APP_ORDERS_LIMTI", Prefix: "APP_ORDERS", Nearest: "APP_ORDERS_LIMIT"}, {Name: "APP_TABEL", Prefix: "APP", Nearest: "APP_TABLE"}}
	if diff := cmp.Diff(want, c.UnknownVariables(environ, container.Steps(step), run)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := c.UnknownVariables(environ); len(got) != 4 {
		t.Errorf("without the step: %+v", got)
	}
}

func TestASecretOfAStepIsMaskedWhereverItsVariableIsRead(t *testing.T) {
	t.Setenv("SHARED_TOKEN", hunter)
	t.Setenv("RESOURCE_TOKEN", hunter)
	type wrong struct {
		Mine   string `envconfig:"SHARED_TOKEN"`
		Theirs string `envconfig:"RESOURCE_TOKEN"`
	}
	fromEnv := container.FromEnv("")
	c := newContainer(t,
		container.Provide("wrong", func(wrong) *resA { return nil }, container.Config(wrong{}, fromEnv)),
		container.Provide("owner", func(limit) *resB { return nil }, container.Config(limit{}, container.FromEnv("RESOURCE"))))
	owner := stepTarget(t, c, "asset owner", func(limit) {}, container.StepConfig("owner", limit{}, container.FromEnv("SHARED")))
	reader := stepTarget(t, c, "asset wrong", func(wrong, *resA) {}, container.StepConfig("wrong", wrong{}, fromEnv))
	referring := stepTarget(t, c, "asset referring", func(limit) {}, container.StepConfig("referring", limit{}))
	opts := []fx.Option{
		container.Needs(reader, referring), container.Steps(owner),
		container.Launch(parse(t, "steps: {referring: {config: {table: {env: SHARED_TOKEN}}}}")),
	}
	prepared, err := c.Prepare(opts...)
	preview := prepared.Preview()
	if err != nil || preview.Steps[1].Config[0].Value != container.Masked || preview.Steps[0].Config[1].Value != container.Masked {
		t.Errorf("got %+v, %v", preview, err)
	}
	explained, err := c.Explain("wrong", opts...)
	if err != nil {
		t.Error(err)
	}
	template, err := c.Template(opts...)
	if err != nil || !strings.Contains(template, "#mine: {env: SHARED_TOKEN}") {
		t.Errorf("%s, %v", template, err)
	}
	schema, err := c.Schema(opts...)
	if err != nil {
		t.Error(err)
	}
	resources, err := json.Marshal([]any{preview, explained, template, string(schema)})
	if err != nil || shows(string(resources)) {
		t.Errorf("%s, %v", resources, err)
	}
	if template, err = c.Template(); err != nil || strings.Contains(template, "theirs: "+hunter) {
		t.Errorf("%s, %v", template, err)
	}
}

func TestManyChildrenWithStepsAtOnce(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	all := steps(t, c, "one", "two")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			run, err := container.RunConfig{}.Set("steps.one.config.limit", fmt.Sprint(i+1))
			if err != nil {
				t.Error(err)
				return
			}
			parent, err := c.NewChild(t.Context(), container.NeedsLater(all...), container.Launch(run))
			if err != nil {
				t.Error(err)
				return
			}
			child, err := parent.NewChild(t.Context(), container.Needs(all...))
			if err != nil {
				t.Error(err)
				return
			}
			if one, two := limitOf(child, all[0]), limitOf(child, all[1]); one.Limit != i+1 || two.Limit != 10 {
				t.Errorf("got %+v, %+v", one, two)
			}
			if err := parent.Close(nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestATargetOfParametersAlone(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	target, err := container.ParametersTarget(c, "asset orders", []signature.Param{
		{Key: signature.Key{Type: reflect.TypeFor[*service]()}}, {Key: signature.Key{Type: reflect.TypeFor[limit]()}},
	}, container.StepConfig("orders", limit{}))
	if err != nil {
		t.Fatal(err)
	}
	child := newChild(t, c, container.Needs(target))
	defer closeChild(t, child)
	arguments := container.Arguments(child, target)
	if _, ok := arguments[0].(*service); !ok || len(arguments) != 2 || arguments[1].(limit).Limit != 10 {
		t.Errorf("got %v", arguments)
	}
}

func TestThePreviewShowsWhatNestedChildrenWouldStart(t *testing.T) {
	t.Parallel()
	c := newContainer(t,
		container.Provide("pool", func() *database { return nil }, container.PerProcess()),
		container.Provide("session", func(*database) *cache { return nil }),
		container.Provide("cursor", func(*cache, limit) *service { return nil }, container.PerStep(), container.Config(limit{})),
		container.Provide("a_reader", func(*service) *resA { return nil }, container.PerStep()),
		container.Provide("idle", func() *unused { return nil }, container.PerStep()),
	)
	reads := stepTarget(t, c, "asset it", func(*resA) {})
	shown := func(opts ...fx.Option) (got []string) {
		prepared, err := c.Prepare(append(opts, launch("cursor", container.Fields{"limit": 3}))...)
		preview := prepared.Preview()
		if err != nil {
			t.Fatal(err)
		}
		for _, resource := range preview.Resources {
			text := fmt.Sprint(resource.Key, " per ", resource.Lifetime)
			for _, field := range resource.Config[:min(1, len(resource.Config))] {
				text += fmt.Sprint(" ", field.Path, "=", field.Value, " from ", field.Source)
			}
			got = append(got, text)
		}
		return got
	}
	cursor := "cursor per step limit=3 from launch"
	if diff := cmp.Diff([]string{"pool per process", "session per run", cursor, "a_reader per step"}, shown(container.NeedsLater(reads))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	t.Run("once, where the child starts it itself", func(t *testing.T) {
		got := shown(container.NeedsLater(reads), container.NeedsResources("cursor"))
		if diff := cmp.Diff([]string{"pool per process", "session per run", cursor, "a_reader per step"}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
	t.Run("without what an option stands in for, and what only that needs", func(t *testing.T) {
		got := shown(container.NeedsLater(reads), fx.Replace(&service{}))
		if diff := cmp.Diff([]string{"a_reader per step"}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}
