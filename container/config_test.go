package container_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// level reads itself from text.
type level int

func (l *level) UnmarshalText(text []byte) error {
	at := slices.Index([]string{"low", "high"}, string(text))
	if at < 0 {
		return fmt.Errorf("no level %q", text)
	}
	*l = level(at + 1)
	return nil
}

func (l level) MarshalText() ([]byte, error) { return []byte([]string{"", "low", "high"}[l]), nil }

type section struct {
	Name  string `default:"dn"`
	Count int    `default:"11"`
}

// grade is a number with a name of its own.
type grade int32

// kinds has a field of every kind, with a default each.
type kinds struct {
	Text     string         `default:"d"`
	Int      int            `default:"1"`
	Int8     int8           `default:"1"`
	Uint16   uint16         `default:"1"`
	Float    float64        `default:"1.5"`
	Bool     bool           `default:"true"`
	Duration time.Duration  `default:"1m"`
	Time     time.Time      `default:"2026-01-02T03:04:05Z"`
	URL      *url.URL       `default:"https://default.example"`
	List     []string       `default:"a,b"`
	Numbers  []int          `default:"1,2"`
	Map      map[string]int `default:"a:1"`
	Section  section
	Pointer  *int                     `default:"1"`
	Level    level                    `default:"low"`
	Secret   container.Secret[string] `default:"d"`
	Password container.Secret[int]    `default:"1"`
	Bytes    []byte                   `default:"d"`
	Enum     string                   `default:"d" enum:"d,c,e,l"`
	Grade    *grade                   `default:"1" enum:"1,2,3,4"`
	Deep     *section
}

// source is one layer of kinds, each with other values.
func day(d int) time.Time { return time.Date(2026, 1, d, 3, 4, 5, 0, time.UTC) }

func parsed(text string) *url.URL { u, _ := url.Parse(text); return u }

func kindsOf(n int, text, u string, t time.Time) kinds {
	return kinds{
		Text: text, Int: n, Int8: int8(n), Uint16: uint16(n), Float: float64(n) + .5, Bool: true,
		Duration: time.Duration(n) * time.Minute, Time: t, URL: parsed(u), List: []string{text, text}, Numbers: []int{n, n},
		Map: map[string]int{text: n}, Section: section{text, n}, Pointer: &n, Level: level(1 + n%2),
		Secret: container.NewSecret(text), Password: container.NewSecret(n), Bytes: []byte(text),
		Enum: text, Grade: new(grade(n)), Deep: &section{text, n},
	}
}

var kindsInYAML = `
resources:
  it:
    config:
      text: l
      int: 4
      int8: 4
      uint16: 4
      float: 4.5
      bool: true
      duration: 4m
      time: 2026-01-04T03:04:05Z
      url: https://launch.example
      list: [l, l]
      numbers: [4, 4]
      map: {l: 4}
      section: {name: l, count: 4}
      pointer: 4
      level: low
      secret: l
      password: 4
      bytes: l
      enum: l
      grade: 4
      deep: {name: l, count: 4}
`

// kindsByReference is kindsInYAML with every scalar left to the environment.
// A list and a map are written as envconfig reads them.
var kindsByReference = `
resources:
  it:
    config:
      text: {env: L_TEXT}
      int: {env: L_INT}
      int8: {env: L_INT}
      uint16: {env: L_INT}
      float: {env: L_FLOAT}
      bool: {env: L_BOOL}
      duration: {env: L_DURATION}
      time: {env: L_TIME}
      url: {env: L_URL}
      list: {env: L_LIST}
      numbers: {env: L_NUMBERS}
      map: {l: 4}
      section: {name: {env: L_TEXT}, count: {env: L_INT}}
      pointer: {env: L_INT}
      level: {env: L_LEVEL}
      secret: {env: L_TEXT}
      password: {env: L_INT}
      bytes: {env: L_TEXT}
      enum: {env: L_TEXT}
      grade: {env: L_INT}
      deep: {name: {env: L_TEXT}, count: {env: L_INT}}
`

// configOf returns the config that a constructor gets, after a look that a step
// with the same config gets the same.
func configOf[T any](t *testing.T, option container.Option, opts ...container.ChildOption) (T, error) {
	t.Helper()
	var got T
	c := newContainer(t, container.Provide("it", func(cfg T) *resA { got = cfg; return &resA{} }, option))
	err := c.Invoke(t.Context(), func(*resA) {}, asFxOptions(opts)...)
	prepared, _ := c.Prepare(append(asFxOptions(opts), container.NeedsResources("it"))...)
	preview := prepared.Preview()
	checkStep(t, option, opts, got, err, preview.Resources[0].Config)
	return got, err
}

// stepKey is all that a step's key may be.
const stepKey = "raw/it-2.v0_a"

func checkStep[T any](t *testing.T, option container.Option, opts []container.ChildOption, want T, wantErr error, fields []container.Field) {
	t.Helper()
	c := newContainer(t)
	target, err := c.Target("step", func(T) {}, container.StepLike(stepKey, option))
	if err != nil {
		t.Fatal(err)
	}
	stepOpts := []fx.Option{container.Needs(target), container.LaunchOfStep("it", stepKey, opts...)}
	prepared, err := c.Prepare(stepOpts...)
	preview := prepared.Preview()
	same := func(err error) string {
		return strings.ReplaceAll(fmt.Sprint(err), "resources.it.config", "steps."+stepKey+".config")
	}
	if errors.Is(wantErr, container.ErrInvalid) && placeless(err) != same(errors.New(placeless(wantErr))) {
		t.Errorf("as a step's: %v, not %v", err, wantErr)
	}
	wanted := []container.StepDescription{{Key: stepKey, Config: fields}}
	if diff := cmp.Diff(wanted, preview.Steps); diff != "" {
		t.Errorf("as a step's it is previewed as (-want +got)\n%s", diff)
	}
	if wantErr != nil {
		return
	}
	child := newChild(t, c, stepOpts...)
	defer closeChild(t, child)
	if got := container.Arguments(child, target)[0]; !reflect.DeepEqual(got, any(want)) {
		t.Errorf("as a step's it is %+v, not %+v", got, want)
	}
}

func mustConfig[T any](t *testing.T, option container.Option, opts ...container.ChildOption) T {
	t.Helper()
	got, err := configOf[T](t, option, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var revealed = []cmp.Option{
	cmp.Transformer("text", func(s container.Secret[string]) string { return s.Reveal() }),
	cmp.Transformer("number", func(s container.Secret[int]) int { return s.Reveal() }),
	cmp.Transformer("url", func(u *url.URL) string { return fmt.Sprint(u) }),
}

func TestTheHighestLayerWins(t *testing.T) {
	// Layers from the lowest up. Each test uses one and all below it.
	for name, value := range map[string]string{
		"TEXT": "e", "INT": "3", "INT8": "3", "UINT16": "3", "FLOAT": "3.5", "BOOL": "true", "DURATION": "3m",
		"TIME": "2026-01-03T03:04:05Z", "URL": "https://env.example", "LIST": "e,e", "NUMBERS": "3,3", "MAP": "e:3",
		"SECTION_NAME": "e", "SECTION_COUNT": "3", "POINTER": "3", "LEVEL": "high", "SECRET": "e", "PASSWORD": "3", "BYTES": "e",
		"ENUM": "e", "GRADE": "3", "DEEP_NAME": "e", "DEEP_COUNT": "3",
	} {
		t.Setenv("KINDS_"+name, value)
	}
	for name, value := range map[string]string{
		"TEXT": "l", "INT": "4", "FLOAT": "4.5", "BOOL": "true", "DURATION": "4m", "TIME": "2026-01-04T03:04:05Z",
		"URL": "https://launch.example", "LIST": "l,l", "NUMBERS": "4,4", "LEVEL": "low",
	} {
		t.Setenv("L_"+name, value)
	}
	defaults := kindsOf(1, "d", "https://default.example", day(2))
	defaults.Section, defaults.List, defaults.Numbers, defaults.Map = section{"dn", 11}, []string{"a", "b"}, []int{1, 2}, map[string]int{"a": 1}
	defaults.Level, defaults.Deep = 1, &section{"dn", 11}
	code := kindsOf(2, "c", "https://code.example", day(1))
	code.Level = 2
	inEnvironment := kindsOf(3, "e", "https://env.example", day(3))
	launched := kindsOf(4, "l", "https://launch.example", day(4))
	for _, test := range []struct {
		name   string
		option container.Option
		launch container.RunConfig
		want   kinds
		source container.Source
	}{
		{"the default tag, where nothing else is said", container.Config(kinds{}), container.RunConfig{}, defaults, container.SourceDefault},
		{"code over the default tag", container.Config(code), container.RunConfig{}, code, container.SourceCode},
		{"the environment over code", container.Config(code, container.FromEnv("KINDS")), container.RunConfig{}, inEnvironment, container.SourceEnv},
		{"a launch in YAML over the environment", container.Config(code, container.FromEnv("KINDS")), parse(t, kindsInYAML), launched, container.SourceLaunch},
		{"a launch that refers to variables", container.Config(code, container.FromEnv("KINDS")), parse(t, kindsByReference), launched, container.SourceLaunch},
		{"a launch by a struct", container.Config(code, container.FromEnv("KINDS")), container.RunConfig{Resources: map[string]any{"it": launched}}, launched, container.SourceLaunch},
		{"a launch by a pointer to a struct", container.Config(code), container.RunConfig{Resources: map[string]any{"it": &launched}}, launched, container.SourceLaunch},
		{"a launch by exact fields", container.Config(code), container.RunConfig{Resources: map[string]any{"it": container.Fields{
			"text": "l", "int": 4, "int8": 4, "uint16": uint16(4), "float": 4.5, "bool": true, "duration": 4 * time.Minute, "time": day(4),
			"url": parsed("https://launch.example"), "list": []string{"l", "l"}, "numbers": []any{4, 4}, "map": map[string]any{"l": 4},
			"section": container.Fields{"name": "l", "count": 4}, "pointer": 4, "level": "low", "secret": container.NewSecret("l"),
			"password": 4, "bytes": []byte("l"), "enum": "l", "grade": 4, "deep": container.Fields{"name": "l", "count": 4},
		}}}, launched, container.SourceLaunch},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newContainer(t, container.Provide("it", func(kinds) *resA { return nil }, test.option))
			got := mustConfig[kinds](t, test.option, container.Launch(test.launch))
			if diff := cmp.Diff(test.want, got, revealed...); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			prepared, err := c.Prepare(container.NeedsResources("it"), container.Launch(test.launch))
			preview := prepared.Preview()
			if err != nil {
				t.Fatal(err)
			}
			for _, field := range preview.Resources[0].Config {
				if field.Source != test.source {
					t.Errorf("field %s is from %s, not %s", field.Path, field.Source, test.source)
				}
				if field.Secret != (field.GoName == "Secret" || field.GoName == "Password") || field.Secret && field.Value != container.Masked {
					t.Errorf("got %+v", field)
				}
			}
		})
	}
}

func TestJSONIsTakenAsYAML(t *testing.T) {
	t.Parallel()
	got := mustConfig[kinds](t, container.Config(kinds{}), container.Launch(parse(t, `{"resources":{"it":{"config":{"int":7,"section":{"name":"x"},"list":["p"]}}}}`)))
	if got.Int != 7 || got.Section.Name != "x" || got.Section.Count != 11 || !slices.Equal(got.List, []string{"p"}) {
		t.Errorf("%+v", got)
	}
}

func TestFieldsOfALaunchAreExact(t *testing.T) {
	t.Parallel()
	code := kindsOf(2, "c", "https://code.example", day(1))
	got := mustConfig[kinds](t, container.Config(code), launch("it", container.Fields{"int": 0, "text": "", "list": []string{}, "pointer": nil, "section": container.Fields{"count": 0}}))
	if got.Int != 0 || got.Text != "" || len(got.List) != 0 || got.Pointer != nil || got.Section != (section{"c", 0}) {
		t.Errorf("%+v", got)
	}
	got = mustConfig[kinds](t, container.Config(code), launch("it", kinds{Int: 9}))
	if got.Int != 9 || got.Text != "c" || got.Section != (section{"c", 2}) {
		t.Errorf("the zero fields of a struct count: %+v", got)
	}
}

func TestLaunchesAreMergedFieldByField(t *testing.T) {
	t.Parallel()
	below := parse(t, "resources: {it: {config: {int: 1, text: below, section: {name: below, count: 1}}}}")
	over := container.RunConfig{Resources: map[string]any{"it": container.Fields{"text": "over", "section": container.Fields{"count": 2}}}}
	set, err := below.Merge(over).Set("resources.it.config.section.name", "set")
	if err != nil {
		t.Fatal(err)
	}
	want := section{"set", 2}
	got := mustConfig[kinds](t, container.Config(kinds{}), container.Launch(set))
	if got.Int != 1 || got.Text != "over" || got.Section != want {
		t.Errorf("%+v", got)
	}
	got = mustConfig[kinds](t, container.Config(kinds{}), container.Launch(below), container.Launch(over))
	if got.Int != 1 || got.Text != "over" || got.Section != (section{"below", 2}) {
		t.Errorf("%+v", got)
	}
	got = mustConfig[kinds](t, container.Config(kinds{}), container.Launch(below))
	if got.Text != "below" || got.Section != (section{"below", 1}) {
		t.Errorf("merging changed what it was given: %+v", got)
	}
	if merged := (container.RunConfig{}).Merge(container.RunConfig{}); merged.Resources != nil {
		t.Error(merged)
	}
}

// setting is a value that Set or SetYAML gives a field of kinds, and what the
// field then is, as fmt.Sprint shows it.
type setting struct{ field, value, want string }

func TestSetTakesTextAsItStands(t *testing.T) {
	t.Setenv("SET_INT", "12")
	holdSettings(t, container.RunConfig.Set, []setting{
		{"text", "plain", "plain"},
		{"text", "007", "007"},
		{"text", "1.10", "1.10"},
		{"text", "", ""},
		{"text", `"quoted: #"`, `"quoted: #"`},
		{"text", "true", "true"},
		{"text", "2026-01-02", "2026-01-02"},
		{"text", "#alerts", "#alerts"},
		{"text", "!x", "!x"},
		{"text", "&x *y", "&x *y"},
		{"text", " a ", " a "},
		{"text", "a\nb: c\n", "a\nb: c\n"},
		{"text", "null", "null"},
		{"text", "~", "~"},
		{"text", "a: b", "a: b"},
		{"text", "- a", "- a"},
		{"text", "[a, b]", "[a, b]"},
		{"text", "{a: 1}", "{a: 1}"},
		{"text", "'it''s'", "'it''s'"},
		{"text", "%x @y `z", "%x @y `z"},
		{"text", "{env: SET_INT}", "12"},
		{"bytes", " #x\n", "[32 35 120 10]"},
		{"section.name", "#dn", "#dn"},
		{"list", "#a, !b,c d", "[#a !b c d]"},
		{"list", "[a, b]", "[a b]"},
		{"list", `["a, b", c]`, "[a, b c]"},
		{"list", `["[::1]:80"]`, "[[::1]:80]"},
		{"list", "- a\n- b", "[a b]"},
		{"list", "", "[]"},
		{"numbers", "80, 81", "[80 81]"},
		{"numbers", "[80, 0x10]", "[80 16]"},
		{"int", "{env: SET_INT}", "12"},
		{"int", " 0x10 ", "16"},
		{"int", "010", "10"},
		{"int", "08", "8"},
		{"int", "-010", "-10"},
		{"int", "0b11", "3"},
		{"int", "00", "0"},
		{"float", "2", "2"},
		{"float", "010.5", "10.5"},
		{"map", "{a: 1}", "map[a:1]"},
		{"map", "a:1, b: 2", "map[a:1 b:2]"},
		{"section.count", "3", "3"},
		{"section", "{name: n, count: 3}", "{n 3}"},
		{"duration", "90s", "1m30s"},
		{"duration", "0", "0s"},
		{"pointer", "null", "<nil>"},
		{"bool", "false", "false"},
		{"bool", "Yes", "true"},
		{"bool", "off", "false"},
		{"bool", "1", "true"},
	})
	for _, path := range []string{"", "it", "resources.it.config", "resources.it.text", "resources..config.text", "resource.it.config.text", "resources.it.config."} {
		if _, err := (container.RunConfig{}).Set(path, "x"); !errors.Is(err, container.ErrInvalid) {
			t.Errorf("%q was taken", path)
		}
		if _, err := (container.RunConfig{}).SetYAML(path, "x"); !errors.Is(err, container.ErrInvalid) {
			t.Errorf("%q was taken as YAML", path)
		}
	}
}

func TestSetYAMLReadsYAML(t *testing.T) {
	t.Setenv("SET_INT", "12")
	holdSettings(t, container.RunConfig.SetYAML, []setting{
		{"text", `"quoted: #"`, "quoted: #"},
		{"text", "plain # comment", "plain"},
		{"text", "|\n  two\n  lines", "two\nlines"},
		{"text", "007", "007"},
		{"list", "[a, b]", "[a b]"},
		{"list", "- a\n- b", "[a b]"},
		{"int", "{env: SET_INT}", "12"},
		{"int", "010", "10"},
		{"pointer", "", "<nil>"},
		{"pointer", "~", "<nil>"},
		{"section", "name: n\ncount: 3", "{n 3}"},
		{"bool", "on", "true"},
	})
	if _, err := (container.RunConfig{}).SetYAML("resources.it.config.pointer", "#alerts: ]["); err != nil {
		t.Errorf("a comment alone is nothing: %v", err)
	}
	if _, err := (container.RunConfig{}).SetYAML("resources.it.config.text", "[hunter2"); !errors.Is(err, container.ErrInvalid) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func holdSettings(t *testing.T, set func(container.RunConfig, string, string) (container.RunConfig, error), settings []setting) {
	t.Helper()
	for _, test := range settings {
		t.Run(test.field+" to "+test.value, func(t *testing.T) {
			config, err := set(container.RunConfig{}, "resources.it.config."+test.field, test.value)
			if err != nil {
				t.Fatal(err)
			}
			got := mustConfig[kinds](t, container.Config(kinds{}), container.Launch(config))
			shown := map[string]any{
				"text": got.Text, "int": got.Int, "list": got.List, "map": got.Map, "section.count": got.Section.Count, "section": got.Section,
				"duration": got.Duration, "pointer": got.Pointer, "float": got.Float, "bool": got.Bool, "numbers": got.Numbers, "bytes": got.Bytes,
				"section.name": got.Section.Name,
			}[test.field]
			if fmt.Sprint(shown) != test.want {
				t.Errorf("got %q", fmt.Sprint(shown))
			}
			stored, err := newContainer(t, container.Provide("it", func(kinds) *resA { return nil }, container.Config(kinds{}))).LaunchJSON(config)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, mustConfig[kinds](t, container.Config(kinds{}), container.Launch(parse(t, string(stored)))), revealed...); diff != "" {
				t.Errorf("stored as %s (-given +read back)\n%s", stored, diff)
			}
		})
	}
}

func TestValuesOfTheWrongTypeAreRefused(t *testing.T) {
	t.Parallel()
	for field, values := range map[string][]any{
		"text":     {[]string{"x"}, map[string]any{"a": 1}, nil, container.NewSecret("x"), func() {}, make(chan int)},
		"int":      {"seven", 1.5, 1e30, true, nil, []int{1}, "7", time.Second.String()},
		"int8":     {128, -129, 1.5},
		"uint16":   {-1, 65536, 0.5},
		"float":    {"x", nil, true},
		"bool":     {"maybe", 2, -1, "tRUE", nil},
		"duration": {"soon", 5, 1.5},
		"time":     {"yesterday", 5, map[string]any{}},
		"url":      {"://", []string{}},
		"list":     {"a", 3, map[string]any{}, []any{map[string]any{}}},
		"numbers":  {[]any{"x"}, []any{1.5}},
		"map":      {[]int{}, map[string]any{"a": "x"}, "a:1"},
		"section":  {"x", 3, nil, []int{}},
		"pointer":  {"x"},
		"level":    {"middle", 1},
		"secret":   {[]string{"hunter2"}, map[string]any{"hunter2": 1}, nil, container.NewSecret(3)},
		"password": {"hunter2", 1.5, nil},
		"enum":     {"x", "", 1, nil, "D"},
		"grade":    {0, 5, "1", 1.5, grade(7)},
	} {
		for _, value := range values {
			t.Run(fmt.Sprintf("%T for %s", value, field), func(t *testing.T) {
				t.Parallel()
				_, err := configOf[kinds](t, container.Config(kinds{}), launch("it", container.Fields{field: value}))
				if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "resources.it.config."+field) {
					t.Errorf("%v gave %v", value, err)
				}
				if strings.Contains(fmt.Sprint(err), "hunter2") {
					t.Error("the value is shown")
				}
			})
		}
	}
}

func TestEverythingMissingIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	type config struct {
		A string `required:"true"`
		B int    `required:"true"`
		C string
		D struct {
			E string `required:"true"`
		}
	}
	c := newContainer(t,
		container.Provide("one", func(config) *resA { return nil }, container.Config(config{}, container.FromEnv("MISSING_ONE"), container.AtLaunch("C"))),
		container.Provide("two", func(config, *resA) *resB { return nil }, container.Config(config{B: 1}, container.Fixed("A"))),
	)
	prepared, err := c.Prepare(container.NeedsResources("two"))
	preview := prepared.Preview()
	faults := new(container.Faults)
	if !errors.As(err, &faults) || len(faults.Errs) != 6 {
		t.Fatal(err)
	}
	for _, want := range []string{
		"resources.one.config.a: missing: set the environment variable MISSING_ONE_A, or give it at launch",
		"resources.one.config.b: missing", "resources.one.config.c: missing: it must be given at launch", "resources.one.config.d.e: missing",
		"resources.two.config.a: missing: set it in code", "resources.two.config.d.e: missing: set it in code, or give it at launch",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if got := preview.Resources[0].Config[0]; got.Source != container.SourceMissing || !got.Required || got.Variable != "MISSING_ONE_A" {
		t.Errorf("got %+v", got)
	}
}

func TestARequiredVariableMayNotBeEmpty(t *testing.T) {
	t.Setenv("EMPTY_DSN", "")
	option := container.Config(databaseConfig{DSN: "code"}, container.FromEnv("EMPTY"))
	_, err := configOf[databaseConfig](t, option)
	if want := "checking the launch: resources.it.config.dsn: missing: the environment variable EMPTY_DSN is set, but empty"; fmt.Sprint(err) != want {
		t.Errorf("got %v", err)
	}
	_, err = configOf[databaseConfig](t, container.Config(databaseConfig{}), container.Launch(parse(t, "resources: {it: {config: {dsn: {env: EMPTY_DSN}}}}")))
	if want := "checking the launch: resources.it.config.dsn: missing: the environment variable EMPTY_DSN, which the launch refers to, is set, but empty"; fmt.Sprint(err) != want {
		t.Errorf("got %v", err)
	}
}

func TestAtLaunchAndFixed(t *testing.T) {
	t.Setenv("AL_TABLE", "env")
	option := container.Config(databaseConfig{DSN: "code", Table: "code"}, container.FromEnv("AL"), container.AtLaunch("Table"), container.Fixed("DSN"))
	if _, err := configOf[databaseConfig](t, option); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("a field that must be given at launch came from elsewhere: %v", err)
	}
	if got := mustConfig[databaseConfig](t, option, launch("it", container.Fields{"table": "launch"})); got.Table != "launch" {
		t.Error(got)
	}
	for name, given := range map[string]any{
		"by fields":    container.Fields{"table": "t", "dsn": "x"},
		"by a struct":  databaseConfig{Table: "t", DSN: "x"},
		"by YAML":      parse(t, "resources: {it: {config: {table: t, dsn: x}}}").Resources["it"],
		"by reference": parse(t, "resources: {it: {config: {table: t, dsn: {env: AL_TABLE}}}}").Resources["it"],
	} {
		t.Run("a fixed field set "+name, func(t *testing.T) {
			_, err := configOf[databaseConfig](t, option, launch("it", given))
			if !strings.Contains(fmt.Sprint(err), "dsn") || !strings.Contains(fmt.Sprint(err), "the field is fixed, a launch may not set it") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAtLaunchAndFixedNameFieldsThatExist(t *testing.T) {
	t.Parallel()
	type nested struct {
		Auth struct{ User, Password string }
	}
	_, err := container.New(container.Provide("it", func(nested) *resA { return nil },
		container.Config(nested{}, container.AtLaunch("Auth", "Auht.User"), container.Fixed("Auth.User", "user"))))
	for _, want := range []string{`names a field "Auht.User"`, `did you mean "Auth.User"?`, "field Auth.User is both AtLaunch and Fixed", `names a field "user"`} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

// window has limits of its own.
type window struct{ From, To int }

func (w window) Validate() error {
	switch {
	case w.From < 0:
		panic("negative")
	case w.From > w.To:
		return fmt.Errorf("from %d is after to %d: %w", w.From, w.To, errBoom)
	}
	return nil
}

// pointerWindow is validated through a pointer.
type pointerWindow struct{ From int }

func (w *pointerWindow) Validate() error {
	if w.From > 3 {
		return errBoom
	}
	return nil
}

func TestValidateSeesTheFinishedConfig(t *testing.T) {
	t.Parallel()
	if got := mustConfig[window](t, container.Config(window{From: 5}), launch("it", window{To: 9})); got != (window{5, 9}) {
		t.Error(got)
	}
	_, err := configOf[window](t, container.Config(window{From: 5}))
	if want := "checking the launch: resources.it.config: from 5 is after to 0: boom"; fmt.Sprint(err) != want || !errors.Is(err, errBoom) || !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	_, err = configOf[window](t, container.Config(window{From: -1}))
	if want := "checking the launch: resources.it.config: its Validate panicked: panic: negative"; placeless(err) != want {
		t.Errorf("got %v", err)
	}
	_, err = configOf[pointerWindow](t, container.Config(pointerWindow{From: 5}))
	if !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
}

func TestTheEnvironmentIsReadAtLaunch(t *testing.T) {
	t.Setenv("WHEN_TEXT", "early")
	c := newContainer(t, container.Provide("it", func(cfg kinds) *kinds { return &cfg }, container.Config(kinds{}, container.FromEnv("WHEN"))))
	for _, text := range []string{"one", "two"} {
		t.Setenv("WHEN_TEXT", text)
		if err := c.Invoke(t.Context(), func(cfg *kinds) {
			if cfg.Text != text {
				t.Errorf("got %s, want %s", cfg.Text, text)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}

func TestADefaultIsNotTakenForAVariable(t *testing.T) {
	type config struct {
		Home string `envconfig:"ALT_HOME" default:"d"`
		Port int    `envconfig:"ALT_PORT" default:"80"`
	}
	t.Setenv("ALT_HOME", "environment")
	t.Setenv("ALT_PORT", "not a number")
	if got := mustConfig[config](t, container.Config(config{})); got != (config{"d", 80}) {
		t.Errorf("without FromEnv the environment was read: %+v", got)
	}
}

func TestTwoResourcesOfOneTypeHaveTheirOwnConfig(t *testing.T) {
	t.Parallel()
	open := func(cfg databaseConfig) *database { return &database{cfg.DSN + "/" + cfg.Table} }
	c := newContainer(t,
		container.Provide("left", open, container.Config(databaseConfig{DSN: "left"})),
		container.Provide("right", open, container.Config(databaseConfig{DSN: "right"})),
	)
	var in namedPair
	child := newChild(t, c, container.Populate(&in), launch("right", container.Fields{"table": "t"}))
	defer closeChild(t, child)
	if in.Left.dsn != "left/orders" || in.Right.dsn != "right/t" {
		t.Error(in.Left, in.Right)
	}
}

func TestConfigReachesAllLevels(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	err := c.Invoke(t.Context(), func(s *service) { j.note("got %s", s.cache.db.dsn) }, launch("database", databaseConfig{Table: "bottom"}))
	if err != nil || !slices.Contains(j.all(), "got mem/bottom") {
		t.Error(err, j.all())
	}
}

func TestNobodyAsksForTheConfigOfWhatIsNotNeeded(t *testing.T) {
	t.Parallel()
	c := newContainer(t,
		container.Provide("needed", func() *resA { return &resA{} }),
		container.Provide("other", func(databaseConfig) *resB { return &resB{} }, container.Config(databaseConfig{}, container.AtLaunch("Table"))),
	)
	if err := c.Invoke(t.Context(), func(*resA) {}); err != nil {
		t.Error(err)
	}
	if err := c.Invoke(t.Context(), func(*resA) {}, launch("other", container.Fields{"tabel": 1})); !errors.Is(err, container.ErrInvalid) {
		t.Error("a mistyped field passed because its resource is not needed")
	}
}

func TestProvenanceOfEveryField(t *testing.T) {
	t.Setenv("P_DSN", "from env")
	t.Setenv("REFERRED", "from launch")
	type config struct {
		DSN     string `desc:"where it is" required:"true" secret:"false"`
		Table   string `default:"orders"`
		Batch   int
		Zero    int
		User    string
		Pass    container.Secret[string]
		Missing string `required:"true"`
		Auth    struct {
			Realm string `json:"realm_name"`
		}
	}
	c := newContainer(t, container.Provide("it", func(config) *resA { return nil },
		container.Config(config{Batch: 5}, container.FromEnv("P"), container.AtLaunch("User"), container.Fixed("Zero"))))
	run := parse(t, "resources: {it: {config: {user: me, pass: {env: REFERRED}, auth: {realm_name: r}}}}")
	prepared, err := c.Prepare(container.NeedsResources("it"), container.Launch(run))
	preview := prepared.Preview()
	if !errors.Is(err, container.ErrInvalid) {
		t.Fatal(err)
	}
	want := []container.Field{
		{Path: "dsn", GoName: "DSN", Type: "string", Description: "where it is", Source: container.SourceEnv, Variable: "P_DSN", Value: "from env", Required: true},
		{Path: "table", GoName: "Table", Type: "string", Source: container.SourceDefault, Variable: "P_TABLE", Value: "orders", Default: "orders"},
		{Path: "batch", GoName: "Batch", Type: "int", Source: container.SourceCode, Variable: "P_BATCH", Value: "5"},
		{Path: "zero", GoName: "Zero", Type: "int", Source: container.SourceZero, Variable: "P_ZERO", Value: "0", Fixed: true},
		{Path: "user", GoName: "User", Type: "string", Source: container.SourceLaunch, Value: "me", Required: true, AtLaunch: true},
		{Path: "pass", GoName: "Pass", Type: "container.Secret[string]", Source: container.SourceLaunch, Variable: "REFERRED", Value: container.Masked, Secret: true},
		{Path: "missing", GoName: "Missing", Type: "string", Source: container.SourceMissing, Variable: "P_MISSING", Required: true},
		{Path: "auth.realm_name", GoName: "Auth.Realm", Type: "string", Source: container.SourceLaunch, Value: "r"},
	}
	if diff := cmp.Diff(want, preview.Resources[0].Config); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAPasswordInAURLIsNotShown(t *testing.T) {
	t.Parallel()
	type config struct{ URL *url.URL }
	c := newContainer(t, container.Provide("it", func(config) *resA { return nil }, container.Config(config{URL: parsed("https://me:hunter2@host")})))
	if text, _ := json.Marshal(c.Resources()); strings.Contains(string(text), "hunter2") {
		t.Error(string(text))
	}
}

func TestChildrenCantChangeEachOthersConfig(t *testing.T) {
	t.Parallel()
	type inner struct{ Names []string }
	type config struct {
		List    []string
		Deep    [][]string
		Map     map[string][]string
		URL     *url.URL
		Number  *int
		Inner   *inner
		Structs []inner
		Array   [1][]string
		Nothing *inner
	}
	number := 1
	fresh := func() config {
		return config{
			List: []string{"a"}, Deep: [][]string{{"a"}}, Map: map[string][]string{"k": {"a"}}, URL: parsed("https://a"), Number: &number,
			Inner: &inner{[]string{"a"}}, Structs: []inner{{[]string{"a"}}}, Array: [1][]string{{"a"}},
		}
	}
	spoil := func(cfg config) {
		cfg.List[0], cfg.Deep[0][0], cfg.Map["k"][0], cfg.URL.Host, *cfg.Number = "z", "z", "z", "z", 9
		cfg.Inner.Names[0], cfg.Structs[0].Names[0], cfg.Array[0][0] = "z", "z", "z"
		cfg.Inner.Names = nil
		cfg.Map["z"] = nil
	}
	atLaunch := fresh()
	for name, opts := range map[string][]container.ChildOption{
		"in code":               nil,
		"in a launch":           {launch("it", atLaunch)},
		"in fields of a launch": {launch("it", container.Fields{"list": atLaunch.List, "map": atLaunch.Map, "url": atLaunch.URL})},
	} {
		code := fresh()
		c := newContainer(t, container.Provide("it", func(cfg config) *config { return &cfg }, container.Config(code)))
		spoil(code) // the container has checked what it was given, and keeps that
		number = 1
		for range 2 {
			err := c.Invoke(t.Context(), func(cfg *config) {
				if diff := cmp.Diff(fresh(), *cfg, revealed...); diff != "" {
					t.Errorf("a child got what another one left, %s:\n%s", name, diff)
				}
				spoil(*cfg)
			}, asFxOptions(opts)...)
			if err != nil {
				t.Error(err)
			}
			number = 1
		}
	}
}
