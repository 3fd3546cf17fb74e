package automation_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
)

type SensorConfig struct {
	Limit int `default:"3"`
}

type sensorParams struct {
	fx.In

	Config SensorConfig
	Tick   *automation.Tick
}

func TestWhatIsWrongWithADefinitionIsFoundBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	fine := func() error { return nil }
	for name, row := range map[string]struct {
		definition automation.Definition
		want       string
	}{
		"a cron expression":                 {automation.NewSchedule("a", "0 25 * * *", "small_job"), `schedule a (wiring_test.go:35): reading the cron expression "0 25 * * *"`},
		"a zone":                            {automation.NewSchedule("a", "@daily", "small_job", automation.InZone("Europe/Berln")), `there is no time zone "Europe/Berln"`},
		"an empty zone":                     {automation.NewSchedule("a", "@daily", "small_job", automation.InZone("")), `there is no time zone ""`},
		"a jitter":                          {automation.NewSensor("a", fine, automation.Every(time.Second), automation.Jitter(time.Minute)), "automation.Jitter(1m0s) is longer than the interval of 1s"},
		"a tag that is not UTF-8":           {automation.NewSensor("a", fine, automation.Tag("x", "\xff")), `automation.Tag("x", "\xff"): it is not UTF-8`},
		"a name with a line break":          {automation.NewSensor("a\nb", fine), `sensor "a\nb" (`},
		"a resource for launches":           {automation.NewSensor("a", func(*Warehouse) {}), "it needs resource warehouse (main_test.go:"},
		"a config for launches":             {automation.NewSensor("a", func(SensorConfig) {}, automation.Config(SensorConfig{}, container.AtLaunch("Limit"))), "its config names Limit as given at launch"},
		"a job":                             {automation.NewSchedule("a", "@daily", "smal_job"), `did you mean "small_job"?`},
		"a selection in place of a job":     {automation.NewSensor("a", fine, automation.For("+data")), `there is no job "+data": a text names a job, so give a selection of assets as assets.Select("+data")`},
		"a selection with a wrong name":     {automation.NewSchedule("a", "@daily", "+dta"), `so give a selection of assets as assets.Select("+dta")`},
		"an asset in place of a job":        {automation.NewSchedule("a", "@daily", "data"), `so give a selection of assets as assets.Select("data")`},
		"a selection":                       {automation.NewSchedule("a", "@daily", assets.Select("+dta")), `did you mean "data"?`},
		"a selection of nothing":            {automation.NewSchedule("a", "@daily", assets.Select("data and small")), `its selection "data and small" holds no asset`},
		"a target that is none":             {automation.NewSchedule("a", "@daily", 3), "its target is 3: give the name of a job"},
		"no target":                         {automation.NewSchedule("a", "@daily", nil), "its target is <nil>"},
		"a name":                            {automation.NewSensor("a b", fine), `its name "a b" is not allowed: it may hold letters`},
		"an empty name":                     {automation.NewSensor("", fine), "its name is empty"},
		"no function":                       {automation.NewSensor("a", 3), "its function: not a function: int"},
		"results":                           {automation.NewSensor("a", func() int { return 3 }), "returns int: it returns an automation.RunRequest"},
		"two results":                       {automation.NewSensor("a", func() (int, int) { return 3, 3 }), "returns 2 values"},
		"a parameter":                       {automation.NewSensor("a", func(*strings.Builder) {}), "*strings.Builder"},
		"a value of an asset":               {automation.NewSensor("a", func(string) {}), "it needs string, which is the type of an asset"},
		"an event without one":              {automation.NewSensor("a", func(history.Event) {}), "which only automation.OnMaterialized and automation.OnRun give"},
		"a lifecycle":                       {automation.NewSensor("a", func(fx.Lifecycle) {}), "it needs fx.Lifecycle"},
		"an option of another kind":         {automation.NewSensor("a", fine, automation.InZone("UTC")), "automation.InZone is an option of a schedule"},
		"an interval":                       {automation.NewSensor("a", fine, automation.Every(time.Millisecond)), "the least interval is 100ms"},
		"an interval for events":            {automation.OnRun("a", nil, fine, automation.Every(time.Second)), "automation.Every is no option of a sensor that ticks for events"},
		"a limit of time":                   {automation.NewSensor("a", fine, automation.Timeout(0)), "automation.Timeout(0s): it must be positive"},
		"a reserved tag":                    {automation.NewSensor("a", fine, automation.Tag("fxrun/x", "")), `automation.Tag("fxrun/x")`},
		"an asset of an event":              {automation.OnMaterialized("a", []string{"dat"}, fine), `did you mean "data"?`},
		"a status":                          {automation.OnRun("a", []history.Status{history.StatusRunning}, fine), `a run cannot end as "running"`},
		"a job of an event":                 {automation.OnRun("a", nil, fine, automation.OfJob("smal_job")), `did you mean "small_job"?`},
		"a config that nothing takes":       {automation.NewSensor("a", fine, automation.Config(SensorConfig{})), "its config has the type automation_test.SensorConfig, but it has no parameter of that type"},
		"a config without a function":       {automation.NewSchedule("a", "@daily", "small_job", automation.Config(SensorConfig{})), "it has a config, but no function that takes it"},
		"a job without its launch config":   {automation.NewSchedule("a", "@daily", "update_data"), "its runs would fail: resources.warehouse.config.table: missing: give it in the launch defaults of the job"},
		"a selection that lacks the same":   {automation.NewSchedule("a", "@daily", assets.Select("data")), "resources.warehouse.config.table: missing"},
		"a nil option":                      {automation.NewSensor("a", fine, nil), "one of its options is nil"},
		"a function wrapped by fx.Annotate": {automation.NewSensor("a", fx.Annotate(fine)), "wrapped by fx.Annotate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := build(t, new(tables), nil, row.definition)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
}

func TestAScheduleMayLeaveLaunchConfigToOthers(t *testing.T) {
	t.Parallel()
	for name, definition := range map[string]automation.Definition{
		"to a function":              automation.NewSchedule("a", "@daily", func() automation.RunRequest { return table("orders") }, automation.For("update_data")),
		"to a sensor's function":     automation.NewSensor("a", func() automation.RunRequest { return table("orders") }, automation.For("update_data")),
		"to the defaults of a job":   automation.NewSchedule("a", "@daily", "update_orders"),
		"to nobody, needing nothing": automation.NewSchedule("a", "@daily", "small_job"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := build(t, new(tables), nil, definition); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAFaultInTheConfigOfAFunctionNamesItsKind(t *testing.T) {
	for kind, definition := range map[automation.Kind]automation.Definition{
		automation.KindSchedule: automation.NewSchedule("a", "@daily", func(SensorConfig) {}, automation.Config(SensorConfig{}, container.FromEnv("TICKS"))),
		automation.KindSensor:   automation.NewSensor("a", func(SensorConfig) {}, automation.Config(SensorConfig{}, container.FromEnv("TICKS"))),
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Setenv("TICKS_LIMIT", "three")
			p := newProgram(t, new(tables), nil, definition)
			_, err := p.all.Evaluate(t.Context(), kind, "a", automation.Occasion{})
			if want := string(kind) + "s.a.config.limit: "; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
		})
	}
}

func TestAnUnknownNameGetsTheNamesThereAre(t *testing.T) {
	t.Parallel()
	var many []automation.Definition
	for _, name := range strings.Fields("aa bb cc dd ee ff gg hh ii jj kk ll") {
		many = append(many, automation.NewSensor(name, func() {}))
	}
	for want, definitions := range map[string][]automation.Definition{
		`there is no sensor "nosuch": no sensors are defined`:                                       nil,
		`there is no sensor "nosuch": there are only orders, tables`:                                {automation.NewSensor("tables", func() {}), automation.NewSensor("orders", func() {})},
		`there is no sensor "nosuch": there are aa, bb, cc, dd, ee, ff, gg, hh, ii, jj, and 2 more`: many,
		`there is no sensor "nosuch", did you mean "nosuchs"?`:                                      {automation.NewSensor("nosuchs", func() {})},
	} {
		p := newProgram(t, new(tables), nil, definitions...)
		_, err := p.all.Evaluate(t.Context(), automation.KindSensor, "nosuch", automation.Occasion{})
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestFaultsOfAllDefinitionsComeAtOnce(t *testing.T) {
	t.Parallel()
	fine := func() error { return nil }
	_, err := build(t, new(tables), nil,
		automation.NewSensor("twice", fine), automation.NewSensor("twice", fine), automation.NewSchedule("twice", "@daily", "small_job"),
		automation.NewSchedule("bad", "x", "none"))
	if err == nil || len(strings.Split(err.Error(), "\n")) != 4 {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"sensor twice is defined twice: at wiring_test.go:", "reading the cron expression", `"none"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q lacks %q", err, want)
		}
	}
}

func TestAFunctionGetsItsConfig(t *testing.T) {
	t.Setenv("SENSOR_LIMIT", "7")
	var got []SensorConfig
	p := newProgram(t, new(tables), nil,
		automation.NewSensor("a", func(c SensorConfig) { got = append(got, c) }, automation.Config(SensorConfig{}, container.FromEnv("SENSOR"))),
		automation.NewSensor("b", func(in sensorParams) { got = append(got, in.Config) }, automation.Config(SensorConfig{Limit: 5})))
	for _, name := range []string{"a", "b"} {
		if _, err := p.all.Evaluate(t.Context(), automation.KindSensor, name, automation.Occasion{}); err != nil {
			t.Error(err)
		}
	}
	if len(got) != 2 || got[0].Limit != 7 || got[1].Limit != 5 {
		t.Errorf("got %v", got)
	}
	t.Setenv("SENSOR_LIMIT", "many")
	if _, err := p.all.Evaluate(t.Context(), automation.KindSensor, "a", automation.Occasion{}); err == nil || !strings.Contains(err.Error(), "SENSOR_LIMIT") {
		t.Errorf("got %v", err)
	}
}
