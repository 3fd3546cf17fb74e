package container_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/container"
)

const hunter = "hunter2"

// token decodes itself, and tells everybody what it got.
type token string

func (t *token) UnmarshalText(text []byte) error {
	if strings.HasPrefix(string(text), "panic") {
		panic("token " + string(text))
	}
	if strings.HasPrefix(string(text), "fail") {
		return fmt.Errorf("no token: %s", text)
	}
	*t = token(text)
	return nil
}

type secrets struct {
	Text    container.Secret[string]
	Number  container.Secret[int]
	Token   container.Secret[token]
	Bytes   container.Secret[[]byte]
	Pointer *container.Secret[string]
	List    []container.Secret[string]
	Map     map[string]container.Secret[string]
	Nested  struct{ Deep container.Secret[string] }
}

func filledSecrets() secrets {
	s := container.NewSecret(hunter)
	filled := secrets{
		Text: s, Number: container.NewSecret(471100815), Token: container.NewSecret(token(hunter)), Bytes: container.NewSecret([]byte(hunter)),
		Pointer: &s, List: []container.Secret[string]{s}, Map: map[string]container.Secret[string]{"k": s},
	}
	filled.Nested.Deep = s
	return filled
}

// shows reports whether a text gives the secret away, in letters, hexadecimal,
// or as a list of numbers.
func shows(text string) bool {
	for _, form := range []string{hunter, "68756e74657232", "104 117 110", "104,117,110", "0x68, 0x75", "471100815", "1c146d8f", "aHVudGVyMg"} {
		if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
			return true
		}
	}
	return false
}

func TestASecretIsShownByNoRendering(t *testing.T) {
	t.Parallel()
	filled := filledSecrets()
	for _, value := range []any{filled, &filled, filled.Text, &filled.Text, filled.Number, filled.List, filled.Map, filled.Bytes, []any{filled}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %[1]v", "%08b", "%o", "%c", "%U", "%e"} {
			if got := fmt.Sprintf(verb, value); shows(got) {
				t.Errorf("%s of %T is %s", verb, value, got)
			}
		}
		for name, marshal := range map[string]func(any) ([]byte, error){"JSON": json.Marshal, "YAML": yaml.Marshal} {
			text, err := marshal(value)
			if err != nil || shows(string(text)) {
				t.Errorf("%s of %T is %s, %v", name, value, text, err)
			}
		}
		var text, structured bytes.Buffer
		slog.New(slog.NewTextHandler(&text, nil)).Info("m", "config", value)
		slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "config", value)
		if shows(text.String()) || shows(structured.String()) {
			t.Errorf("slog shows %s%s", &text, &structured)
		}
	}
	if got := fmt.Sprint(filled.Text); got != container.Masked {
		t.Error(got)
	}
	if filled.Text.Reveal() != hunter || filled.Pointer.Reveal() != hunter {
		t.Error("it is not revealed either")
	}
}

func TestARunConfigIsShownByNoRendering(t *testing.T) {
	t.Parallel()
	config := container.RunConfig{Resources: map[string]any{"it": container.Fields{"text": hunter}}}
	set, err := config.Set("resources.it.config.token", hunter)
	if err != nil {
		t.Fatal(err)
	}
	if set, err = set.Set("steps.it.config.token", hunter); err != nil {
		t.Fatal(err)
	}
	var structured bytes.Buffer
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("m", "config", set)
	for _, got := range []string{fmt.Sprintf("%v %+v %#v %s %x", set, set, set, set, set), fmt.Sprint(&set), set.String(), structured.String()} {
		if shows(got) {
			t.Error(got)
		}
	}
}

func TestSecretsReadTextOfTheirType(t *testing.T) {
	t.Parallel()
	check := func(name string, secret interface{ UnmarshalText([]byte) error }, text string, reveal func() string, want string) {
		err := secret.UnmarshalText([]byte(text))
		if want == "error" {
			if err == nil || shows(err.Error()) {
				t.Errorf("%s from %q: %v", name, text, err)
			}
			return
		}
		if err != nil || reveal() != want {
			t.Errorf("%s from %q: %v, %v", name, text, reveal(), err)
		}
	}
	type ownText string
	var (
		text     container.Secret[string]
		own      container.Secret[ownText]
		number   container.Secret[int]
		float    container.Secret[float64]
		flag     container.Secret[bool]
		duration container.Secret[time.Duration]
		list     container.Secret[[]string]
		data     container.Secret[[]byte]
		made     container.Secret[token]
		anything container.Secret[any]
	)
	check("string", &text, "a: *b # c", func() string { return text.Reveal() }, "a: *b # c")
	check("own string", &own, "a: *b # c '", func() string { return string(own.Reveal()) }, "a: *b # c '")
	check("int", &number, "12", func() string { return fmt.Sprint(number.Reveal()) }, "12")
	check("int", &number, hunter, nil, "error")
	check("int", &number, "1.5", nil, "error")
	check("int", &number, "", nil, "error")
	check("int", &number, "[hunter2", nil, "error")
	check("float", &float, "1.5", func() string { return fmt.Sprint(float.Reveal()) }, "1.5")
	check("bool", &flag, "true", func() string { return fmt.Sprint(flag.Reveal()) }, "true")
	check("duration", &duration, "5s", func() string { return fmt.Sprint(duration.Reveal()) }, "5s")
	check("list", &list, "[a, b]", func() string { return fmt.Sprint(list.Reveal()) }, "[a b]")
	check("bytes", &data, "a: b", func() string { return string(data.Reveal()) }, "a: b")
	check("token", &made, "a: b", func() string { return string(made.Reveal()) }, "a: b")
	check("token", &made, "fail hunter2", nil, "error")
	check("anything", &anything, "3", func() string { return fmt.Sprint(anything.Reveal()) }, "3")
	if number.Reveal() != 12 {
		t.Error("a text that is not taken changed the secret")
	}
}

func TestASecretIsShownByNoErrorEventOrDescription(t *testing.T) {
	for name, text := range map[string]string{
		"S_TEXT": hunter, "S_NUMBER": hunter, "S_TOKEN": "panic " + hunter, "S_POINTER": hunter, "S_LIST": hunter + "," + hunter,
		"S_MAP": hunter, "S_NESTED_DEEP": hunter, "FAILING": "fail " + hunter,
	} {
		t.Setenv(name, text)
	}
	for name, config := range map[string]string{
		"nothing":                     "",
		"values":                      "resources: {it: {config: {text: hunter2, number: hunter2, token: hunter2}}}",
		"values of wrong types":       "resources: {it: {config: {text: [hunter2], number: {hunter2: hunter2}, token: [[hunter2]], nested: hunter2, list: hunter2, map: [hunter2]}}}",
		"a decoder that fails":        "resources: {it: {config: {token: fail hunter2}}}",
		"a decoder that panics":       "resources: {it: {config: {token: panic hunter2}}}",
		"references":                  "resources: {it: {config: {text: {env: S_TEXT}, number: {env: S_TEXT}, token: {env: FAILING}}}}",
		"a reference by value":        "resources: {it: {config: {text: {env: hunter2}, number: {env: [hunter2]}}}}",
		"a reference with more":       "resources: {it: {config: {text: {env: S_TEXT, or: hunter2}}}}",
		"a tag":                       "resources: {it: {config: {text: !hunter2 x, number: !!int hunter2, token: !!binary hunter2}}}",
		"an anchor":                   "resources: {it: {config: {text: &hunter2 x, number: *hunter2}}}",
		"an anchor that is not there": "resources: {it: {config: {text: *hunter2}}}",
		"broken YAML":                 "resources: {it: {config: {text: 'hunter2",
		"a broken scalar":             "resources:\n  it:\n    config:\n      text: hunter2: x\n",
		"a bad escape":                `resources: {it: {config: {text: "hunter2\q"}}}`,
		"a tab":                       "resources:\n\thunter2: 1",
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			run, err := container.ParseRunConfig([]byte(config))
			seen = append(seen, fmt.Sprintf("%v %+v", err, err))
			for _, environment := range [][]container.ConfigOption{nil, {container.FromEnv("S")}} {
				for _, inCode := range []secrets{{}, filledSecrets()} {
					seen = append(seen, shownOfStep(t, strings.Replace(config, "resources:", "steps:", 1), inCode, environment)...)
					c := newContainer(t, container.Provide("it", func(secrets) *resA { return nil }, container.Config(inCode, environment...)))
					prepared, err := c.Prepare(container.NeedsResources("it"), container.Launch(run))
					preview := prepared.Preview()
					text, _ := json.Marshal(preview)
					seen = append(seen, fmt.Sprintf("%v %+v %#v", err, err, preview), string(text))
					resources, _ := json.Marshal(c.Resources())
					seen = append(seen, string(resources))
					var log bytes.Buffer
					err = c.Invoke(t.Context(), func(*resA) {}, container.Launch(run),
						container.Logger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
						container.Observe(func(e container.Event) { seen = append(seen, fmt.Sprintf("%+v", e)) }))
					seen = append(seen, fmt.Sprintf("%v %+v", err, err), log.String())
					if stored, err := c.LaunchJSON(run); shows(string(stored)) || shows(fmt.Sprint(err)) {
						t.Errorf("stored as %s, %v", stored, err)
					}
				}
			}
			for _, text := range seen {
				if shows(text) {
					t.Error(text)
				}
			}
		})
	}
}

// shownOfStep is everything that is told of a step with secrets.
func shownOfStep(t *testing.T, config string, inCode secrets, environment []container.ConfigOption) (seen []string) {
	t.Helper()
	run, err := container.ParseRunConfig([]byte(config))
	seen = append(seen, fmt.Sprintf("%v %+v %s", err, err, run))
	c := newContainer(t)
	step := stepTarget(t, c, "step", func(cfg secrets) { panic(cfg) }, container.StepConfig("it", inCode, environment...))
	var log bytes.Buffer
	opts := []fx.Option{
		container.Needs(step), container.Launch(run),
		container.Logger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}
	prepared, err := c.Prepare(opts...)
	preview := prepared.Preview()
	text, _ := json.Marshal(preview)
	seen = append(seen, fmt.Sprintf("%v %+v %#v", err, err, preview), string(text))
	stored, err := c.LaunchJSON(run, opts...)
	seen = append(seen, fmt.Sprintf("%s %v", stored, err))
	template, err := c.Template(opts...)
	seen = append(seen, fmt.Sprintf("%s %v", template, err))
	schema, err := c.Schema(opts...)
	seen = append(seen, fmt.Sprintf("%s %v", schema, err))
	child, err := c.NewChild(t.Context(), opts...)
	seen = append(seen, fmt.Sprintf("%v %+v", err, err))
	if err == nil {
		err = child.Call(step)
		seen = append(seen, fmt.Sprintf("%v %+v %v", err, err, child.Close(err)), fmt.Sprintf("%v %+v %#v", container.Arguments(child, step)[0], container.Arguments(child, step)[0], container.Arguments(child, step)[0]))
	}
	return append(seen, log.String())
}

func TestADefaultSecretThatCantBeReadIsNotShown(t *testing.T) {
	t.Parallel()
	type config struct {
		Number container.Secret[int] `default:"hunter2"`
	}
	_, err := container.New(container.Provide("it", func(config) *resA { return nil }, container.Config(config{})))
	if err == nil || shows(err.Error()) {
		t.Error(err)
	}
	_, err = newContainer(t).Target("step", func(config) {}, container.StepConfig("it", config{}))
	if err == nil || shows(err.Error()) {
		t.Error(err)
	}
}

func TestAPanicShowsNoConfig(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(lc fx.Lifecycle, cfg secrets) *resA {
		lc.Append(fx.StopHook(func(context.Context) { panic(fmt.Sprintf("stopping with %+v", cfg)) }))
		panic(cfg)
	}, container.Config(filledSecrets())))
	err := c.Invoke(t.Context(), func(*resA) {})
	if err == nil || shows(fmt.Sprintf("%v %+v", err, err)) {
		t.Error(err)
	}
}

func TestTheStackOfAPanicHasNoArguments(t *testing.T) {
	t.Parallel()
	c := newContainer(t)
	step := stepTarget(t, c, "step", func(cfg secrets) { panic("at the disco") }, container.StepConfig("it", filledSecrets()))
	child := newChild(t, c, container.Needs(step))
	defer closeChild(t, child)
	caught := new(container.PanicError)
	if err := child.Call(step); !errors.As(err, &caught) || shows(caught.Stack()) {
		t.Errorf("%+v", err)
	}
	for _, want := range []string{"container_test.TestTheStackOfAPanicHasNoArguments.func1(...)\n", "secret_test.go:", "panic(...)\n"} {
		if !strings.Contains(caught.Stack(), want) {
			t.Errorf("%q is not in %s", want, caught.Stack())
		}
	}
}

// FuzzRunConfig holds whatever text against a container: it may not panic, and
// no error may quote the value of a secret.
func FuzzRunConfig(f *testing.F) {
	for _, seed := range []string{
		kindsInYAML, kindsByReference, "", "resources:", "resources: {it: }", "resources: {it: {config: {secret: hunter2}}}",
		"resources: {it: {config: {secret: [hunter2]}}}", "resources: {it: {config: {password: hunter2}}}", `{"resources":{"it":{"config":{"int":"hunter2"}}}}`,
		"resources: {it: {config: {secret: *hunter2}}}", "a: &a [*a]", "resources: &a {it: *a}", "resources: {it: {config: {<<: {int: 1}}}}",
		"resources: {it: {config: {section: {name: {env: X}}}}}", "? [a]\n: b", "resources: {it: {config: {map: {? [a] : b}}}}", "!!binary x", "- - -",
		"resources: {it: {config: {time: 2026-01-02, url: '://', list: [[], {}], pointer: ~, bytes: !!binary aHVudGVyMg==}}}", "\xff\xfe", "%YAML 1.1\n---\n",
		"resources: {it: {config: {pointer: &p 3, int: *p}}}",
	} {
		f.Add([]byte(seed), "text", "x")
		f.Add([]byte("{}"), "section.name", seed)
	}
	c, err := container.New(container.Provide("it", func(kinds) *resA { return nil }, container.Config(kinds{}, container.Fixed("Bool"))))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"X", "HUNTER"} {
		if err := os.Unsetenv(name); err != nil {
			f.Fatal(err)
		}
	}
	step := stepTarget(f, c, "step", func(kinds) {}, container.StepConfig("it", kinds{}, container.Fixed("Bool")))
	f.Add([]byte("steps: {it: {config: {int: 1, secret: hunter2}}}"), "text", "x")
	f.Add([]byte("steps: &a {it: *a, 3: {}, ? [x] : y}"), "a.config.b", "x")
	f.Fuzz(func(t *testing.T, text []byte, path, value string) {
		config, _ := container.ParseRunConfig(text)
		set, _ := config.Set("resources.it.config."+path, value)
		set, _ = set.Set("steps.it.config."+path, value)
		for _, config := range []container.RunConfig{config, set, config.Merge(set), set.Merge(config), inSteps(config)} {
			prepared, _ := c.Prepare(container.NeedsResources("it"), container.Needs(step), container.Launch(config))
			preview := prepared.Preview()
			for _, field := range append(preview.Resources[0].Config, preview.Steps[0].Config...) {
				if field.Secret && field.Value != container.Masked && field.Value != "" {
					t.Errorf("secret %s is shown as %q", field.Path, field.Value)
				}
			}
			stored, err := c.LaunchJSON(config, container.Steps(step))
			if err != nil {
				continue
			}
			if _, err := container.ParseRunConfig(stored); err != nil {
				t.Errorf("%s is stored as %s: %v", config, stored, err)
			}
		}
	})
}

// FuzzSecretValue gives a secret whatever value, around a mark that may appear
// in no error.
func FuzzSecretValue(f *testing.F) {
	for _, seed := range []string{"", "*", "&", "!", "!!int ", "[", "{", "{env: ", "'", "\"", "\"\\q", "|\n ", ": ", "%", "`", "? ", "- ", "#", "a: *", "\t", "<<: *"} {
		f.Add(seed, "")
		f.Add(seed, "]")
		f.Add(seed, "}")
	}
	c, err := container.New(container.Provide("it", func(secrets) *resA { return nil }, container.Config(secrets{})))
	if err != nil {
		f.Fatal(err)
	}
	step := stepTarget(f, c, "step", func(secrets) {}, container.StepConfig("raw/it", secrets{}))
	f.Fuzz(func(t *testing.T, before, after string) {
		if strings.HasSuffix(strings.TrimRight(before, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"), "env: ") {
			return
		}
		value := before + hunter + after
		for _, field := range []string{"text", "number", "token", "bytes", "pointer", "nested.deep"} {
			config, err := container.RunConfig{}.Set("resources.it.config."+field, value)
			if shows(fmt.Sprint(err)) {
				t.Errorf("setting it to %q: %v", value, err)
			}
			ofStep, err := config.Set("steps.raw/it.config."+field, value)
			if shows(fmt.Sprint(err)) {
				t.Errorf("setting it to %q: %v", value, err)
			}
			_, err = c.Prepare(container.NeedsResources("it"), container.Needs(step), container.Launch(ofStep))
			if shows(fmt.Sprint(err)) {
				t.Errorf("checking %q: %v", value, err)
			}
			if strings.ContainsAny(before, "\n\r\u0085\u2028\u2029") {
				continue // it would end the field
			}
			_, err = container.ParseRunConfig([]byte("resources:\n  it:\n    config:\n      " + field + ": " + value + "\n"))
			if err != nil && shows(err.Error()) {
				t.Errorf("reading %q: %v", value, err)
			}
		}
	})
}

func TestAVariableThatALaunchGivesToASecretIsMaskedWhereverItIsRead(t *testing.T) {
	t.Setenv("MISPLACED", hunter)
	type api struct {
		URL   string `json:"url"`
		Own   string `envconfig:"MISPLACED"`
		Notes map[string]string
	}
	type owner struct {
		Password container.Secret[string]
		Keys     []container.Secret[string]
		Auth     struct{ Token container.Secret[string] }
	}
	definitions := []container.Definition{
		container.Provide("api", func(api) *resA { return nil }, container.Config(api{}, container.FromEnv(""))),
		container.Provide("owner", func(owner) *resB { return nil }, container.Config(owner{})),
		container.Provide("pool", func(owner) *database { return nil }, container.Config(owner{}), container.PerProcess()),
		container.Provide("plain", func() *service { return nil }),
	}
	fields := container.Fields{"password": map[string]any{"env": "MISPLACED"}}
	for name, given := range map[string]container.RunConfig{
		"to a resource":                      parse(t, "resources: {owner: {config: {password: {env: MISPLACED}}}}"),
		"to a nested field":                  parse(t, "resources: {owner: {config: {auth: {token: {env: MISPLACED}}}}}"),
		"to a list":                          parse(t, "resources: {owner: {config: {keys: {env: MISPLACED}}}}"),
		"to an item of a list":               parse(t, "resources: {owner: {config: {keys: [{env: MISPLACED}]}}}"),
		"by an alias":                        parse(t, "resources: {owner: {config: {keys: &a {env: MISPLACED}, password: *a}}}"),
		"to a resource, by fields":           {Resources: map[string]any{"owner": fields}},
		"to a resource, by a map of strings": {Resources: map[string]any{"owner": container.Fields{"password": map[string]string{"env": "MISPLACED"}}}},
		"to a step":                          parse(t, "steps: {it: {config: {password: {env: MISPLACED}}}}"),
		"to a step of another launch":        parse(t, "steps: {other: {config: {password: {env: MISPLACED}}}}"),
		"to one of two steps of a key":       parse(t, "steps: {twice: {config: {password: {env: MISPLACED}}}}"),
		"to what lives per process":          parse(t, "resources: {pool: {config: {password: {env: MISPLACED}}}}"),
		"to a mistyped resource":             parse(t, "resources: {ownr: {config: {password: {env: MISPLACED}}}}"),
		"to a mistyped step":                 parse(t, "steps: {ti: {config: {password: {env: MISPLACED}}}}"),
		"to a mistyped field":                parse(t, "resources: {owner: {config: {pasword: {env: MISPLACED}}}}"),
		"to a mistyped nested field":         {Resources: map[string]any{"owner": container.Fields{"aut": fields}}},
		"to what has no config":              parse(t, "resources: {plain: {config: {password: {env: MISPLACED}}}}"),
		"and something else above it": parse(t, "resources: {owner: {config: {password: {env: MISPLACED}}}}").
			Merge(parse(t, "resources: {owner: {config: {password: other}}}")),
	} {
		t.Run(name, func(t *testing.T) {
			c := newContainer(t, definitions...)
			step := stepTarget(t, c, "step", func(owner, *resA, *resB, *database) {}, container.StepConfig("it", owner{}))
			other := stepTarget(t, c, "other", func(owner) {}, container.StepConfig("other", owner{}))
			one := stepTarget(t, c, "one", func(limit) {}, container.StepConfig("twice", limit{}))
			two := stepTarget(t, c, "two", func(owner) {}, container.StepConfig("twice", owner{}))
			run := given.Merge(parse(t, "resources: {api: {config: {url: {env: MISPLACED}, notes: {env: OTHER}}}}"))
			opts := []fx.Option{container.Needs(step), container.Steps(step, other, two, one), container.Launch(run)}
			prepared, _ := c.Prepare(opts...)
			preview := prepared.Preview()
			explanation, _ := c.Explain("api", opts...)
			template, _ := c.Template(opts...)
			text, err := json.Marshal([]any{preview, explanation, template, explanation.String()})
			if err != nil || shows(string(text)) {
				t.Errorf("%s, %v", text, err)
			}
			for _, field := range explanation.Resource.Config[:2] {
				if field.Value != container.Masked {
					t.Errorf("%s is %q", field.Path, field.Value)
				}
			}
		})
	}
	t.Run("others are shown", func(t *testing.T) {
		c := newContainer(t, definitions...)
		launch := container.Launch(parse(t, "resources: {api: {config: {url: {env: MISPLACED}, notes: {env: MISPLACED}}}, owner: {config: {password: {env: ANOTHER}}}}"))
		explanation, _ := c.Explain("api", launch)
		for _, field := range explanation.Resource.Config[:2] {
			if field.Value != hunter {
				t.Errorf("%s is %q", field.Path, field.Value)
			}
		}
	})
}

func TestAMapOfSecretsWithoutAColonShowsNoSecret(t *testing.T) {
	type accounts struct {
		Keys map[string]container.Secret[string]
		More []map[string]container.Secret[string]
	}
	for _, text := range []string{"{hunter2}", "hunter2", "a:b,hunter2", "{a: b, hunter2}", "[hunter2]", "[{hunter2}]"} {
		for _, name := range []string{"KIT_KEYS", "KIT_MORE"} {
			t.Run(name+"="+text, func(t *testing.T) {
				t.Setenv(name, text)
				c := newContainer(t, container.Provide("it", func(accounts) *resA { return nil }, container.Config(accounts{}, container.FromEnv("KIT"))))
				_, err := c.Prepare(container.NeedsResources("it"))
				if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2") {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}
