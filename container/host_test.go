package container_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/resource"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/host"
)

// inHost builds a container from an Fx application, as package fxrun does.
func inHost(t *testing.T, opts ...fx.Option) (*container.Container, error) {
	t.Helper()
	var c *container.Container
	var wrong error
	app := fx.New(append(slices.Clone(opts), fx.NopLogger, fx.Invoke(func(in struct {
		fx.In
		Definitions []container.Definition `group:"fxrun.container"`
		Found       []host.Found           `group:"fxrun.host"`
	},
	) {
		c, wrong = container.New(append(in.Definitions, resource.FromHost(in.Found))...)
	}))...)
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	return c, wrong
}

func definitionsAsOption(definitions []container.Definition) fx.Option {
	options := make([]fx.Option, len(definitions))
	for i, definition := range definitions {
		options[i] = definition
	}
	return fx.Module("definitions", options...)
}

func TestDefinitionsGatherInAHost(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c, err := inHost(t, definitionsAsOption(j.graph()))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Invoke(t.Context(), func(*service) {}); err != nil {
		t.Fatal(err)
	}
	if got := len(j.matching("start ")); got != 3 {
		t.Errorf("%d started", got)
	}
}

func TestReplaceOnTheHostReplacesInEveryChild(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		fn     any
	}{
		"a concrete type":   {fx.Replace(&bucket{"fake"}), func(b *bucket, _ *resA) error { return expect(b.Get()) }},
		"for its interface": {fx.Replace(&bucket{"fake"}), func(r *report) error { return expect(r.text) }},
		"for its name": {fx.Replace(&bucket{"fake"}), func(in struct {
			fx.In
			Bucket *bucket `name:"bucket"`
		}, _ *resB,
		) error {
			return expect(in.Bucket.Get())
		}},
		"an interface": {fx.Replace(fx.Annotate(&fakeStore{}, fx.As(new(store)))), func(r *report) error { return expect(r.text) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := inHost(t, definitionsAsOption(stores()), test.option)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Invoke(t.Context(), test.fn); err != nil {
				t.Error(err)
			}
			if err := c.Invoke(t.Context(), test.fn, fx.Supply(3)); err != nil {
				t.Errorf("with fx options: %v", err)
			}
		})
	}
}

func TestWhatIsReplacedOnTheHostIsSaidSo(t *testing.T) {
	t.Parallel()
	c, err := inHost(t, definitionsAsOption(stores()), fx.Replace(&bucket{"fake"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, description := range c.Resources() {
		if description.Replaced != (description.Key == "bucket") {
			t.Errorf("got %+v", description)
		}
	}
	if err := c.Invoke(t.Context(), func() {}, container.NeedsResources("bucket")); err != nil {
		t.Error(err)
	}
	if !c.HostProvides(reflect.TypeFor[*bucket](), "") {
		t.Error("the host has it")
	}
}

func TestAChildMayReplaceWhatTheHostHas(t *testing.T) {
	t.Parallel()
	c, err := inHost(t, container.Provide("report", func(s store) *report { return &report{s.Get()} }),
		fx.Provide(func() store { return &bucket{"host"} }))
	if err != nil {
		t.Fatal(err)
	}
	for want, opts := range map[string][]fx.Option{
		"host": nil,
		"fake": {fx.Replace(fx.Annotate(&fakeStore{}, fx.As(new(store))))},
	} {
		if err := c.Invoke(t.Context(), func(r *report) error {
			if r.text != want {
				return errors.New(r.text)
			}
			return nil
		}, opts...); err != nil {
			t.Errorf("want %s: %v", want, err)
		}
	}
}

func TestAHostThatLacksSomethingIsMentioned(t *testing.T) {
	t.Parallel()
	_, err := inHost(t, container.Provide("report", func(s store) *report { return nil }),
		fx.Provide(func(chan int) store { return nil }))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "host application") {
		t.Error(err)
	}
}

func TestTheHostsShutdowner(t *testing.T) {
	t.Parallel()
	c, err := inHost(t, container.Provide("a", func(s fx.Shutdowner) *resA { return &resA{} }))
	if err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string][]fx.Option{"alone": nil, "with fx options": {fx.Supply(3)}} {
		if err := c.Invoke(t.Context(), func(*resA, fx.Shutdowner) {}, opts...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
