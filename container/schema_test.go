package container_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"go.uber.org/fx"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/container"
)

// needed asks for resources by key; without keys it asks for nothing, and all
// of them are meant.
func needed(keys ...string) []fx.Option {
	if len(keys) == 0 {
		return nil
	}
	return []fx.Option{container.NeedsResources(keys...)}
}

// schemaOf returns the schema of a container, ready to validate. Every default
// in it has passed it.
func schemaOf(t testing.TB, c *container.Container, keys ...string) *jsonschema.Resolved {
	t.Helper()
	text, err := c.Schema(needed(keys...)...)
	if err != nil {
		t.Fatal(err)
	}
	var parsed jsonschema.Schema
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	resolved, err := parsed.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return resolved
}

// shown is a config with one of everything that a schema tells.
type shown struct {
	Level    string                   `enum:"debug,info" default:"info" desc:"how much is told"`
	Port     int                      `min:"1" max:"65535"`
	Ratio    float64                  `min:"0"`
	Wait     time.Duration            `min:"1s" default:"5s"`
	Since    time.Time                `desc:"the first day"`
	Link     *url.URL                 `default:"https://me:hunter2@host"`
	Name     string                   `pattern:"^[a-z]+$" max:"8"`
	Fold     string                   `pattern:"(?i)^x$"`
	Tags     []string                 `max:"3" default:"a,<b>"`
	Limits   map[string]time.Duration `max:"2"`
	Windows  []window
	Password container.Secret[string] `default:"hunter2" desc:"of the user"`
	PIN      container.Secret[int]    `min:"1000" max:"9999"`
	Fixed    string
	Table    string
	Auth     struct {
		User  string
		Realm *string
	}
}

func schemaDefinitions() []container.Definition {
	return []container.Definition{
		container.Provide("it", func(shown) *resA { return &resA{} },
			container.Config(shown{Port: 80}, container.AtLaunch("Table", "Auth.User"), container.Fixed("Fixed")), container.Describe("shows <everything>")),
		container.Provide("user", func(*resA) *resB { return &resB{} }),
		container.Provide("database", newDatabase, container.Config(databaseConfig{DSN: "x"})),
	}
}

func TestTheSchemaOfARunConfig(t *testing.T) {
	t.Parallel()
	c := newContainer(t, schemaDefinitions()...)
	for name, keys := range map[string][]string{"schema": nil, "schema_of_keys": {"user"}} {
		text, err := c.Schema(needed(keys...)...)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "hunter2") {
			t.Error("a secret is shown")
		}
		var lines bytes.Buffer
		if err := json.Indent(&lines, text, "", "  "); err != nil {
			t.Fatal(err)
		}
		golden(t, name, lines.String())
		schemaOf(t, c, keys...)
	}
	if _, err := c.Schema(needed("usr", "it")...); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `did you mean "user"?`) {
		t.Errorf("got %v", err)
	}
	if text, err := newContainer(t).Schema(); err != nil || !json.Valid(text) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestTheSchemaTakesWhatACheckTakes(t *testing.T) {
	t.Setenv("GIVEN", "5")
	c := newContainer(t, schemaDefinitions()...)
	all, needed := schemaOf(t, c), schemaOf(t, c, "user")
	complete := `"table":"t","auth":{"user":"u"}`
	for _, test := range []struct {
		config string
		taken  bool
	}{
		{complete, true},
		{complete + `,"level":"debug","port":1,"ratio":0,"wait":"1m30s","since":"2026-01-02T03:04:05Z","link":"/x","name":"abc"`, true},
		{complete + `,"tags":[],"limits":{"a":"1s"},"windows":[{"from":1,"to":2}],"password":"p","pin":1000,"table":5`, true},
		{complete + `,"level":{"env":"GIVEN_LEVEL"},"port":{"env":"GIVEN"},"tags":{"env":"GIVEN"},"password":{"env":"GIVEN"},"pin":{"env":"GIVEN_PIN"}`, true},
		{`"table":"t","auth":{"user":"u","realm":null},"link":null`, true},
		{``, false},
		{`"table":"t"`, false},
		{`"table":"t","auth":null`, false},
		{complete + `,"level":"trace"`, false},
		{complete + `,"level":true`, false},
		{complete + `,"port":0`, false},
		{complete + `,"port":65536`, false},
		{complete + `,"port":"80"`, false},
		{complete + `,"port":{"env":"lower"}`, false},
		{complete + `,"port":{"environment":"GIVEN"}`, false},
		{complete + `,"ratio":-0.1`, false},
		{complete + `,"wait":5`, false},
		{complete + `,"wait":"soon"`, false},
		{complete + `,"name":"ABC"`, false},
		{complete + `,"name":"abcdefghi"`, false},
		{complete + `,"tags":"a"`, false},
		{complete + `,"tags":["a","b","c","d"]`, false},
		{complete + `,"tags":[{"env":"GIVEN"},"x"]`, true},
		{complete + `,"tags":[{"env":"given"}]`, false},
		{complete + `,"limits":{"a":"1s","b":"1s","c":"1s"}`, false},
		{complete + `,"windows":[{"from":1,"till":2}]`, false},
		{complete + `,"password":["p"]`, false},
		{complete + `,"pin":999`, false},
		{complete + `,"fixed":"x"`, false},
		{complete + `,"tabel":"x"`, false},
	} {
		text := `{"resources":{"it":{"config":{` + test.config + `}}}}`
		t.Run(text, func(t *testing.T) {
			t.Setenv("GIVEN_LEVEL", "info")
			t.Setenv("GIVEN_PIN", "1234")
			var document any
			if err := json.Unmarshal([]byte(text), &document); err != nil {
				t.Fatal(err)
			}
			run := parse(t, strings.Replace(text, `"table":"t","auth"`, `"auth"`, strings.Count(text, `"table"`)-1))
			_, err := c.Prepare(container.NeedsResources("user"), container.Launch(run))
			for name, verdict := range map[string]error{"the check": err, "the schema": all.Validate(document), "the schema of what is needed": needed.Validate(document)} {
				if (verdict == nil) != test.taken {
					t.Errorf("%s says %v", name, verdict)
				}
			}
		})
	}
	for _, test := range []struct {
		text        string
		all, needed bool
	}{
		{`{}`, true, false},
		{`null`, true, false},
		{`{"resources":null}`, true, false},
		{`{"resources":{"database":{"config":{"table":"t"}}}}`, true, false},
		{`{"resources":{"database":{"config":null}}}`, true, false},
		{`{"resources":{"it":{"config":{` + complete + `}},"database":{"config":{}}}}`, true, true},
		{`{"resources":{"it":{"config":{` + complete + `}},"database":{"config":{"tabel":"t"}}}}`, false, false},
		{`{"resources":{"user":{"config":{"a":1}}}}`, false, false},
		{`{"resource":{}}`, false, false},
		{`[]`, false, false},
	} {
		t.Run("a whole config, "+test.text, func(t *testing.T) {
			var document any
			if err := json.Unmarshal([]byte(test.text), &document); err != nil {
				t.Fatal(err)
			}
			if err := all.Validate(document); (err == nil) != test.all {
				t.Errorf("the schema says %v", err)
			}
			if err := needed.Validate(document); (err == nil) != test.needed {
				t.Errorf("the schema of what is needed says %v", err)
			}
		})
	}
}

// entry is a struct in a list and in a map.
type entry struct {
	Name  string                   `required:"true"`
	Count int                      `default:"3" min:"1" max:"200"`
	Env   string                   `enum:"a,x,1"`
	Token container.Secret[string] `json:"a"`
	Parts []section                `json:"tree" max:"1"`
	Maybe *struct {
		X int `required:"true"`
	} `json:"x"`
}

// chosen has an enum of every kind, and the types whose text has a form.
type chosen struct {
	kinds
	Text    string                 `json:"chosen_text" enum:"a,1,true,1.50,null"`
	Number  int                    `json:"chosen_number" enum:"1,2,300"`
	Decimal *float64               `json:"chosen_decimal" enum:"0.5,2"`
	Of      level                  `json:"chosen_level" enum:"high"`
	Days    map[int]time.Duration  `json:"days"`
	Tree    []tree                 `json:"tree"`
	Pair    [2]int                 `json:"pair"`
	Maybe   container.Secret[bool] `json:"maybe"`
	Entries []entry                `json:"entries"`
	ByName  map[string]*entry      `json:"by_name" min:"1"`
	Flag    bool                   `json:"flag"`
	Flags   map[bool]string        `json:"flags"`
	Labels  map[string]string      `json:"labels"`
	Lists   [][]string             `json:"lists"`
}

// tree contains itself.
type tree struct {
	Name string
	Tree []tree
}

var someScalars = []any{
	nil, true, false, 0, 1, 2, 4, 5, 127, 128, 300, -1, -129, 65536, 1.5, 0.5, -2.25, 1e30, 9007199254740991,
	"", "a", "d", "l", "x", "1", "1.50", "true", "null", "high", "low", "middle", "5s", "-1.5h", "1m30s", "5 s", "1d", ".5s", "soon",
	"2026-01-02T03:04:05Z", "https://x.example", "yes", "Off", "tRUE", "env:PROD", "env:prod", "PROD",
}

// aValue draws JSON of any kind: what fits some field, and what fits none.
func aValue(depth int) *rapid.Generator[any] {
	scalars := rapid.OneOf(
		rapid.SampledFrom(someScalars),
		rapid.Map(rapid.IntRange(-70000, 70000), func(n int) any { return n }),
	)
	if depth == 0 {
		return scalars
	}
	name := rapid.SampledFrom([]string{"env", "name", "count", "tree", "a", "7", "-8", "Name", "x"})
	return rapid.OneOf(
		scalars, scalars,
		rapid.Map(rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[any] { return aValue(depth - 1) }), 0, 3), func(list []any) any { return list }),
		rapid.Map(rapid.MapOfN(name, rapid.Deferred(func() *rapid.Generator[any] { return aValue(depth - 1) }), 0, 3), func(object map[string]any) any { return object }),
		rapid.Map(rapid.SampledFrom([]string{"SET_NUMBER", "lower", ""}), func(name string) any { return map[string]any{"env": name} }),
	)
}

func TestTheSchemaAndTheCheckAgree(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(chosen) *resA { return nil }, container.Config(chosen{}, container.Fixed("Bool"))))
	resolved := schemaOf(t, c)
	names := []string{"unknown", "resources", "chosen_text", "chosen_number", "chosen_decimal", "chosen_level", "days", "tree", "pair", "maybe", "entries", "by_name", "flag", "flags", "labels", "lists"}
	for _, field := range c.Resources()[0].Config {
		if name, _, _ := strings.Cut(field.Path, "."); name != "url" { // the schema knows no URL by its looks
			names = append(names, name)
		}
	}
	for _, name := range names { // each alone, all of them each time
		for _, value := range someScalars {
			agree(t, c, resolved, map[string]any{name: value})
			agree(t, c, resolved, map[string]any{name: []any{value}})
			agree(t, c, resolved, map[string]any{name: map[string]any{"a": value}})
			agree(t, c, resolved, map[string]any{name: []any{map[string]any{"name": value}}})
			agree(t, c, resolved, map[string]any{name: []any{map[string]any{"name": "x", "env": value}}})
			agree(t, c, resolved, map[string]any{name: []any{map[string]any{"name": "x", "count": value, "x": map[string]any{}}}})
			agree(t, c, resolved, map[string]any{name: map[string]any{"a": map[string]any{"name": "x", "tree": []any{map[string]any{"name": value}}}}})
			agree(t, c, resolved, map[string]any{name: map[string]any{"env": value}})
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		agree(t, c, resolved, rapid.MapOfN(rapid.SampledFrom(names), aValue(2), 1, 2).Draw(t, "config"))
	})
}

// agree compares the verdicts on one resource's config.
func agree(t rapid.TB, c *container.Container, resolved *jsonschema.Resolved, config map[string]any) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"resources": map[string]any{"it": map[string]any{"config": config}}})
	if err != nil {
		t.Fatal(err)
	}
	run, err := container.ParseRunConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	_, ours := c.LaunchJSON(run)
	var document any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	schemas := resolved.Validate(document)
	if (ours == nil) != (schemas == nil) && !knownDifference(config) {
		t.Fatalf("%s\nour check: %v\nthe schema: %v", text, ours, schemas)
	}
}

// knownDifference reports values of which the schema does not know what their
// type makes of the text.
func knownDifference(config map[string]any) bool {
	for _, name := range []string{"time", "level", "tree", "maybe", "password"} {
		if _, ok := config[name]; ok {
			return true
		}
	}
	return false
}

func TestWhatTheSchemaTakesOfTextIsNoMoreThanScalars(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(chosen) *resA { return nil }, container.Config(chosen{})))
	resolved := schemaOf(t, c)
	for _, field := range []string{"time", "level", "maybe", "password", "url", "secret"} {
		for _, value := range []any{[]any{"x"}, map[string]any{"a": 1}, map[string]any{"env": 1}} {
			document := map[string]any{"resources": map[string]any{"it": map[string]any{"config": map[string]any{field: value}}}}
			if err := resolved.Validate(document); err == nil {
				t.Errorf("%v is taken for %s", value, field)
			}
		}
	}
	for field, value := range map[string]any{"time": 5, "password": "hunter2", "maybe": 1, "tree": []any{map[string]any{"name": []any{}}}} {
		document := map[string]any{"resources": map[string]any{"it": map[string]any{"config": map[string]any{field: value}}}}
		if err := resolved.Validate(document); err == nil {
			t.Errorf("%v is taken for %s", value, field)
		}
	}
}

func TestTheSchemaOfAReplacedResourceIsEmpty(t *testing.T) {
	t.Parallel()
	definition := container.Provide("database", newDatabase, container.Config(databaseConfig{}, container.AtLaunch("Table")))
	c, err := inHost(t, definition, fx.Replace(&database{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := schemaOf(t, c, "database").Validate(map[string]any{}); err != nil {
		t.Error(err)
	}
}

func TestWhatLivesPerProcessIsNotConfiguredByALaunch(t *testing.T) {
	t.Parallel()
	c := newContainer(t,
		container.Provide("pool", newDatabase, container.Config(databaseConfig{DSN: "x"}), container.PerProcess()),
		container.Provide("it", func(section, *database) *resA { return nil }, container.Config(section{})),
	)
	document := map[string]any{"resources": map[string]any{"pool": map[string]any{"config": map[string]any{"table": "t"}}}}
	for _, keys := range [][]string{nil, {"it"}, {"pool"}} {
		if schemaOf(t, c, keys...).Validate(document) == nil {
			t.Errorf("%q: the schema takes it", keys)
		}
		if text, err := c.Template(needed(keys...)...); err != nil || strings.Contains(text, "pool") {
			t.Errorf("%q: %v\n%s", keys, err, text)
		}
	}
}

// One file may have the config of all jobs, so the schema of what one job needs takes the
// sections of other resources and steps too.
func TestTheSchemaOfWhatIsNeededAndTheCheckAgree(t *testing.T) {
	t.Parallel()
	type ofTable struct{ Table string }
	type ofCount struct {
		Count int `min:"1"`
	}
	type (
		one    struct{}
		two    struct{}
		three  struct{}
		plain  struct{}
		shared struct{}
	)
	c := newContainer(t,
		container.Provide("one", func(ofTable, *two) *one { return nil }, container.Config(ofTable{}, container.AtLaunch("Table"))),
		container.Provide("two", func(ofCount) *two { return nil }, container.Config(ofCount{})),
		container.Provide("three", func(ofTable) *three { return nil }, container.Config(ofTable{}, container.AtLaunch("Table"))),
		container.Provide("plain", func() *plain { return nil }),
		container.Provide("shared", func(ofCount) *shared { return nil }, container.Config(ofCount{}), container.PerProcess()))
	needed := map[string][]string{"one": {"one"}, "two": {"two"}, "plain": {"plain"}, "three and two": {"three", "two"}}
	for name, keys := range needed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resolved := schemaOf(t, c, keys...)
			sections := rapid.MapOfN(rapid.SampledFrom([]string{"one", "two", "three", "plain", "shared", "four"}), rapid.OneOf(
				rapid.Just[any](map[string]any{"config": map[string]any{"table": "t"}}),
				rapid.Just[any](map[string]any{"config": map[string]any{"count": 1}}),
				rapid.Just[any](map[string]any{"config": map[string]any{"count": 0}}),
				rapid.Just[any](map[string]any{"config": map[string]any{}}),
				rapid.SampledFrom([]any{nil, map[string]any{}, map[string]any{"config": nil}, map[string]any{"confg": nil}, "x"}),
			), 0, 3)
			rapid.Check(t, func(t *rapid.T) {
				text, err := json.Marshal(map[string]any{"resources": sections.Draw(t, "resources")})
				if err != nil {
					t.Fatal(err)
				}
				run, ours := container.ParseRunConfig(text)
				if ours == nil {
					_, ours = c.Prepare(container.NeedsResources(keys...), container.Launch(run))
				}
				var document any
				if err := json.Unmarshal(text, &document); err != nil {
					t.Fatal(err)
				}
				if schemas := resolved.Validate(document); (ours == nil) != (schemas == nil) {
					t.Fatalf("%s\nour check: %v\nthe schema: %v", text, ours, schemas)
				}
			})
		})
	}
}
