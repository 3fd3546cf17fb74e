package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/container"
)

// store is what consumers ask for; bucket is what gives it.
type store interface{ Get() string }

type bucket struct{ name string }

func (b *bucket) Get() string { return b.name }

type fakeStore struct{}

func (*fakeStore) Get() string { return "fake" }

type report struct{ text string }

type bucketConfig struct {
	Key container.Secret[string] `required:"true"`
}

// stores is a graph in which bucket can't be built: its secret is missing.
func stores() []container.Definition {
	return []container.Definition{
		container.Provide("bucket", func(lc fx.Lifecycle, _ bucketConfig) *bucket {
			panic("the constructor of what is replaced was called")
		}, container.Config(bucketConfig{}), container.As[store]()),
		container.Provide("report", func(s store) *report { return &report{s.Get()} }),
		container.Provide("concrete", func(b *bucket) *resA { return &resA{} }),
		container.Provide("byname", func(in struct {
			fx.In
			Store store `name:"bucket"`
		},
		) *resB {
			return &resB{}
		}),
	}
}

func TestReplace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		fn     any
	}{
		"a concrete type": {
			fx.Replace(&bucket{"fake"}),
			func(b *bucket, _ *resA) error { return expect(b.Get()) },
		},
		"a concrete type, for consumers of its interface": {
			fx.Replace(&bucket{"fake"}),
			func(r *report) error { return expect(r.text) },
		},
		"a concrete type, for consumers of its name": {
			fx.Replace(&bucket{"fake"}),
			func(in struct {
				fx.In
				Bucket *bucket `name:"bucket"`
				Store  store   `name:"bucket"`
			}, _ *resB,
			) error {
				return errors.Join(expect(in.Bucket.Get()), expect(in.Store.Get()))
			},
		},
		"an interface": {
			fx.Replace(fx.Annotate(&fakeStore{}, fx.As(new(store)))),
			func(r *report, s store) error { return errors.Join(expect(r.text), expect(s.Get())) },
		},
		"an interface under its name": {
			fx.Replace(fx.Annotate(&fakeStore{}, fx.As(new(store)), fx.ResultTags(`name:"bucket"`))),
			func(*resB) {},
		},
		"by a decorator that takes nothing": {
			fx.Decorate(func() *bucket { return &bucket{"fake"} }),
			func(r *report) error { return expect(r.text) },
		},
		"within other options": {
			fx.Options(fx.Options(fx.Replace(&bucket{"fake"}))),
			func(r *report) error { return expect(r.text) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := newContainer(t, stores()...).Invoke(t.Context(), test.fn, test.option); err != nil {
				t.Error(err)
			}
		})
	}
}

func expect(got string) error {
	if got != "fake" {
		return fmt.Errorf("got %q", got)
	}
	return nil
}

func TestWithoutReplaceTheSecretIsAskedFor(t *testing.T) {
	t.Parallel()
	err := newContainer(t, stores()...).Invoke(t.Context(), func(*report) {}, fx.Supply(3))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "resources.bucket.config.key: missing") {
		t.Error(err)
	}
}

func TestReplacingOneOfTwoResourcesOfATypeGoesByName(t *testing.T) {
	t.Parallel()
	open := func(cfg databaseConfig) *database { return &database{cfg.DSN} }
	c := newContainer(t,
		container.Provide("left", open, container.Config(databaseConfig{})),
		container.Provide("right", open, container.Config(databaseConfig{DSN: "real"})),
	)
	err := c.Invoke(t.Context(), func(pair namedPair) error {
		if pair.Right.dsn != "real" {
			return errors.New(pair.Right.dsn)
		}
		return expect(pair.Left.dsn)
	}, fx.Replace(fx.Annotate(&database{"fake"}, fx.ResultTags(`name:"left"`))))
	if err != nil {
		t.Error(err)
	}
}

func TestAReplacedResourceLeavesWhatItNeedsAloneToo(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	if err := c.Invoke(t.Context(), func(*service) {}, fx.Replace(&cache{})); err != nil {
		t.Fatal(err)
	}
	j.want(t, "new service", "start service", "stop service")
	prepared, err := c.Prepare(container.NeedsResources("service"), fx.Replace(&cache{}))
	preview := prepared.Preview()
	if err != nil || len(preview.Resources) != 1 || preview.Resources[0].Key != "service" {
		t.Error(preview, err)
	}
}

func TestAReplaceThatReplacesNothingIsReported(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"a resource that is not needed":   fx.Replace(&unused{}),
		"a type that no resource gives":   fx.Replace(&fakeStore{}),
		"a value in place of the pointer": fx.Replace(database{"fake"}),
		"a name that no resource has":     fx.Replace(fx.Annotate(&database{"fake"}, fx.ResultTags(`name:"databse"`))),
		"one of two that are replaced":    fx.Replace(&database{"fake"}, &unused{}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			err := newContainer(t, j.graph()...).Invoke(t.Context(), func(*service) {}, option)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "fx.Replace gives") {
				t.Errorf("got %v", err)
			}
			j.want(t)
		})
	}
}

func TestDecorateWrapsAResource(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	err := c.Invoke(t.Context(), func(s *service) error { return expect(s.cache.db.dsn) },
		fx.Decorate(func(db *database, lc fx.Lifecycle) *database {
			j.hooks(lc, "decorator")
			return &database{"fake"}
		}))
	if err != nil {
		t.Fatal(err)
	}
	j.want(t, "new database", "start database", "new decorator", "start decorator", "new cache", "start cache", "new service", "start service",
		"stop service", "stop cache", "stop decorator", "stop database")
}

func TestOptionsMayProvideInvokeAndSupply(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	err := c.Invoke(t.Context(), func(*cache) { j.note("work") },
		fx.Supply("extra"),
		fx.Provide(func(lc fx.Lifecycle, db *database, text string) *resA { j.hooks(lc, text); return &resA{} }),
		fx.Invoke(func(*resA, *service) { j.note("invoke") }),
		fx.Module("own", fx.Provide(func() *resB { j.note("never"); return nil })),
	)
	if err != nil {
		t.Fatal(err)
	}
	j.want(t, "new database", "start database", "new cache", "start cache",
		"new extra", "start extra", "new service", "start service", "invoke", "work",
		"stop service", "stop extra", "stop cache", "stop database")
}

func TestAnOptionMayNeedAResourceThatNothingElseNeeds(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	if err := c.Invoke(t.Context(), func() {}, fx.Invoke(func(*unused) {})); err != nil {
		t.Fatal(err)
	}
	j.want(t, "new unused", "start unused", "stop unused")
}

func TestOptionsWithTheirOwnLogger(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	for name, option := range map[string]fx.Option{
		"none":  fx.NopLogger,
		"a spy": fx.WithLogger(func() fxevent.Logger { return fxevent.NopLogger }),
	} {
		err := c.Invoke(t.Context(), func(s *service) error { return expect(s.cache.db.dsn) }, option, fx.Replace(&database{"fake"}))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := j.matching("new database"); len(got) > 0 {
		t.Error("what is replaced was constructed")
	}
}

func TestBrokenOptionsAreReportedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"a missing type":             {fx.Invoke(func(chan int) {}), "missing type: chan int"},
		"a type that a resource has": {fx.Provide(func() *database { return nil }), "is provided already: fx.Replace takes the place of a resource"},
		"one type replaced twice":    {fx.Options(fx.Replace(&database{}), fx.Replace(&database{})), "already decorated"},
		"an error":                   {fx.Error(errBoom), "boom"},
		"a child option in a module": {fx.Module("m", container.NeedsResources("unused")), "container.NeedsResources must be given to the child directly"},
		"a child option in options":  {fx.Options(container.MaxStarts(3)), "container.MaxStarts must be given to the child directly"},
		"a definition":               {container.Provide("x", func() int { return 1 }), "resource x is a definition"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			err := newContainer(t, j.graph()...).Invoke(t.Context(), func(*service) {}, test.option)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			j.want(t)
		})
	}
}

func TestNilOptionsAreLeftOut(t *testing.T) {
	t.Parallel()
	c := newContainer(t, append(new(journal).graph(), nil)...)
	if err := c.Invoke(t.Context(), func(*service) {}, nil); err != nil {
		t.Error(err)
	}
}

// The rest is about what a constructor may look like.

type (
	handler    struct{ name string }
	handlersIn struct {
		fx.In
		Handlers []*handler `group:"handlers"`
	}
	handlerOut struct {
		fx.Out
		Handler *handler   `group:"handlers"`
		More    []*handler `group:"handlers,flatten"`
		Main    *handler   `name:"main"`
	}
)

func TestGroupsAreOrderedByKey(t *testing.T) {
	t.Parallel()
	give := func(name string) func() handlerOut {
		return func() handlerOut {
			out := handlerOut{Handler: &handler{name}, More: []*handler{{name + "1"}, {name + "2"}}}
			return out
		}
	}
	type member struct {
		fx.Out
		Handler *handler `group:"handlers"`
	}
	c := newContainer(t,
		container.Provide("z", give("z")),
		container.Provide("a", func() member { return member{Handler: &handler{"a"}} }),
		container.Provide("mux", func(in handlersIn) *resA {
			var names []string
			for _, h := range in.Handlers {
				names = append(names, h.name)
			}
			if !slices.Equal(names, []string{"a", "z", "z1", "z2"}) {
				t.Errorf("got %v", names)
			}
			return &resA{}
		}),
	)
	for range 3 {
		if err := c.Invoke(t.Context(), func(*resA, handlersIn) {}); err != nil {
			t.Error(err)
		}
		if err := c.Invoke(t.Context(), func(*resA, handlersIn) {}, fx.Supply(3)); err != nil {
			t.Error(err)
		}
	}
}

func TestAnEmptyGroupIsAnEmptySlice(t *testing.T) {
	t.Parallel()
	err := newContainer(t).Invoke(t.Context(), func(in handlersIn) error {
		if in.Handlers == nil || len(in.Handlers) > 0 {
			return fmt.Errorf("got %#v", in.Handlers)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSeveralResultsOfOneConstructor(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t,
		container.Provide("pair", func(lc fx.Lifecycle) (*resA, *database, store, error) {
			j.hooks(lc, "pair")
			return &resA{}, &database{"d"}, &fakeStore{}, nil
		}),
		container.Provide("outs", func() (handlerOut, int) { return handlerOut{Main: &handler{"main"}}, 7 }),
	)
	err := c.Invoke(t.Context(), func(in struct {
		fx.In
		A     *resA
		DB    *database `name:"pair"`
		Store store
		Main  *handler `name:"main"`
		Int   int      `name:"outs"`
	},
	) error {
		if in.DB.dsn != "d" || in.Main.name != "main" || in.Int != 7 {
			return fmt.Errorf("got %+v", in)
		}
		return expect(in.Store.Get())
	})
	if err != nil {
		t.Error(err)
	}
	j.want(t, "new pair", "start pair", "stop pair")
}

func TestOptionalParameters(t *testing.T) {
	t.Parallel()
	type in struct {
		fx.In
		Here   *resA `optional:"true"`
		Absent *resB `optional:"true"`
		Reader store `optional:"true"`
	}
	c := newContainer(t, container.Provide("a", func() *resA { return &resA{} }), container.Provide("c", func(in in) *resC {
		if in.Here == nil || in.Absent != nil || in.Reader != nil {
			t.Errorf("got %+v", in)
		}
		return &resC{}
	}))
	for _, opts := range [][]fx.Option{nil, {fx.Supply(3)}} {
		if err := c.Invoke(t.Context(), func(_ *resC, in in) error {
			if in.Here == nil || in.Absent != nil {
				return errBoom
			}
			return nil
		}, opts...); err != nil {
			t.Error(err)
		}
	}
}

func TestVariadicParametersGetNothing(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("a", func(more ...string) *resA {
		if len(more) > 0 {
			t.Error(more)
		}
		return &resA{}
	}))
	if err := c.Invoke(t.Context(), func(_ *resA, more ...int) error {
		if len(more) > 0 {
			return errBoom
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestAsProvidesTheInterfaceToo(t *testing.T) {
	t.Parallel()
	c := newContainer(t,
		container.Supply("bucket", &bucket{"fake"}, container.As[store](), container.As[fmt.Stringer]()),
	)
	if err := c.Invoke(t.Context(), func(s store, b *bucket) error {
		if s != store(b) {
			return errBoom
		}
		return expect(s.Get())
	}); err != nil {
		t.Error(err)
	}
}

func (b *bucket) String() string { return b.name }

func TestASuppliedValueIsSharedByAllChildren(t *testing.T) {
	t.Parallel()
	db := &database{"supplied"}
	c := newContainer(t, container.Supply("db", db), container.Supply("seven", 7))
	for range 2 {
		if err := c.Invoke(t.Context(), func(got *database, seven int) error {
			if got != db || seven != 7 {
				return errBoom
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

func TestNilResultsAreValues(t *testing.T) {
	t.Parallel()
	c := newContainer(t,
		container.Provide("a", func() *resA { return nil }),
		container.Provide("store", func() store { return nil }),
		container.Provide("b", func(a *resA, s store) *resB {
			if a != nil || s != nil {
				t.Error("not nil")
			}
			return nil
		}),
	)
	for _, opts := range [][]fx.Option{nil, {fx.Supply(3)}} {
		if err := c.Invoke(t.Context(), func(*resB, store) {}, opts...); err != nil {
			t.Error(err)
		}
	}
}

func TestConstructorsMayTakeTheChildsContextAndRunInfo(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "value")
	c := newContainer(t, container.Provide("a", func(in struct {
		fx.In
		Context context.Context
		Info    container.RunInfo
		LC      fx.Lifecycle
	},
	) (*resA, error) {
		if in.Context.Value(key{}) != "value" || in.Info.Tags["k"] != "v" {
			return nil, errBoom
		}
		return &resA{}, nil
	}))
	if err := c.Invoke(ctx, func(*resA) {}, container.Info(container.RunInfo{Tags: map[string]string{"k": "v"}})); err != nil {
		t.Error(err)
	}
}
