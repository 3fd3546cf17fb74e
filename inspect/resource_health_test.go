package inspect_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/inspect"
)

type (
	wellPart   struct{}
	plainPart  struct{}
	sickPart   struct{}
	deadPart   struct{}
	neededPart struct{}
	stuckPart  struct{}
	tokenPart  struct{}
	slowPart   struct{}
)

type tokenConfig struct {
	Token container.Secret[string] `envconfig:"token" default:"hunter2hunter2"`
}

// checked checks resources of the definitions and leaves out the times.
func checked(t *testing.T, request inspect.HealthRequest, definitions ...container.Definition) ([]inspect.ResourceHealth, error) {
	t.Helper()
	c, err := container.New(definitions...)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := assets.NewGraph(c)
	if err != nil {
		t.Fatal(err)
	}
	found, err := inspect.New(c, graph, nil).CheckResources(t.Context(), request)
	for i := range found {
		found[i].Start, found[i].Check = 0, 0
	}
	return found, err
}

func TestCheckResources(t *testing.T) {
	t.Parallel()
	var stopped atomic.Int32
	definitions := []container.Definition{
		container.Provide("well", func(lc fx.Lifecycle) *wellPart {
			lc.Append(fx.StopHook(func() { stopped.Add(1) }))
			return &wellPart{}
		}, container.Health(func(context.Context, *wellPart) error { return nil })),
		container.Provide("plain", func(*wellPart) *plainPart { return &plainPart{} }),
		container.Provide("sick", func() *sickPart { return &sickPart{} },
			container.Health(func(context.Context, *sickPart) error { return errors.New("the disk is full") })),
		container.Provide("dead", func() (*deadPart, error) { return nil, errors.New("nobody answers") }),
		container.Provide("needs-dead", func(*deadPart) *neededPart { return &neededPart{} }),
		container.Provide("stuck", func(lc fx.Lifecycle) *stuckPart {
			lc.Append(fx.StopHook(func() error { return errors.New("it does not stop") }))
			return &stuckPart{}
		}),
		container.Provide("token", func(tokenConfig) *tokenPart { return &tokenPart{} }, container.Config(tokenConfig{}),
			container.Health(func(context.Context, *tokenPart) error { return errors.New("hunter2hunter2 is refused") })),
	}
	t.Run("each resource has a result, and a fault hides no other", func(t *testing.T) {
		t.Parallel()
		found, err := checked(t, inspect.HealthRequest{}, definitions...)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, health := range found {
			text := string(health.Status)
			for _, word := range []string{"the disk is full", "nobody answers", "it does not stop", "****** is refused"} {
				if strings.Contains(health.Error, word) {
					text += ": " + word
				}
			}
			got[health.Resource] = text
		}
		want := map[string]string{
			"well": "well", "plain": "started", "sick": "failing: the disk is full", "dead": "not started: nobody answers",
			"needs-dead": "not started: nobody answers", "stuck": "not stopped: it does not stop", "token": "failing: ****** is refused",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if n := stopped.Load(); n < 2 {
			t.Errorf("well was stopped %d times, want 2 times: for itself and for plain", n)
		}
	})
	t.Run("only the resources that are asked for are checked", func(t *testing.T) {
		t.Parallel()
		found, err := checked(t, inspect.HealthRequest{Resources: []string{"well", "plain", "well"}}, definitions...)
		want := []inspect.ResourceHealth{{Resource: "plain", Status: "started"}, {Resource: "well", Status: "well"}}
		if diff := cmp.Diff(want, found); diff != "" || err != nil {
			t.Error(diff, err)
		}
	})
	t.Run("an unknown key is refused with the nearest one", func(t *testing.T) {
		t.Parallel()
		_, err := checked(t, inspect.HealthRequest{Resources: []string{"wel"}}, definitions...)
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `did you mean "well"?`) {
			t.Error(err)
		}
	})
}

func TestTheCheckOfAResourceHasALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := container.Provide("slow", func(lc fx.Lifecycle) *slowPart {
			lc.Append(fx.StartHook(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
			return &slowPart{}
		})
		begun := time.Now()
		found, err := checked(t, inspect.HealthRequest{Limit: 2 * time.Second}, slow)
		if err != nil || len(found) != 1 || found[0].Status != inspect.HealthNotStarted {
			t.Errorf("got %v, %v", found, err)
		}
		if took := time.Since(begun); took != 2*time.Second {
			t.Errorf("the check took %v, want its limit", took)
		}
	})
}
