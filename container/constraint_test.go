package container_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
)

// bounded has a constraint on a field of every kind that takes one.
type bounded struct {
	Text     string                   `enum:"alpha, beta,gamma"`
	Int      int                      `min:"1" max:"10"`
	Small    int8                     `enum:"1,2,3"`
	Unsigned uint                     `min:"2"`
	Float    float64                  `min:"0.5" max:"1.5"`
	Duration time.Duration            `min:"1s" max:"1m"`
	Choice   time.Duration            `enum:"1m,1h"`
	Day      time.Time                `enum:"2026-01-02T00:00:00Z"`
	Level    level                    `enum:"high"`
	Link     *url.URL                 `enum:"https://a.example,https://b.example"`
	Flag     bool                     `enum:"true"`
	Name     string                   `min:"2" max:"4"`
	Pattern  string                   `pattern:"^[a-z]+$" max:"5"`
	List     []string                 `min:"1" max:"2"`
	Map      map[string]int           `max:"1"`
	Bytes    []byte                   `min:"3"`
	Pointer  *int                     `min:"5"`
	Secret   container.Secret[string] `pattern:"^key-" max:"9"`
	Password container.Secret[int]    `min:"1000" max:"9999"`
	Code     container.Secret[string] `enum:"hunter2,hunter3"`
	Nested   struct {
		Port int `min:"1" max:"65535"`
	}
}

var boundedCases = []struct {
	field, env, allowed, refused string
	value                        any // the refused one, as a Go value of the field's type
	must                         string
}{
	{"text", "TEXT", "beta", "betta", "betta", `be one of "alpha", "beta", "gamma", did you mean "beta"?`},
	{"text", "TEXT", "beta", "somewhat_else", "somewhat_else", `be one of "alpha", "beta", "gamma"`},
	{"int", "INT", "10", "11", 11, "be at most 10"},
	{"int", "INT", "1", "0", 0, "be at least 1"},
	{"small", "SMALL", "0x2", "4", int8(4), `be one of "1", "2", "3"`},
	{"unsigned", "UNSIGNED", "2", "1", uint(1), "be at least 2"},
	{"float", "FLOAT", "1.5", "1.51", 1.51, "be at most 1.5"},
	{"duration", "DURATION", "60s", "999ms", 999 * time.Millisecond, "be at least 1s"},
	{"choice", "CHOICE", "60s", "61s", 61 * time.Second, `be one of "1m", "1h"`},
	{"day", "DAY", "2026-01-02T01:00:00+01:00", "2026-01-03T00:00:00Z", time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC), `be "2026-01-02T00:00:00Z"`},
	{"level", "LEVEL", "high", "low", level(1), `be "high"`},
	{"link", "LINK", "https://a.example", "https://c.example", parsed("https://c.example"), `be one of "https://a.example", "https://b.example", did you mean "https://a.example"?`},
	{"flag", "FLAG", "true", "false", false, `be "true"`},
	{"name", "NAME", "äöüß", "x", "x", "have at least 2 characters"},
	{"pattern", "PATTERN", "abcde", "ABCDEF", "ABCDEF", "have at most 5 characters and match ^[a-z]+$"},
	{"list", "LIST", "a,b", "a,b,c", []string{"a", "b", "c"}, "have at most 2 items"},
	{"map", "MAP", "a:1", "a:1,b:2", map[string]int{"a": 1, "b": 2}, "have at most 1 entry"},
	{"bytes", "BYTES", "abc", "ab", []byte("ab"), "have at least 3 bytes"},
	{"pointer", "POINTER", "5", "4", new(4), "be at least 5"},
	{"secret", "SECRET", "key-1", "hunter2", container.NewSecret("hunter2"), "match ^key-"},
	{"password", "PASSWORD", "1000", "47110815", container.NewSecret(47110815), "be at most 9999"},
	{"code", "CODE", "hunter2", "hunter4", container.NewSecret("hunter4"), "be one of the values of its enum tag"},
	{"nested.port", "NESTED_PORT", "65535", "65536", 65536, "be at most 65535"},
}

// inYAML is a run config of one field; lists and maps in the form of the
// environment become those of YAML.
func inYAML(t *testing.T, field, text string) container.RunConfig {
	t.Helper()
	switch field {
	case "list":
		text = "[" + text + "]"
	case "map":
		text = "{" + strings.ReplaceAll(text, ":", ": ") + "}"
	}
	config, err := container.RunConfig{}.Set("resources.it.config."+field, text)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func fieldsOf(field string, value any) container.Fields {
	if section, name, nested := strings.Cut(field, "."); nested {
		return container.Fields{section: container.Fields{name: value}}
	}
	return container.Fields{field: value}
}

func TestConstraintsHoldInEveryLayer(t *testing.T) {
	c := newContainer(t, container.Provide("it", func(bounded) *resA { return &resA{} }, container.Config(bounded{}, container.FromEnv("BOUNDED"))))
	needs := container.NeedsResources("it")
	for _, test := range boundedCases {
		variable := "BOUNDED_" + test.env
		path := "resources.it.config." + test.field
		source := func(t *testing.T, preview container.Preview, want container.Source) {
			t.Helper()
			for _, field := range preview.Resources[0].Config {
				if field.Path == test.field && field.Source != want {
					t.Errorf("the source of the refused value is %s, not %s", field.Source, want)
				}
			}
		}
		refused := func(t *testing.T, err error, where string) {
			t.Helper()
			faults := new(container.Faults)
			if !errors.As(err, &faults) || len(faults.Errs) != 1 || faults.Errs[0].Error() != path+where+" must "+test.must {
				t.Errorf("got  %v\nwant %s%s must %s", err, path, where, test.must)
			}
			if strings.Contains(fmt.Sprint(err), "hunter") || strings.Contains(fmt.Sprint(err), "4711") {
				t.Error("a secret is shown")
			}
		}
		name := test.field + " as " + test.refused
		t.Run(name+" in the environment", func(t *testing.T) {
			t.Setenv(variable, test.refused)
			prepared, err := c.Prepare(needs)
			preview := prepared.Preview()
			refused(t, err, ": the environment variable "+variable)
			source(t, preview, container.SourceEnv)
			t.Setenv(variable, test.allowed)
			if _, err := c.Prepare(needs); err != nil {
				t.Error(err)
			}
		})
		t.Run(name+" in a launch", func(t *testing.T) {
			prepared, err := c.Prepare(needs, container.Launch(inYAML(t, test.field, test.refused)))
			preview := prepared.Preview()
			refused(t, err, ": it")
			source(t, preview, container.SourceLaunch)
			if _, err := c.Prepare(needs, container.Launch(inYAML(t, test.field, test.allowed))); err != nil {
				t.Error(err)
			}
			if _, err := c.LaunchJSON(inYAML(t, test.field, test.refused)); !errors.Is(err, container.ErrInvalid) {
				t.Errorf("it would be stored: %v", err)
			}
		})
		t.Run(name+" in fields of a launch", func(t *testing.T) {
			_, err := c.Prepare(needs, launch("it", fieldsOf(test.field, test.value)))
			refused(t, err, ": it")
		})
		t.Run(name+" by a reference", func(t *testing.T) {
			if test.field == "map" {
				t.Skip("a map has no references")
			}
			run, err := container.RunConfig{}.Set(path, "{env: REFERRED_TO}")
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv("REFERRED_TO", test.refused)
			_, err = c.Prepare(needs, container.Launch(run))
			refused(t, err, ": the environment variable REFERRED_TO, which the launch refers to,")
			t.Setenv("REFERRED_TO", test.allowed)
			if _, err := c.Prepare(needs, container.Launch(run)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAConstraintSaysWhereTheValueStands(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(bounded) *resA { return nil }, container.Config(bounded{})))
	_, err := c.Prepare(container.NeedsResources("it"), container.Launch(parse(t, "resources:\n  it:\n    config:\n      text: betta\n      int: 0\n      secret: hunter2\n      nested: {port: 0}\n")))
	golden(t, "launch_constraints", fmt.Sprint(err))
}

func TestWhatNoLayerSetsIsAllowed(t *testing.T) {
	t.Parallel()
	got := mustConfig[bounded](t, container.Config(bounded{}))
	if diff := cmp.Diff(bounded{}, got, revealed...); diff != "" {
		t.Error(diff)
	}
	mustConfig[bounded](t, container.Config(bounded{}), launch("it", container.Fields{"pointer": nil}))
}

func TestNaNIsWithinNoBounds(t *testing.T) {
	t.Parallel()
	_, err := configOf[bounded](t, container.Config(bounded{}), launch("it", container.Fields{"float": math.NaN()}))
	if !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

// checked counts what its Validate is asked.
type checked struct {
	Port  int  `min:"1"`
	Asked *int `ignored:"true"` // shared by all children
}

func (c checked) Validate() error { *c.Asked++; return nil }

func TestValidateIsNotAskedOfWhatIsNotAllowed(t *testing.T) {
	asked := 0
	option := container.Config(checked{Asked: &asked}, container.FromEnv("CHECKED"))
	_, err := configOf[checked](t, option, launch("it", container.Fields{"port": 0}))
	if err == nil {
		t.Error("port 0 was taken")
	}
	t.Setenv("CHECKED_PORT", "0")
	if _, err = configOf[checked](t, option); err == nil {
		t.Error("port 0 was taken")
	}
	if asked > 0 {
		t.Error("Validate was called with a value that its field does not allow")
	}
	t.Setenv("CHECKED_PORT", "1")
	if _, err = configOf[checked](t, option); err != nil || asked == 0 {
		t.Errorf("Validate was not called at all, or %v", err)
	}
}

func TestDefinitionsKeepTheirOwnConstraints(t *testing.T) {
	t.Parallel()
	type item struct {
		Port int `min:"1"`
	}
	type loop []loop
	type loopMap map[string]loopMap
	type loopPointer *loopPointer
	type wrong struct {
		Enum      string                   `enum:"a,,b"`
		Numbers   int                      `enum:"1,two"`
		Tags      []string                 `enum:"a"`
		Min       int8                     `min:"300"`
		Max       float64                  `max:"NaN"`
		Flag      bool                     `min:"1"`
		Day       time.Time                `max:"2026-01-02T03:04:05Z"`
		Length    string                   `min:"-1"`
		Bounds    time.Duration            `min:"2s" max:"1s"`
		Pattern   string                   `pattern:"("`
		Number    int                      `pattern:"^1$"`
		Items     []item                   ``
		Section   struct{ A int }          `min:"1"`
		Level     string                   `enum:"debug,info" default:"inof"`
		Port      int                      `min:"1" max:"65535" default:"70000"`
		Key       container.Secret[string] `pattern:"^key-" default:"hunter2"`
		Loop      loop
		LoopMap   loopMap
		LoopPtr   loopPointer
		LoopInMap map[string][]loop
	}
	_, err := container.New(container.Provide("it", func(wrong) *resA { return nil }, container.Config(wrong{})))
	if !errors.Is(err, container.ErrInvalid) || strings.Contains(fmt.Sprint(err), "hunter2") {
		t.Errorf("got %v", err)
	}
	golden(t, "config_constraints", fmt.Sprint(err))

	_, err = container.New(container.Provide("it", func(bounded) *resA { return nil },
		container.Config(bounded{Text: "betta", Int: 11, Duration: time.Hour, Pointer: new(1), Secret: container.NewSecret("hunter2")})))
	if !errors.Is(err, container.ErrInvalid) || strings.Contains(fmt.Sprint(err), "hunter2") {
		t.Errorf("got %v", err)
	}
	golden(t, "config_code_not_allowed", fmt.Sprint(err))
}

func TestFieldsTellWhatTheyAllow(t *testing.T) {
	t.Parallel()
	type config struct {
		Level  string                   `enum:"debug, info" default:"info"`
		Port   int                      `min:"1" max:"65535"`
		Name   string                   `pattern:"^[a-z]+$"`
		Key    container.Secret[string] `enum:"hunter2" default:"hunter2"`
		Link   *url.URL                 `default:"https://me:hunter2@host"`
		Waits  []time.Duration          `default:"1s,2m"`
		Absent int
	}
	c := newContainer(t, container.Provide("it", func(config) *resA { return nil }, container.Config(config{Level: "debug"})))
	want := []container.Field{
		{Path: "level", GoName: "Level", Type: "string", Source: container.SourceCode, Value: "debug", Default: "info", Enum: []string{"debug", "info"}},
		{Path: "port", GoName: "Port", Type: "int", Source: container.SourceZero, Value: "0", Min: "1", Max: "65535"},
		{Path: "name", GoName: "Name", Type: "string", Source: container.SourceZero, Pattern: "^[a-z]+$"},
		{Path: "key", GoName: "Key", Type: "container.Secret[string]", Source: container.SourceDefault, Value: container.Masked, Secret: true, Default: container.Masked},
		{Path: "link", GoName: "Link", Type: "*url.URL", Source: container.SourceDefault, Value: "https://me:xxxxx@host", Default: "https://me:xxxxx@host"},
		{Path: "waits", GoName: "Waits", Type: "[]time.Duration", Source: container.SourceDefault, Value: `["1s","2m0s"]`, Default: "1s,2m"},
		{Path: "absent", GoName: "Absent", Type: "int", Source: container.SourceZero, Value: "0"},
	}
	if diff := cmp.Diff(want, c.Resources()[0].Config); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAValueThatCantBeReadIsNotShownAsAnother(t *testing.T) {
	t.Setenv("UNREADABLE_BATCH", "many")
	type config struct{ Batch int }
	c := newContainer(t, container.Provide("it", func(config) *resA { return nil }, container.Config(config{Batch: 5}, container.FromEnv("UNREADABLE"))))
	if got := c.Resources()[0].Config[0]; got.Source != container.SourceEnv || got.Value != "" {
		t.Errorf("got %+v", got)
	}
}

func TestARunConfigIsNotWrittenAsItIs(t *testing.T) {
	t.Parallel()
	run := container.RunConfig{Resources: map[string]any{"it": container.Fields{"secret": "hunter2"}}}
	for _, value := range []any{run, &run, map[string]any{"config": run}} {
		text, err := json.Marshal(value)
		if err == nil || !strings.Contains(err.Error(), "LaunchJSON") {
			t.Errorf("got %s, %v", text, err)
		}
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("launch", "config", run)
	if strings.Contains(log.String(), "hunter2") {
		t.Error(log.String())
	}
}

func TestKeysOfAMapMayBeNumbersInJSON(t *testing.T) {
	t.Parallel()
	type config struct {
		Names map[int]string
		Words map[string]int
		Pair  [2]byte
	}
	want := config{map[int]string{7: "seven", -8: "eight"}, map[string]int{"null": 1, "7": 2}, [2]byte{1, 2}}
	c := newContainer(t, container.Provide("it", func(config) *resA { return nil }, container.Config(config{})))
	stored, err := c.LaunchJSON(container.RunConfig{Resources: map[string]any{"it": want}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, mustConfig[config](t, container.Config(config{}), container.Launch(parse(t, string(stored))))); diff != "" {
		t.Errorf("%s\n%s", stored, diff)
	}
	_, err = configOf[config](t, container.Config(config{}), container.Launch(parse(t, `{"resources":{"it":{"config":{"names":{"seven":"7"}}}}}`)))
	if !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestAllConstraintsOfALaunchAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	fields := container.Fields{}
	for _, test := range boundedCases {
		if !strings.Contains(test.field, ".") {
			fields[test.field] = test.value
		}
	}
	_, err := configOf[bounded](t, container.Config(bounded{}), launch("it", fields))
	faults := new(container.Faults)
	if !errors.As(err, &faults) || len(faults.Errs) != len(fields) {
		t.Errorf("%d faults for %d fields: %v", len(faults.Errs), len(fields), err)
	}
	if !slices.IsSortedFunc(faults.Errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) }) {
		t.Errorf("not in order: %v", err)
	}
}
