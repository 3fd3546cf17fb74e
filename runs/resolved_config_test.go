package runs_test

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type shopConfig struct {
	Table    string                   `default:"orders"`
	Region   string                   // from the environment
	Limit    int                      // in code
	Note     string                   // that of a job
	Password container.Secret[string] // given at launch
	Key      container.Secret[string] // not set
	APIToken string                   // named like a secret
	Address  string                   // has the password in it
	Empty    string
}

type salesConfig struct{ Days int }

type shop struct{ config shopConfig }

// recordedConfig executes a request and returns the event that its run began.
func recordedConfig(t *testing.T, launch func(*runs.Launcher) *runs.Run, more ...container.Definition) history.RunStarting {
	t.Helper()
	memory := iomanagers.NewMemory()
	c, err := container.New(append(more,
		container.Provide("shop", func(config shopConfig) *shop { return &shop{config} },
			container.Config(shopConfig{Limit: 5}, container.FromEnv("RESOLVED"))),
		container.Provide("io_manager", func() iomanagers.IOManager { return memory }))...)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := assets.NewGraph(c,
		assets.New("sales", func(*shop, salesConfig) int { return 1 }, assets.Config(salesConfig{7})),
		assets.NewJob("nightly", assets.Select("sales"), assets.LaunchDefaults(container.RunConfig{
			Resources: map[string]any{"shop": container.Fields{"note": "that of the job", "limit": 1}},
		})))
	if err != nil {
		t.Fatal(err)
	}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := launcher.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	run := launch(launcher)
	if err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: run.ID(), Types: []history.EventType{history.TypeRunStarting}})
	if err != nil || len(found) != 1 {
		t.Fatalf("the run has begun %d times, %v", len(found), err)
	}
	return found[0].Data.(history.RunStarting)
}

const shopPassword = "correct-horse-battery"

// wantedFields are the fields of the shop, in a run of the job.
func wantedFields(limit history.ConfigField) []history.ConfigField {
	of := "resources.shop"
	return []history.ConfigField{
		{Of: of, Path: "table", Source: "default", Value: "orders"},
		{Of: of, Path: "region", Source: "env", Variable: "RESOLVED_REGION", Value: "north"},
		limit,
		{Of: of, Path: "note", Source: "launch", GivenBy: "job nightly", Value: "that of the job"},
		{Of: of, Path: "password", Source: "launch", Variable: "RESOLVED_SECRET", GivenBy: "--set", Secret: true},
		{Of: of, Path: "key", Source: "zero", Secret: true},
		{Of: of, Path: "api_token", Source: "env", Variable: "RESOLVED_APITOKEN", Secret: true},
		{Of: of, Path: "address", Source: "launch", GivenBy: "run.yaml", Value: "shop://******@north"},
		{Of: of, Path: "empty", Source: "zero"},
		{Of: "steps.sales", Path: "days", Source: "code", Value: "7"},
	}
}

// givenConfig is a config that two flags of a command have given.
func givenConfig(t *testing.T) container.RunConfig {
	t.Helper()
	file, err := container.ParseRunConfig([]byte(`{resources: {shop: {config: {address: "shop://` + shopPassword + `@north", limit: 2}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	set, err := container.RunConfig{}.Set("resources.shop.config.password", "{env: RESOLVED_SECRET}")
	if err != nil {
		t.Fatal(err)
	}
	return file.GivenBy("run.yaml").Merge(set.GivenBy("--set"))
}

func setShopVariables(t *testing.T) {
	t.Helper()
	t.Setenv("RESOLVED_REGION", "north")
	t.Setenv("RESOLVED_APITOKEN", "a-token-of-somebody")
	t.Setenv("RESOLVED_SECRET", shopPassword)
}

func TestARunRecordsItsConfigAsItWasResolved(t *testing.T) {
	setShopVariables(t)
	limit := history.ConfigField{Of: "resources.shop", Path: "limit", Source: "launch", GivenBy: "run.yaml", Value: "2"}
	t.Run("of a run that is launched", func(t *testing.T) {
		got := recordedConfig(t, func(launcher *runs.Launcher) *runs.Run {
			run, err := launcher.Launch(t.Context(), runs.Request{Job: "nightly", Config: givenConfig(t)})
			if err != nil {
				t.Fatal(err)
			}
			return run
		})
		if diff := cmp.Diff(wantedFields(limit), got.Config); diff != "" || got.ConfigOmitted != 0 {
			t.Errorf("the config differs (-want +got):\n%s", diff)
		}
	})
	t.Run("of a run that was queued, with who has given it", func(t *testing.T) {
		got := recordedConfig(t, func(launcher *runs.Launcher) *runs.Run {
			prepared, err := launcher.Prepare(runs.Request{Job: "nightly", Config: givenConfig(t)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := prepared.Queue(t.Context()); err != nil {
				t.Fatal(err)
			}
			var taken *runs.Run
			if err := launcher.Work(t.Context(), runs.WorkOptions{UntilEmpty: true, Taken: func(run *runs.Run) { taken = run }}); err != nil {
				t.Fatal(err)
			}
			return taken
		})
		if diff := cmp.Diff(wantedFields(limit), got.Config); diff != "" {
			t.Errorf("the config differs (-want +got):\n%s", diff)
		}
	})
	t.Run("of a run that repeats another one", func(t *testing.T) {
		got := recordedConfig(t, func(launcher *runs.Launcher) *runs.Run {
			first, err := launcher.Launch(t.Context(), runs.Request{Job: "nightly", ID: "first", Config: givenConfig(t)})
			if err != nil {
				t.Fatal(err)
			}
			if err := first.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			request, err := launcher.RetryRequest(t.Context(), "first", runs.RetryOptions{All: true})
			if err != nil {
				t.Fatal(err)
			}
			run, err := launcher.Launch(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			return run
		})
		if at := got.Config[3]; at.GivenBy != "run first" || at.Value != "that of the job" {
			t.Errorf("the field is %+v", at)
		}
	})
}

func TestARecordedConfigIsBounded(t *testing.T) {
	t.Parallel()
	launch := func(launcher *runs.Launcher, request runs.Request) *runs.Run {
		run, err := launcher.Launch(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	t.Run("a long value is cut between two letters", func(t *testing.T) {
		t.Parallel()
		long := "a" + strings.Repeat("é", 400)
		got := recordedConfig(t, func(launcher *runs.Launcher) *runs.Run {
			return launch(launcher, runs.Request{Selection: "sales", Config: container.RunConfig{
				Resources: map[string]any{"shop": container.Fields{"note": long}},
			}})
		})
		if field := got.Config[3]; !field.Cut || field.Value != long[:499] || field.GivenBy != "" {
			t.Errorf("the field is %+v", field)
		}
	})
	t.Run("what has no place is counted", func(t *testing.T) {
		t.Parallel()
		var keys []string
		var many []container.Definition
		for i := range 200 {
			keys = append(keys, fmt.Sprintf("%s_%d", strings.Repeat("k", 400), i))
			many = append(many, container.Provide(keys[i], func(config salesConfig) *salesConfig { return &config }, container.Config(salesConfig{1})))
		}
		got := recordedConfig(t, func(launcher *runs.Launcher) *runs.Run {
			return launch(launcher, runs.Request{Selection: "sales", Options: []fx.Option{container.NeedsResources(keys...)}})
		}, many...)
		if all := 200 + 10; len(got.Config)+got.ConfigOmitted != all || len(got.Config) < 100 || got.ConfigOmitted < 20 {
			t.Errorf("%d fields are recorded, and %d omitted, of %d", len(got.Config), got.ConfigOmitted, all)
		}
	})
}
