package container_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/container"
)

func TestNilOptionsAreFaults(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		definition container.Definition
		want       string
	}{
		"of Provide":        {container.Provide("it", func() *resA { return nil }, nil), "resource it (nil_option_test.go:"},
		"of Supply":         {container.Supply("it", 1, nil), "one of its options is nil"},
		"of Config":         {container.Provide("it", func(slipConfig) *resA { return nil }, container.Config(slipConfig{}, nil)), "one of the options of its container.Config is nil"},
		"a nil config":      {container.Provide("it", func(slipConfig) *resA { return nil }, container.Config(nil, nil)), "its config must be a struct"},
		"a nil check":       {container.Provide("it", func() *resA { return nil }, container.Health[*resA](nil)), "container.Health(nil): it checks nothing"},
		"the zero Resource": {container.Resource{}, "one of the definitions is the zero Resource"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := container.New(nil, test.definition)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	c := newContainer(t)
	_, err := c.Target("it", func(slipConfig) {}, nil, container.StepConfig("it", slipConfig{}, nil))
	for _, want := range []string{"one of its options is nil", "one of the options of its StepConfig is nil"} {
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	for _, option := range []container.ChildOption{container.Needs(nil), container.NeedsLater(nil), container.Steps(nil)} {
		if _, err := c.Prepare(option); !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "one of its targets is nil") {
			t.Errorf("got %v", err)
		}
	}
	observed := newContainer(t, container.Provide("it", func() *resA { return nil }))
	if err := observed.Invoke(t.Context(), func(*resA) {}, container.ChildOption{}, container.Observe(nil)); err != nil {
		t.Errorf("a zero option and a nil observer are none: %v", err)
	}
}

func TestATypeThatDiffersByAPointerFromOneOfOurs(t *testing.T) {
	t.Parallel()
	_, err := newContainer(t).Target("it", func(slog.Logger, *container.RunInfo) {})
	for _, want := range []string{"it needs slog.Logger, which nothing provides: take it as *slog.Logger", "take it as container.RunInfo"} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
