package container_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// failer is an interface that Fx takes for an error.
type failer interface {
	error
	Code() int
}

func (*failure) Code() int { return 7 }

type failureOut struct {
	fx.Out
	Named  *failure `name:"named"`
	Member failer   `group:"failers"`
}

func TestTypesThatFxTakesForErrorsAreResourcesWithAndWithoutOptions(t *testing.T) {
	t.Parallel()
	given := &failure{}
	c := newContainer(t,
		container.Provide("failure", func() (*failure, error) { return given, nil }, container.As[failer]()),
		container.Provide("out", func() failureOut { return failureOut{Named: given, Member: given} }),
		container.Provide("user", func(f *failure, in struct {
			fx.In
			Failer  failer   `name:"failure"`
			Named   *failure `name:"named"`
			Failers []failer `group:"failers"`
		},
		) *resA {
			if f != given || in.Failer != failer(given) || in.Named != given || len(in.Failers) != 1 {
				t.Errorf("got %v %+v", f, in)
			}
			return &resA{}
		}),
	)
	for name, options := range map[string][]fx.Option{
		"without options":  nil,
		"with options":     {fx.Supply(3)},
		"with a decorator": {fx.Decorate(func(a *resA) *resA { return a })},
	} {
		err := c.Invoke(t.Context(), func(_ *resA, f failer, in struct {
			fx.In
			Failure *failure `name:"failure"`
			Failers []failer `group:"failers"`
		},
		) error {
			if f != failer(given) || in.Failure != given || len(in.Failers) != 1 {
				return errBoom
			}
			return nil
		}, options...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var populated *failure
		options = append(options, container.Populate(&populated))
		if err := c.Invoke(t.Context(), func() {}, options...); err != nil || populated != given {
			t.Errorf("%s: %v, %v", name, populated, err)
		}
	}
}

type shutdowner struct{ called bool }

func (s *shutdowner) Shutdown(...fx.ShutdownOption) error { s.called = true; return nil }

func TestAResourceMayGiveWhatEveryFxApplicationHas(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]fx.Option{
		"without options": nil,
		"with options":    {fx.Supply(3)},
		"with an option that asks for it": {fx.Invoke(func(s fx.Shutdowner, dot fx.DotGraph) error {
			if _, ok := s.(*shutdowner); !ok || dot != "dot" {
				return errBoom
			}
			return nil
		})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := new(shutdowner)
			c := newContainer(t,
				container.Provide("shutdowner", func() fx.Shutdowner { return own }),
				container.Provide("dot", func() fx.DotGraph { return "dot" }),
				container.Provide("user", func(s fx.Shutdowner, dot fx.DotGraph) (*resA, error) { return &resA{}, s.Shutdown() }),
			)
			if err := c.Invoke(t.Context(), func(*resA) {}, options...); err != nil || !own.called {
				t.Error(own.called, err)
			}
		})
	}
}

func TestAResourceOfATypeThatEveryChildHasNeedsAName(t *testing.T) {
	t.Parallel()
	for _, constructor := range []any{
		func() *slog.Logger { return slog.New(slog.DiscardHandler) },
		func() context.Context { return context.Background() },
		func() container.RunInfo { return container.RunInfo{} },
		func() fx.Lifecycle { return nil },
		func() (*resA, *slog.Logger) { return nil, nil },
	} {
		_, err := container.New(container.Provide("it", constructor))
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "which every child has by itself") {
			t.Errorf("%T: %v", constructor, err)
		}
	}
	_, err := container.New(container.Supply("it", &bucket{}, container.As[context.Context]()))
	if !errors.Is(err, container.ErrInvalid) {
		t.Error(err)
	}
	type named struct {
		fx.Out
		Audit *slog.Logger `name:"audit"`
	}
	own := slog.New(slog.DiscardHandler)
	c := newContainer(t, container.Provide("audit_log", func() named { return named{Audit: own} }))
	for _, options := range [][]fx.Option{nil, {fx.Supply(3)}} {
		err := c.Invoke(t.Context(), func(in struct {
			fx.In
			Audit *slog.Logger `name:"audit"`
			Plain *slog.Logger
		},
		) error {
			if in.Audit != own || in.Plain == own {
				return errBoom
			}
			return nil
		}, options...)
		if err != nil {
			t.Error(err)
		}
	}
}

func TestASoftGroupIsRefused(t *testing.T) {
	t.Parallel()
	type softIn struct {
		fx.In
		Handlers []*handler `group:"handlers,soft"`
	}
	_, err := container.New(container.Provide("mux", func(softIn) *resA { return nil }))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "soft group") {
		t.Error(err)
	}
	if err := newContainer(t).Invoke(t.Context(), func(softIn) {}); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "soft group") {
		t.Error(err)
	}
	// Among options alone it means what it means in Fx.
	err = newContainer(t).Invoke(t.Context(), func() {},
		fx.Provide(fx.Annotated{Group: "handlers", Target: func() *handler { return &handler{"own"} }}),
		fx.Invoke(func(in softIn) error {
			if len(in.Handlers) > 0 {
				return errBoom
			}
			return nil
		}))
	if err != nil {
		t.Error(err)
	}
}
