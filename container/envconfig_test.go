package container_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kelseyhightower/envconfig"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/signature"
)

// Base is embedded: its fields have no prefix of their own.
type Base struct {
	BaseName string
	BasePort int `default:"1"`
}

type inner struct {
	Host    string
	MaxConn int    `split_words:"true" default:"3"`
	Alt     string `envconfig:"INNER_ALT"`
}

// decoder and setter read themselves from text in envconfig's own two ways.
type decoder struct{ text string }

func (d *decoder) Decode(text string) error { d.text = "decoded " + text; return nil }

type setter struct{ text string }

func (s *setter) Set(text string) error {
	if text == "7" {
		return errBoom
	}
	s.text = "set " + text
	return nil
}

// shape is a kind of field that a random struct may have.
type shape struct {
	field reflect.StructField
	names []string // of variables, below the prefix; a leading dot: without it
}

func shapeOf[T any](name, tag string, variables ...string) shape {
	return shape{reflect.StructField{Name: name, Type: reflect.TypeFor[T](), Tag: reflect.StructTag(tag)}, variables}
}

// distinct keeps two shapes of which only one may be in a struct apart: fields
// of type inner would read one variable without the prefix.
func (s shape) distinct() string {
	if s.field.Type == reflect.TypeFor[inner]() {
		return "inner"
	}
	return s.field.Name
}

var shapes = []shape{
	shapeOf[string]("Text", "", "TEXT"),
	shapeOf[string]("BaseURLOfAPI", `split_words:"true"`, "BASE_URL_OF_API", "BASEURLOFAPI"),
	shapeOf[string]("HTTPPort", `split_words:"true" default:"x"`, "HTTP_PORT"),
	shapeOf[string]("Other", `envconfig:"else_where"`, "ELSE_WHERE", ".ELSE_WHERE", "OTHER"),
	shapeOf[int]("OtherNumber", `envconfig:"ELSEWHERE" default:"3"`, "ELSEWHERE", ".ELSEWHERE"),
	shapeOf[string]("Both", `envconfig:"both_alt" split_words:"true"`, "BOTH_ALT", ".BOTH_ALT", "BOTH"),
	shapeOf[string]("Required", `required:"true"`, "REQUIRED"),
	shapeOf[int]("RequiredNumber", `required:"true" default:"4"`, "REQUIREDNUMBER"),
	shapeOf[string]("Ignored", `ignored:"true" default:"no"`, "IGNORED"),
	shapeOf[int]("Number", "", "NUMBER"),
	shapeOf[int8]("Small", `default:"5"`, "SMALL"),
	shapeOf[uint]("Unsigned", "", "UNSIGNED"),
	shapeOf[float32]("Float", "", "FLOAT"),
	shapeOf[bool]("Flag", `default:"true"`, "FLAG"),
	shapeOf[time.Duration]("Wait", `default:"1s"`, "WAIT"),
	shapeOf[time.Time]("When", "", "WHEN"),
	shapeOf[*url.URL]("Link", "", "LINK"),
	shapeOf[[]string]("List", "", "LIST"),
	shapeOf[[]int]("Numbers", `default:"1,2"`, "NUMBERS"),
	shapeOf[[]byte]("Bytes", "", "BYTES"),
	shapeOf[map[string]int]("Map", "", "MAP"),
	shapeOf[*int]("Pointer", "", "POINTER"),
	shapeOf[*string]("PointerText", `default:"p"`, "POINTERTEXT"),
	shapeOf[inner]("Inner", "", "INNER_HOST", "INNER_MAX_CONN", "INNER_MAXCONN", "INNER_INNER_ALT", ".INNER_ALT", "INNER_ALT"),
	shapeOf[inner]("SplitInner", `split_words:"true"`, "SPLIT_INNER_HOST", "SPLITINNER_HOST"),
	shapeOf[inner]("NamedInner", `envconfig:"nick"`, "NICK_HOST", "NAMEDINNER_HOST"),
	shapeOf[decoder]("Decoder", "", "DECODER"),
	shapeOf[setter]("Setter", `default:"s"`, "SETTER"),
	shapeOf[[]time.Duration]("Waits", "", "WAITS"),
	shapeOf[level]("Level", "", "LEVEL"),
	shapeOf[map[string]time.Duration]("Limits", "", "LIMITS"),
	{reflect.StructField{Name: "Base", Type: reflect.TypeFor[Base](), Anonymous: true}, []string{"BASENAME", "BASEPORT", "BASE_BASENAME"}},
}

var texts = []string{
	"", " ", "7", "-7", "300", "0x1f", "1.5", "true", "T", "text", "a,b", ",", "1,2", "a:1,b:2", "a:1:2", "5s", "1h,2m", "a:5s",
	"2026-01-02T03:04:05Z", "https://x.example/p?q=1", "://", "low", "日本", "a b",
}

func TestTheEnvironmentIsReadAsEnvconfigReadsIt(t *testing.T) {
	var set []string
	unset := func() {
		for _, name := range set {
			_ = os.Unsetenv(name)
		}
		set = nil
	}
	t.Cleanup(unset)
	give := func(t fataler, s shape, prefix, name, text string) {
		if text == "" && strings.Contains(s.field.Name, "Required") {
			return // envconfig takes an empty variable for enough
		}
		name, bare := strings.CutPrefix(name, ".")
		if !bare && prefix != "" {
			name = strings.ToUpper(prefix) + "_" + name
		}
		if err := os.Setenv(name, text); err != nil { //nolint:usetesting // rapid.T has no Setenv
			t.Fatalf("%v", err)
		}
		set = append(set, name)
	}
	prefixes := []string{"", "DIFF", "diff_lower", "Diff"}
	t.Run("each text in each variable of each kind of field", func(t *testing.T) {
		for _, shape := range shapes {
			for _, prefix := range prefixes {
				for _, name := range shape.names {
					for _, text := range texts {
						unset()
						give(t, shape, prefix, name, text)
						readsAsEnvconfig(t, prefix, shape)
					}
				}
			}
		}
	})
	t.Run("random structs", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			unset()
			prefix := rapid.SampledFrom(prefixes).Draw(t, "prefix")
			drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(shapes), 1, 8, shape.distinct).Draw(t, "fields")
			for _, shape := range drawn {
				for _, name := range shape.names {
					if rapid.Bool().Draw(t, "set "+name) {
						give(t, shape, prefix, name, rapid.SampledFrom(texts).Draw(t, name))
					}
				}
			}
			readsAsEnvconfig(t, prefix, drawn...)
		})
	})
}

// fataler is a testing.T or a rapid.T.
type fataler interface {
	Context() context.Context
	Fatalf(format string, args ...any)
}

// readsAsEnvconfig reads the environment into a struct of these fields, by
// envconfig and by fxrun.
func readsAsEnvconfig(t fataler, prefix string, drawn ...shape) {
	var fields []reflect.StructField
	var plain []string // every field that has a variable without the prefix
	for _, shape := range drawn {
		fields = append(fields, shape.field)
		switch {
		case shape.field.Type == reflect.TypeFor[inner]():
			plain = append(plain, shape.field.Name+".Alt") // the nested struct's name is a prefix too
		case prefix == "":
		case shape.field.Tag.Get("envconfig") != "":
			plain = append(plain, shape.field.Name)
		}
	}
	config := reflect.StructOf(fields)
	want := reflect.New(config)
	wantErr := envconfig.Process(prefix, want.Interface())

	var got any
	constructor := signature.Make([]signature.Param{{Key: signature.Key{Type: config}}}, []signature.Key{{Type: reflect.TypeFor[*resA]()}},
		func(params []reflect.Value) ([]reflect.Value, error) {
			got = params[0].Interface()
			return []reflect.Value{reflect.ValueOf(&resA{})}, nil
		})
	c, err := container.New(container.Provide("it", constructor,
		container.Config(reflect.Zero(config).Interface(), container.FromEnv(prefix), container.FromPlainEnv(plain...)),
		container.StartTimeout(time.Hour))) // a machine that stalls for longer than the default must not fail the test
	if err != nil {
		t.Fatalf("%v", err)
	}
	gotErr := c.Invoke(t.Context(), func(*resA) {})
	var unread *envconfig.ParseError // some texts mean something here that envconfig knows no meaning of
	if (wantErr == nil) != (gotErr == nil) && !errors.As(wantErr, &unread) {
		t.Fatalf("%v with prefix %q: envconfig: %v\nfxrun: %v", config, prefix, wantErr, gotErr)
	}
	if wantErr != nil {
		return
	}
	options := []cmp.Option{cmp.AllowUnexported(decoder{}, setter{}), cmp.Transformer("url", func(u url.URL) string { return u.String() })}
	if diff := cmp.Diff(emptyURL(want.Elem().Interface()), emptyURL(got), options...); diff != "" {
		t.Fatalf("%v with prefix %q (-envconfig +fxrun)\n%s", config, prefix, diff)
	}
}

func TestAPrefixIsAPrefix(t *testing.T) {
	type config struct {
		DSN  string `envconfig:"DSN" default:"none"`
		User string `envconfig:"user"`
		Auth struct {
			Key string `envconfig:"api_key"`
		}
	}
	for name, text := range map[string]string{"DSN": "plain", "USER": "me", "API_KEY": "key", "AUTH_API_KEY": "key", "AUTH_KEY": "key"} {
		t.Setenv(name, text)
	}
	t.Run("variables without it are not read", func(t *testing.T) {
		if got := mustConfig[config](t, container.Config(config{}, container.FromEnv("REPLICA"))); got != (config{DSN: "none"}) {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("variables without it are read for the fields that ask for it", func(t *testing.T) {
		want := config{DSN: "plain"}
		want.Auth.Key = "key"
		option := container.Config(config{}, container.FromEnv("REPLICA"), container.FromPlainEnv("DSN", "Auth"))
		if got := mustConfig[config](t, option); got != want {
			t.Errorf("got %+v", got)
		}
		t.Setenv("REPLICA_DSN", "prefixed")
		if got := mustConfig[config](t, option); got.DSN != "prefixed" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("the preview names the variable with it", func(t *testing.T) {
		c := newContainer(t, container.Provide("it", func(config) *resA { return nil }, container.Config(config{}, container.FromEnv("REPLICA"))))
		if got := c.Resources()[0].Config[1]; got.Variable != "REPLICA_USER" || got.Source != container.SourceZero {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("without a prefix the name of the tag is the variable", func(t *testing.T) {
		if got := mustConfig[config](t, container.Config(config{}, container.FromEnv(""))); got.DSN != "plain" || got.User != "me" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("only a field that has a variable without it may ask for it", func(t *testing.T) {
		for _, option := range []container.Option{
			container.Config(databaseConfig{}, container.FromEnv("REPLICA"), container.FromPlainEnv("DSN")),
			container.Config(config{}, container.FromEnv(""), container.FromPlainEnv("DSN")),
			container.Config(config{}, container.FromPlainEnv("DSN")),
			container.Config(config{}, container.FromEnv("REPLICA"), container.FromPlainEnv("Dsn")),
		} {
			if _, err := container.New(container.Provide("it", func(config) *resA { return nil }, option)); err == nil || !strings.Contains(err.Error(), "FromPlainEnv names") {
				t.Errorf("got %v", err)
			}
		}
	})
}

// emptyURL makes a nil *url.URL an empty one: envconfig makes an empty struct
// of every nil pointer to a struct.
func emptyURL(config any) any {
	copied := reflect.New(reflect.TypeOf(config)).Elem()
	copied.Set(reflect.ValueOf(config))
	if link := copied.FieldByName("Link"); link.IsValid() && link.IsNil() {
		link.Set(reflect.ValueOf(&url.URL{}))
	}
	return copied.Interface()
}
