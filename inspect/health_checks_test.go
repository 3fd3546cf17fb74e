package inspect_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

// moody is a resource whose health changes.
type moody struct{ bad *atomic.Bool }

func (m *moody) look(context.Context) error {
	if m.bad.Load() {
		return errors.New("the disk is full")
	}
	return nil
}

type (
	openedPart   struct{}
	openedConfig struct {
		Table string `required:"true"`
	}
)

func newHealthChecks(t *testing.T, definitions ...container.Definition) *inspect.HealthChecks {
	t.Helper()
	c, err := container.New(definitions...)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := assets.NewGraph(c)
	if err != nil {
		t.Fatal(err)
	}
	return inspect.NewHealthChecks(inspect.New(c, graph, nil))
}

// textsOf returns the resources and the states of results.
func textsOf(results []inspect.CheckedHealth) []string {
	var list []string
	for _, one := range results {
		list = append(list, one.Resource+" "+string(one.Status)+" "+one.Error)
	}
	return list
}

func TestTheLastResultsOfChecksAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var bad atomic.Bool
		checks := newHealthChecks(t, container.Provide("moody", func() *moody { return &moody{&bad} },
			container.Health(func(ctx context.Context, m *moody) error { return m.look(ctx) })), container.Supply("plain", 1))
		if got := checks.Last(); len(got) > 0 || len(checks.Of("moody")) > 0 {
			t.Errorf("without a check there are %v", got)
		}
		begun := time.Now()
		check := func(keys ...string) {
			t.Helper()
			if _, err := checks.Check(t.Context(), inspect.HealthRequest{Resources: keys}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute) // of the clock of the test
		}
		check("moody")
		bad.Store(true)
		check()
		if diff := cmp.Diff([]string{"moody failing the disk is full", "plain started "}, textsOf(checks.Last())); diff != "" {
			t.Errorf("the last results differ (-want +got):\n%s", diff)
		}
		results := checks.Of("moody")
		if diff := cmp.Diff([]string{"moody failing the disk is full", "moody well "}, textsOf(results)); diff != "" {
			t.Errorf("the results differ (-want +got):\n%s", diff)
		}
		if !results[0].Checked.Equal(begun.Add(time.Minute)) || !results[1].Checked.Equal(begun) || !checks.Since().Equal(begun) {
			t.Errorf("the times are %v and %v", results[0].Checked, results[1].Checked)
		}
		for range 20 {
			check("moody")
		}
		if got := checks.Of("moody"); len(got) != 10 || !got[0].Checked.Equal(begun.Add(21*time.Minute)) {
			t.Errorf("there are %d results, the newest of %v", len(got), got[0].Checked)
		}
	})
}

func TestOnlyResultsAboutTheHealthAreKept(t *testing.T) {
	t.Parallel()
	checks := newHealthChecks(t, container.Provide("opened", func(openedConfig) *openedPart { return &openedPart{} },
		container.Config(openedConfig{})), container.Supply("plain", 1))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, check := range map[string]func() error{
		"a resource that lacks a value": func() error {
			_, err := checks.Check(t.Context(), inspect.HealthRequest{Resources: []string{"opened"}})
			return err
		},
		"a config of its own": func() error {
			_, err := checks.Check(t.Context(), inspect.HealthRequest{Resources: []string{"opened"}, Config: container.RunConfig{
				Resources: map[string]any{"opened": container.Fields{"table": "a"}},
			}})
			return err
		},
		"a check that was given up": func() error {
			if _, err := checks.Check(ended, inspect.HealthRequest{}); !errors.Is(err, context.Canceled) {
				return errors.New("the check has ended well")
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := check(); err != nil || len(checks.Last()) > 0 {
				t.Errorf("the results are %v, %v", textsOf(checks.Last()), err)
			}
		})
	}
}

func TestResourcesAreCheckedAfterEachInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		checks := newHealthChecks(t, container.Provide("slow", func(lc fx.Lifecycle) *slowPart {
			lc.Append(fx.StartHook(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
			return &slowPart{}
		}))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); checks.CheckEvery(ctx, 10*time.Second, time.Second) }()
		time.Sleep(35 * time.Second) // of the clock of the test
		if got := checks.Of("slow"); len(got) != 3 {
			t.Errorf("there are %d results", len(got))
		}
		cancel()
		<-ended
	})
}
