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
		_, err = c.Check(container.NeedsResources("it"), container.Launch(config))
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
	if _, err := c.Check(container.NeedsResources("it"), container.Launch(config)); err != nil {
		t.Errorf("an empty text is a value where none is required: %v", err)
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
	preview, err := c.Check(container.NeedsResources("it"), container.Launch(config))
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
	_, err = c.Check(container.NeedsResources("it"), container.Launch(config))
	if want := "resources.it.config.region (line 5, column 7): it stands there twice"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
