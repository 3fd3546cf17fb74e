package container_test

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/resource"

	"github.com/fxrun/fxrun/internal/goldentest"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/fault"
)

var (
	lineNumber = regexp.MustCompile(`(_test\.go):\d+`)
	directory  = regexp.MustCompile(`\([^()\s]*/`)
)

// golden compares a text with a file of testdata, which UPDATE_GOLDEN=1 writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = lineNumber.ReplaceAllString(directory.ReplaceAllString(got, "("), "$1:LINE") + "\n"
	goldentest.Compare(t, filepath.Join("testdata", name+".golden"), got)
}

func newDatabase(databaseConfig) *database { return nil }
func newCache(*database) *cache            { return nil }
func newService(*cache) *service           { return nil }
func newStore(*bucket) store               { return nil }
func newBucket(store, *report) *bucket     { return nil }
func newReport(*bucket) *report            { return nil }
func newA(*resA) *resA                     { return nil }
func newPlain() *database                  { return nil }
func newByName(in struct {
	fx.In
	DB *database `name:"warehuose"`
},
) *resB {
	return nil
}

func TestFaultsOfDefinitions(t *testing.T) {
	t.Parallel()
	config := container.Config(databaseConfig{})
	for name, definitions := range map[string][]container.Definition{
		"duplicate_key":         {container.Provide("warehouse", newPlain), container.Provide("warehouse", newCache)},
		"missing_type":          {container.Provide("cache", newCache)},
		"missing_type_by_value": {container.Provide("warehouse", func() database { return database{} }), container.Provide("cache", newCache)},
		"missing_name":          {container.Provide("warehouse", newPlain), container.Provide("b", newByName)},
		"missing_interface":     {container.Provide("bucket", func() *bucket { return nil }), container.Provide("report", func(store) *report { return nil })},
		"ambiguous_type":        {container.Provide("left", newPlain), container.Provide("right", newPlain), container.Provide("cache", newCache)},
		"cycle":                 {container.Provide("store", newStore), container.Provide("bucket", newBucket), container.Provide("report", newReport)},
		"cycle_of_one":          {container.Provide("a", newA)},
		"annotated":             {container.Provide("warehouse", fx.Annotate(newPlain, fx.As(new(store))))},
		"not_a_function":        {container.Provide("warehouse", &database{}), container.Provide("nothing", nil)},
		"no_result":             {container.Provide("warehouse", func() error { return nil })},
		"two_results_alike":     {container.Provide("warehouse", func() (*database, *database) { return nil, nil })},
		"config_not_taken":      {container.Provide("warehouse", newPlain, config)},
		"config_not_given":      {container.Provide("warehouse", newDatabase)},
		"config_twice":          {container.Provide("warehouse", newDatabase, config, config)},
		"config_of_pointer":     {container.Provide("warehouse", newDatabase, container.Config(&databaseConfig{}))},
		"config_of_wrong_kinds": {container.Provide("warehouse", func(wrongConfig) *database { return nil }, container.Config(wrongConfig{}))},
		"as":                    {container.Provide("warehouse", newPlain, container.As[store](), container.As[database]())},
		"bad_key":               {container.Provide("", newPlain), container.Provide("raw/orders", newCache), container.Provide("7up", newService)},
		"static_nil":            {container.Provide("warehouse", newPlain, resource.Static("iomanagers.Checks", nil))},
		"supply_nil":            {container.Supply("warehouse", nil)},
		"supply_with_config":    {container.Supply("warehouse", &database{}, config)},
		"several": {
			container.Provide("warehouse", newPlain, config), container.Provide("warehouse", newCache),
			container.Provide("service", newService), container.Provide("store", newStore), container.Provide("bucket", newBucket),
		},
		"cleanup_functions": {
			container.Provide("a", func() (*resA, func(), error) { return nil, nil, nil }),
			container.Provide("b", func() (*resB, func(context.Context) error) { return nil, nil }),
			container.Provide("only", func() func() { return nil }),
			container.Provide("other", func() (*database, func() string) { return nil, nil }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := container.New(definitions...)
			if faults := new(container.Faults); !errors.As(err, &faults) || !errors.Is(err, container.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			golden(t, name, err.Error())
		})
	}
}

type wrongConfig struct {
	Call    func()
	Channel chan int
	Port    int `default:"eighty"`
	Host    string
	Also    string `json:"host"`
	Loop    struct{ Inner *wrongConfig }
}

// limits is a config with one of everything that a launch can get wrong.
type limits struct {
	DSN     string `required:"true" secret:"false"`
	Table   string
	Batch   int
	Ratio   float64
	Wait    time.Duration
	Tags    []string
	Counts  map[string]int
	Strict  bool
	Auth    struct{ User, Password string }
	Windows []window
	Key     container.Secret[string]
	Code    int
}

// itemLimits has structs in a list and in a map, and types that read text.
type itemLimits struct {
	Entries []entry
	ByName  map[string]*entry
	Labels  map[string]string
	Ratios  []float32
	Links   []*url.URL
	Pair    [2]int
	Wait    *time.Duration
}

func newLimited(limits) *resA { return nil }

func TestFaultsOfLaunches(t *testing.T) {
	t.Setenv("LIMITS_BATCH", "many")
	t.Setenv("LIMITS_KEY", "hunter2")
	t.Setenv("REFERRED", "hunter2")
	t.Setenv("ITEMS_LINKS", "https://a, ://hunter2")
	t.Setenv("ITEMS_PAIR", "1, 2, 3")
	t.Setenv("ITEMS_WAIT", "")
	base := []container.Definition{
		container.Provide("warehouse", newLimited, container.Config(limits{DSN: "x"}, container.Fixed("Code"))),
		container.Provide("plain", newPlain),
	}
	for name, test := range map[string]struct {
		definitions []container.Definition
		launch      string
		opts        []fx.Option
	}{
		"launch_unknown_resource": {base, "resources:\n  warehuose:\n    config:\n      table: x\n", nil},
		"launch_unknown_field":    {base, "resources:\n  warehouse:\n    config:\n      tabel: x\n      quite_else: 1\n      auth:\n        usr: me\n", nil},
		"launch_without_config":   {base, "resources:\n  plain:\n    config: {a: 1}\n", nil},
		"launch_fixed_field":      {base, "resources:\n  warehouse:\n    config:\n      code: 3\n", nil},
		"launch_wrong_types": {base, `resources:
  warehouse:
    config:
      table: [a, b]
      batch: lots
      ratio: half
      wait: 5
      tags: a
      counts:
        a: one
      strict: perhaps
      auth: me
      windows:
        - {From: 1, To: x}
        - {from: 1, too: 2}
      key: [hunter2]
`, nil},
		"launch_items": {[]container.Definition{
			container.Provide("warehouse", func(itemLimits) *resA { return nil }, container.Config(itemLimits{}, container.FromEnv("ITEMS"))),
		}, `resources:
  warehouse:
    config:
      entries:
        - {name: x, count: 0, env: y}
        - {count: .inf, a: [hunter2]}
        - {name: {env: NOT_SET_ANYWHERE}, x: {}}
        - {nam: x}
      by_name:
        b: {name: ''}
        b: {name: x}
      labels: {a: {env: lower}}
      ratios: [1, 1e39, .nan]
`, nil},
		"launch_fraction":          {base, "resources: {warehouse: {config: {batch: 1.5}}}", nil},
		"launch_number_too_big":    {base, "resources: {warehouse: {config: {batch: 99999999999999999999}}}", nil},
		"launch_missing_reference": {base, "resources: {warehouse: {config: {batch: {env: NOT_SET_ANYWHERE}}}}", nil},
		"launch_empty_entries":     {base, "resources: {warehous: {}, warehose: , nothing: {}, warehouse: {}, plain: }\nsteps: {xx: {}, yy: }", nil},
		"launch_bad_reference":     {base, "resources: {warehouse: {config: {batch: {env: REFERRED}, key: {env: hunter2}}}}", nil},
		"launch_missing": {[]container.Definition{
			container.Provide("warehouse", newLimited, container.Config(limits{}, container.FromEnv("UNSET"), container.AtLaunch("Table", "Auth.User"))),
		}, "", nil},
		"launch_unreadable_variable": {[]container.Definition{
			container.Provide("warehouse", newLimited, container.Config(limits{DSN: "x"}, container.FromEnv("LIMITS"))),
		}, "", nil},
		"launch_validate": {[]container.Definition{
			container.Provide("warehouse", func(window) *resA { return nil }, container.Config(window{})),
		}, "resources: {warehouse: {config: {from: 3, to: 2}}}", nil},
		"launch_unknown_target":         {base, "", []fx.Option{container.NeedsResources("warehous", "nothing_like_it")}},
		"launch_replace_nothing":        {base, "", []fx.Option{fx.Replace(&bucket{})}},
		"launch_option_lacks_something": {base, "", []fx.Option{fx.Invoke(func(chan int) {})}},
		"launch_definition":             {base, "", []fx.Option{container.Provide("another", newPlain)}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newContainer(t, test.definitions...)
			err := c.Invoke(t.Context(), func(*resA) {}, append(test.opts, container.Launch(parse(t, test.launch)))...)
			if !errors.Is(err, container.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is shown: %v", err)
			}
			golden(t, name, err.Error())
		})
	}
}

func TestFaultsOfAStructForAnotherResource(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("warehouse", newLimited, container.Config(limits{DSN: "x"})))
	err := c.Invoke(t.Context(), func(*resA) {}, launch("warehouse", window{}))
	golden(t, "launch_wrong_struct", err.Error())
}

func TestFaultsOfRunConfigs(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"yaml_broken":          "resources:\n  warehouse: {config: {table: x\n",
		"yaml_tab":             "resources:\n\twarehouse: 1\n",
		"yaml_unknown_anchor":  "resources:\n  warehouse:\n    config: {key: *hunter2}\n",
		"yaml_two_documents":   "resources: {}\n---\nresources: {}\n",
		"yaml_not_a_map":       "- a\n",
		"yaml_unknown_section": "ops: {}\nresources:\n  warehouse:\n    confg: {}\n    config: {}\n",
		"yaml_section_kinds":   "resources:\n  warehouse: 3\n  cache:\n    config: [1]\n  other: {config: {a: 1, a: 2}}\n",
		"yaml_twice":           "resources:\n  warehouse: {}\n  warehouse: {}\n",
		"yaml_bomb":            "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, err := container.ParseRunConfig([]byte(text))
			if err == nil { // some of it shows only when the config is held against a container
				c := newContainer(t, container.Provide("cache", newLimited, container.Config(limits{})), container.Provide("other", newLimited, container.Config(limits{})))
				_, err = c.Prepare(container.Launch(config))
			}
			if !errors.Is(err, container.ErrInvalid) {
				t.Fatalf("got %v", err)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is shown: %v", err)
			}
			golden(t, name, err.Error())
		})
	}
}

func TestFaultsOfTargets(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("warehouse", newPlain))
	_, err := c.Target("asset orders", func(fx.Lifecycle, database, chan int) {})
	golden(t, "target", err.Error())
	golden(t, "target_not_a_function", c.Invoke(t.Context(), 3).Error())
}

func TestFaultsOf(t *testing.T) {
	t.Parallel()
	first, second := errors.New("first"), errors.New("second")
	faults := fault.Join("doing", []error{first, second})
	for _, test := range []struct {
		err  error
		want []error
	}{
		{nil, nil},
		{first, []error{first}},
		{errors.Join(first, second), []error{first, second}},
		{faults, []error{first, second}},
	} {
		if got := fault.Of(test.err); !slices.Equal(got, test.want) {
			t.Errorf("of %v: got %v, want %v", test.err, got, test.want)
		}
	}
	fault.Of(faults)[0] = second
	if got := fault.Of(faults); !errors.Is(got[0], first) {
		t.Error("the slice is not the caller's own")
	}
}
