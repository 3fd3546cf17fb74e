package docs_test

import (
	"context"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
)

// Sky has the methods that the asset needs. A test gives a Sky of its own.
type Sky interface {
	Look(ctx context.Context) string
}

type Telescope struct{ session *Session }

func (t *Telescope) Look(context.Context) string { return "clouds, by " + t.session.token }

type Observation string

func Observe(ctx context.Context, sky Sky) Observation { return Observation(sky.Look(ctx)) }

var observatory = fx.Options(
	account, // from the environment
	container.Provide("session", NewSession),
	container.Provide("telescope", func(s *Session) *Telescope { return &Telescope{s} }, container.As[Sky]()),
	assets.New("observation", Observe),
)

type fakeSky string

func (s fakeSky) Look(context.Context) string { return string(s) }

func TestObservationWithAMock(t *testing.T) {
	result := fxruntest.Materialize(t, "observation", observatory,
		fx.Replace(fx.Annotate(fakeSky("stars"), fx.As(new(Sky))))) // an interface; fx.Replace(&Fake{}) for a struct
	if got := fxruntest.Value[Observation](t, result); got != "stars" {
		t.Error(got)
	}
}

func TestObservationWithAnAccount(t *testing.T) {
	result := fxruntest.Materialize(t, "observation", observatory,
		fx.Replace(&Account{AccountConfig{User: "ada"}})) // session and telescope are the real ones
	if got := fxruntest.Value[Observation](t, result); !strings.HasSuffix(string(got), "token of ada") {
		t.Error(got)
	}
}

func TestObserveCalledDirectly(t *testing.T) {
	if got := Observe(t.Context(), fakeSky("stars")); got != "stars" {
		t.Error(got)
	}
	got := fxruntest.Call[Average](t, ComputeAverage, fx.Supply(Rain{{"Mon", 2}})) // for what takes a *assets.Context
	if got != 2 {
		t.Error(got)
	}
}
