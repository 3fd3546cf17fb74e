package fxrun_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

func TestFxrunChangesNothingInTheRestOfAnApplication(t *testing.T) {
	t.Parallel()
	type (
		pool    struct{}
		server  struct{ pool *pool }
		unasked struct{}
	)
	journal := func(with ...fx.Option) []string {
		var seen []string
		note := func(text string) { seen = append(seen, text) }
		app := fx.New(fx.NopLogger, fx.Options(with...),
			fx.Provide(func(lc fx.Lifecycle) *pool {
				note("pool")
				lc.Append(fx.StartStopHook(func() { note("start pool") }, func() { note("stop pool") }))
				return &pool{}
			}, func(lc fx.Lifecycle, p *pool) *server {
				note("server")
				lc.Append(fx.StartStopHook(func() { note("start server") }, func() { note("stop server") }))
				return &server{p}
			}, func() *unasked { note("unasked"); return &unasked{} }),
			fx.Module("inner", fx.Decorate(func(p *pool) *pool { note("decorated"); return p }), fx.Invoke(func(*pool) { note("inner") })),
			fx.Invoke(func(*server) { note("invoked") }))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := app.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		return seen
	}
	want := journal()
	got := journal(fxrun.Module,
		container.Provide("desk", func(*pool, *unasked) *desk { return nil }),
		container.Supply("limit", limit(3)),
		assets.New("a", func(*server, *desk) monthSales { return nil }))
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 9 {
		t.Errorf("(-without +with):\n%s", diff)
	}
}

func TestOneDefinitionMayBeGivenTwice(t *testing.T) {
	t.Parallel()
	resource, asset := container.Provide("desk", func(*tenant) *desk { return nil }), wants("a", "root")
	h, err := newHost(t, fx.Supply(&tenant{"root"}), resource, asset, fx.Module("again", resource, asset))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.run(t); err != nil {
		t.Error(err)
	}
}

// Fx does not see a cycle through a decorator, and would make two containers.
func TestADecoratorThatAsksForTheLauncherIsRefused(t *testing.T) {
	t.Parallel()
	logger := fx.Provide(func() *slog.Logger { return slog.New(slog.DiscardHandler) })
	for name, opts := range map[string][]fx.Option{
		"of the logger": {logger, fx.Decorate(func(l *slog.Logger, _ *runs.Launcher) *slog.Logger { return l })},
		"of a value that a definition takes": {
			fx.Supply(&tenant{"plain"}), wants("a", "plain"), fx.Decorate(func(t *tenant, _ *container.Container) *tenant { return t }),
		},
	} {
		if _, err := newHost(t, opts...); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "asks for something that fxrun.Module makes") {
			t.Errorf("a decorator %s: got %v", name, err)
		}
	}
}

func TestAValueWithAFunctionIsOneValue(t *testing.T) {
	t.Parallel()
	type settings struct{ Now func() int }
	asset := assets.New("a", func(s settings, h http.Handler, f float64) int { return s.Now() })
	other := assets.New("b", func(s settings, h http.Handler, f float64) int { return s.Now() })
	h, err := newHost(t, fx.Supply(settings{func() int { return 1 }}, math.NaN()), fx.Provide(func() http.Handler { return http.HandlerFunc(http.NotFound) }),
		asset, other, fx.Module("again", asset))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.run(t); err != nil {
		t.Error(err)
	}
	for _, option := range []fx.Option{nil, fx.Invoke(func(settings, http.Handler, float64) {})} {
		if err := h.container.Invoke(t.Context(), func(settings, http.Handler, float64) {}, option); err != nil {
			t.Error(err)
		}
	}
}

func TestAResourceMayGiveWhatEveryFxApplicationHas(t *testing.T) {
	t.Parallel()
	own := new(shutdowner)
	h, err := newHost(t, container.Provide("shutdowner", func() fx.Shutdowner { return own }))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.container.Invoke(t.Context(), func(got fx.Shutdowner) {
		if got != fx.Shutdowner(own) {
			t.Errorf("got %T", got)
		}
	}); err != nil {
		t.Error(err)
	}
}

type shutdowner struct{ fx.Shutdowner }

func TestAChildMayShutTheApplicationDown(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]fx.Option{
		"from a function":  nil,
		"from a resource":  {container.Provide("other", func(fx.Shutdowner) *tenant { return nil })},
		"from its own one": {fx.Decorate(func(own fx.Shutdowner) fx.Shutdowner { return &shutdowner{own} })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c *container.Container
			app := fx.New(fx.NopLogger, fxrun.Module, iomanagers.Memory("io_manager"), fx.Options(opts...), fx.Populate(&c))
			if err := errors.Join(app.Err(), app.Start(t.Context())); err != nil {
				t.Fatal(err)
			}
			ended := app.Wait()
			err := c.Invoke(t.Context(), func() {}, fx.Invoke(func(s fx.Shutdowner) error { return s.Shutdown(fx.ExitCode(3)) }))
			if err != nil {
				t.Fatal(err)
			}
			select {
			case signal := <-ended:
				if signal.ExitCode != 3 {
					t.Errorf("got %v", signal)
				}
			case <-time.After(time.Minute):
				t.Error("the application got no signal")
			}
			if err := app.Stop(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
}
