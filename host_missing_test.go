package fxrun_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

func TestWhatNobodyCanGiveIsSaidSo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		definition fx.Option
		want       string
	}{
		"a resource that takes the value of an asset": {
			fx.Options(assets.New("sales", func() monthSales { return nil }), container.Provide("desk", func(monthSales) *desk { return nil })),
			"it is the value of asset sales (host_missing_test.go:",
		},
		"a resource that takes the context of a step": {
			container.Provide("desk", func(*assets.Context) *desk { return nil }), "only the functions of assets and ops have it",
		},
		"a resource that takes the launcher": {
			container.Provide("desk", func(*runs.Launcher) *desk { return nil }), "it is made of the definitions",
		},
		"a step that takes the launcher":  {assets.New("a", func(*runs.Launcher) error { return nil }), "it is made of the definitions"},
		"a step that takes the container": {assets.New("a", func(*container.Container) error { return nil }), "it is made of the definitions"},
		"an op that takes the graph":      {assets.NewJob("j", assets.NewOp("a", func(*assets.Graph) error { return nil })), "it is made of the definitions"},
		"a zero value of the host":        {fx.Options(fx.Supply(limit(0)), assets.New("a", func(limit) error { return nil })), "provide and take a pointer to it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newHost(t, test.definition)
			faults, ok := errors.AsType[*container.Faults](err)
			if !ok || !strings.Contains(faults.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	t.Run("a function that takes a value of the host that no definition asks for", func(t *testing.T) {
		t.Parallel()
		h, err := newHost(t, fx.Supply(&tenant{"root"}))
		if err != nil {
			t.Fatal(err)
		}
		err = h.container.Invoke(t.Context(), func(*tenant) {})
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "only those that a definition asks for") {
			t.Errorf("got %v", err)
		}
	})
}
