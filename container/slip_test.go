package container_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// What people do by a slip of the keyboard, and must be told.

type slipConfig struct {
	Table  string
	User   string `required:"true"`
	Region string
	Token  container.Secret[string]
}

func TestEmptyTextAtLaunchIsMissing(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(slipConfig) *resA { return nil },
		container.Config(slipConfig{User: "ada"}, container.AtLaunch("Table"))))
	for _, field := range []string{"table", "user"} {
		config, err := (container.RunConfig{}).Set("resources.it.config."+field, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Prepare(container.NeedsResources("it"), container.Launch(config))
		if want := "resources.it.config." + field + ": missing: the launch gives an empty text"; !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	config, err := (container.RunConfig{}).Set("resources.it.config.region", "")
	if err != nil {
		t.Fatal(err)
	}
	config, err = config.Set("resources.it.config.table", "orders")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Prepare(container.NeedsResources("it"), container.Launch(config)); err != nil {
		t.Errorf("an empty text is a value where none is required: %v", err)
	}
}

type namedText string

// readText takes any text, none too.
type readText struct{ text string }

func (r *readText) UnmarshalText(text []byte) error { r.text = string(text); return nil }

type wrappedConfig struct {
	Token container.Secret[string]
	Key   container.Secret[[]byte]
	Inner container.Secret[readText]
	Named namedText
	Text  readText
	Ref   *string
	Bytes []byte
	Short container.Secret[string] `min:"3"`
}

func TestEmptyTextIsMissingInWhateverItIsWrapped(t *testing.T) {
	t.Setenv("WRAPPED_TOKEN", "good")
	t.Setenv("WRAPPED_NOTHING", "")
	marks := map[string]container.ConfigOption{
		"token": container.AtLaunch("Token"), "key": container.AtLaunch("Key"), "inner": container.AtLaunch("Inner"),
		"named": container.AtLaunch("Named"), "text": container.AtLaunch("Text"), "ref": container.AtLaunch("Ref"), "bytes": container.AtLaunch("Bytes"),
	}
	for field, mark := range marks {
		c := newContainer(t, container.Provide("it", func(wrappedConfig) *resA { return nil }, container.Config(wrappedConfig{}, mark, container.FromEnv("WRAPPED"))))
		for text, want := range map[string]string{
			"":                       "missing: the launch gives an empty text",
			"{env: WRAPPED_NOTHING}": "missing: the environment variable WRAPPED_NOTHING, which the launch refers to, is set, but empty",
		} {
			config, err := (container.RunConfig{}).Set("resources.it.config."+field, text)
			if err != nil {
				t.Fatal(err)
			}
			prepared, err := c.Prepare(container.NeedsResources("it"), container.Launch(config))
			preview := prepared.Preview()
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "resources.it.config."+field+": "+want) {
				t.Errorf("%s=%s: got %v, want %s", field, text, err, want)
			}
			for _, described := range preview.Resources[0].Config {
				if described.Path == field && described.Source != container.SourceMissing {
					t.Errorf("%s=%s: its source is %s", field, text, described.Source)
				}
			}
			if err := c.Invoke(t.Context(), func(*resA) {}, container.Launch(config)); err == nil {
				t.Errorf("%s=%s: it started", field, text)
			}
		}
	}
	c := newContainer(t, container.Provide("it", func(wrappedConfig) *resA { return nil }, container.Config(wrappedConfig{}, marks["ref"])))
	null := container.RunConfig{Resources: map[string]any{"it": container.Fields{"ref": nil}}}
	if _, err := c.Prepare(container.NeedsResources("it"), container.Launch(null)); !strings.Contains(fmt.Sprint(err), "resources.it.config.ref: missing: the launch gives null") {
		t.Errorf("got %v", err)
	}
	c = newContainer(t, container.Provide("it", func(wrappedConfig) *resA { return nil }, container.Config(wrappedConfig{}, marks["token"])))
	for name, empty := range map[string]any{"a secret": container.NewSecret(""), "text": ""} {
		given := container.RunConfig{Resources: map[string]any{"it": container.Fields{"token": empty}}}
		if _, err := c.Prepare(container.NeedsResources("it"), container.Launch(given)); !strings.Contains(fmt.Sprint(err), "token: missing: the launch gives an empty text") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestEmptySecretIsHeldToItsLength(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(wrappedConfig) *resA { return nil }, container.Config(wrappedConfig{})))
	config, err := (container.RunConfig{}).Set("resources.it.config.short", "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Prepare(container.NeedsResources("it"), container.Launch(config))
	if want := "resources.it.config.short: it must have at least 3 characters"; !strings.Contains(fmt.Sprint(err), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAReferenceWithMoreBesideIt(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(slipConfig) *resA { return nil }, container.Config(slipConfig{User: "ada"})))
	for _, field := range []string{"token", "region"} {
		config, err := (container.RunConfig{}).Set("resources.it.config."+field, "{env: NOPE, x: 1}")
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Prepare(container.NeedsResources("it"), container.Launch(config))
		if want := field + ": a reference is {env: NAME} alone, else give the value itself"; !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSecretsVariableInAnotherFieldIsMasked(t *testing.T) {
	t.Setenv("SLIP_TOKEN", "hunter2")
	c := newContainer(t, container.Provide("it", func(slipConfig) *resA { return nil },
		container.Config(slipConfig{User: "ada"}, container.FromEnv("SLIP"))))
	config, err := (container.RunConfig{}).Set("resources.it.config.region", "{env: SLIP_TOKEN}")
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := c.Prepare(container.NeedsResources("it"), container.Launch(config))
	preview := prepared.Preview()
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprintf("%+v", preview); strings.Contains(shown, "hunter2") || !strings.Contains(shown, "SLIP_TOKEN") {
		t.Error(shown)
	}
}

func TestEveryReplaceThatReplacesNothingIsReported(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("database", newPlain))
	err := c.Invoke(t.Context(), func(*database) {}, fx.Replace(&cache{}, &report{}, &database{}))
	for _, want := range []string{"fx.Replace gives *container_test.cache, which nothing", "fx.Replace gives *container_test.report, which nothing"} {
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
}

func TestFieldGivenTwiceIsNamedByItsPath(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("it", func(slipConfig) *resA { return nil }, container.Config(slipConfig{User: "ada"})))
	config, err := container.ParseRunConfig([]byte("resources:\n  it:\n    config:\n      region: a\n      region: b\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Prepare(container.NeedsResources("it"), container.Launch(config))
	if want := "resources.it.config.region (line 5, column 7): it stands there twice"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
