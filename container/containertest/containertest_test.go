package containertest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/container/containertest"
)

type clientConfig struct {
	URL  string `default:"http://localhost"`
	User string `required:"true"`
}

type client struct {
	cfg     clientConfig
	run     string
	started bool
}

func newClient(lc fx.Lifecycle, cfg clientConfig, info container.RunInfo) *client {
	c := &client{cfg: cfg, run: info.ID}
	lc.Append(fx.StartStopHook(func() { c.started = true }, func() { c.started = false }))
	return c
}

func TestStart(t *testing.T) {
	t.Setenv("CLIENT_USER", "ada")
	var c *client
	t.Run("gives the resource, started, with config, environment and run", func(t *testing.T) {
		c = containertest.Start[*client](t,
			container.Provide("client", newClient, container.Config(clientConfig{}, container.FromEnv("CLIENT"))),
			container.Launch(container.RunConfig{Resources: map[string]any{"client": container.Fields{"url": "http://there"}}}),
			container.Info(container.RunInfo{ID: "run1"}))
		if !c.started || c.cfg != (clientConfig{"http://there", "ada"}) || c.run != "run1" {
			t.Errorf("got %+v", c)
		}
	})
	if c.started {
		t.Error("it was not stopped at the end of the test")
	}
}

func TestStartWithAFake(t *testing.T) {
	t.Parallel()
	c := containertest.Start[*client](t,
		container.Provide("client", newClient, container.Config(clientConfig{})),
		fx.Replace(&client{run: "fake"}))
	if c.run != "fake" {
		t.Errorf("got %+v", c)
	}
}

func TestStartFindsDefinitionsInsideFxOptions(t *testing.T) {
	t.Parallel()
	c := containertest.Start[*client](t, nil, fx.Options(fx.Supply(3), fx.Options(
		container.Provide("client", newClient, container.Config(clientConfig{User: "ada"})), nil),
		fx.Decorate(func(c *client, n int) *client { c.run = fmt.Sprint(n); return c })))
	if c.cfg.User != "ada" || c.run != "3" {
		t.Errorf("got %+v", c)
	}
}

// fakeTB notes what happens to it.
type fakeTB struct {
	ctx      context.Context
	mu       sync.Mutex
	errors   []string
	cleanups []func()
}

func (f *fakeTB) Helper()                  {}
func (f *fakeTB) Context() context.Context { return f.ctx }
func (f *fakeTB) Cleanup(fn func())        { f.cleanups = append(f.cleanups, fn) }
func (f *fakeTB) FailNow()                 { runtime.Goexit() }
func (f *fakeTB) Errorf(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}

// failures runs a test to its end and returns how it failed.
func failures(t *testing.T, test func(tb containertest.TB)) []string {
	t.Helper()
	tb := &fakeTB{ctx: t.Context()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(tb.cleanups) - 1; i >= 0; i-- {
				tb.cleanups[i]()
			}
		}()
		test(tb)
	}()
	<-done
	return tb.errors
}

func TestFailures(t *testing.T) {
	t.Parallel()
	provide := func(hook fx.Hook) container.Definition {
		return container.Provide("it", func(lc fx.Lifecycle) *client { lc.Append(hook); return &client{} })
	}
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for name, test := range map[string]struct {
		run  func(tb containertest.TB)
		want string
	}{
		"definitions that are wrong fail the test": {
			func(tb containertest.TB) {
				containertest.Start[*client](tb, container.Provide("client", newClient))
			},
			"it needs containertest_test.clientConfig",
		},
		"a definition in an fx.Module is refused": {
			func(tb containertest.TB) {
				containertest.Start[*client](tb, fx.Module("m", container.Provide("client", newClient, container.Config(clientConfig{User: "ada"}))))
			},
			"resource client is a definition: give it to container.New",
		},
		"config that is missing fails the test": {
			func(tb containertest.TB) {
				containertest.Start[*client](tb, container.Provide("client", newClient, container.Config(clientConfig{})))
			},
			"resources.client.config.user: missing",
		},
		"a start that goes wrong fails the test": {
			func(tb containertest.TB) {
				containertest.Start[*client](tb, provide(fx.Hook{OnStart: func(context.Context) error { return errors.New("boom") }}))
			},
			"starting resource it: boom",
		},
		"a stop that goes wrong fails the test": {
			func(tb containertest.TB) {
				containertest.Start[*client](tb, provide(fx.Hook{OnStop: func(context.Context) error { return errors.New("boom") }}))
			},
			"stopping resource it: boom",
		},
		"a goroutine that stays fails the test": {
			func(tb containertest.TB) {
				containertest.Start[*client](tb, provide(fx.Hook{OnStart: func(context.Context) error {
					go func() { <-release }()
					return nil
				}}))
			},
			"left 1 goroutines behind",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := failures(t, test.run)
			if len(got) != 1 || !strings.Contains(got[0], test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
