package container_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/container"
)

// The tests of this file are about what the functions of plain fx.Options get in
// a child.

// bucketOf is a graph with one resource, which is asked for in several ways.
func bucketOf() []container.Definition {
	return []container.Definition{
		container.Provide("bucket", func() *bucket { return &bucket{"fake"} }, container.As[store](), container.As[fmt.Stringer]()),
		container.Provide("left", func() *database { return &database{"left"} }),
		container.Provide("right", func() *database { return &database{"right"} }),
		container.Provide("first", func() memberOut { return memberOut{Handler: &handler{"first"}} }),
		container.Provide("second", func() memberOut {
			return memberOut{Handler: &handler{"second"}, More: []*handler{{"third"}, {"fourth"}}}
		}),
	}
}

type memberOut struct {
	fx.Out
	Handler *handler   `group:"handlers"`
	More    []*handler `group:"handlers,flatten"`
}

func namesOf(handlers []*handler) string {
	names := make([]string, len(handlers))
	for i, h := range handlers {
		names[i] = h.name
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestOptionsMayAskForWhatAChildHas(t *testing.T) {
	t.Parallel()
	expectDatabases := func(left, right *database) error {
		return errors.Join(expectText(left.dsn, "left"), expectText(right.dsn, "right"))
	}
	type optionalStore struct {
		fx.In
		Store  store        `optional:"true"`
		Reader io.Reader    `optional:"true"`
		Named  fmt.Stringer `name:"bucket" optional:"true"`
	}
	for name, fn := range map[string]any{
		"by type":         func(b *bucket) error { return expect(b.Get()) },
		"by interface":    func(s store, text fmt.Stringer) error { return errors.Join(expect(s.Get()), expect(text.String())) },
		"by name":         fx.Annotate(func(b *bucket, s store) error { return errors.Join(expect(b.Get()), expect(s.Get())) }, fx.ParamTags(`name:"bucket"`, `name:"bucket"`)),
		"two of one type": fx.Annotate(expectDatabases, fx.ParamTags(`name:"left"`, `name:"right"`)),
		"optionally": func(in optionalStore) error {
			if in.Store == nil || in.Named == nil || in.Reader != nil {
				return fmt.Errorf("got %+v", in)
			}
			return nil
		},
		"by group": func(in handlersIn) error { return expectText(namesOf(in.Handlers), "first fourth second third") },
		"the logger, the context and the run": func(logger *slog.Logger, ctx context.Context, info container.RunInfo) error {
			if logger == nil || ctx == nil || info.ID != "run 7" {
				return fmt.Errorf("got %v %v %v", logger, ctx, info)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			called := 0
			counted := fx.Invoke(func() { called++ })
			for where, option := range map[string]fx.Option{
				"directly":    fx.Invoke(fn),
				"in a module": fx.Module("m", fx.Module("inner", fx.Invoke(fn))),
			} {
				called = 0
				c := newContainer(t, bucketOf()...)
				if err := c.Invoke(t.Context(), func() {}, option, counted, container.Info(container.RunInfo{ID: "run 7"})); err != nil || called != 1 {
					t.Errorf("%s: %v, called %d times", where, err, called)
				}
			}
		})
	}
}

func expectText(got, want string) error {
	if got != want {
		return fmt.Errorf("got %q, want %q", got, want)
	}
	return nil
}

func TestOptionsMayPopulateWhatAChildHas(t *testing.T) {
	t.Parallel()
	var (
		asStore store
		named   *database
		members []*handler
		logger  *slog.Logger
		ctx     context.Context
		info    container.RunInfo
	)
	child, err := newContainer(t, bucketOf()...).NewChild(t.Context(),
		fx.Populate(&asStore, &logger, &ctx, &info),
		fx.Populate(fx.Annotate(&named, fx.ParamTags(`name:"right"`)), fx.Annotate(&members, fx.ParamTags(`group:"handlers"`))),
		container.Info(container.RunInfo{ID: "run 7"}))
	if err != nil {
		t.Fatal(err)
	}
	if asStore.Get() != "fake" || named.dsn != "right" || namesOf(members) != "first fourth second third" || logger == nil || info.ID != "run 7" {
		t.Error(asStore, named, namesOf(members), logger, info)
	}
	if err := child.Close(nil); err != nil || ctx.Err() == nil {
		t.Error("the context that the option got is not the child's", err)
	}
}

func TestAnOptionsOwnValuesGoBeforeTheChilds(t *testing.T) {
	t.Parallel()
	own := slog.New(slog.DiscardHandler)
	err := newContainer(t, bucketOf()...).Invoke(t.Context(), func() {},
		fx.Supply(own, container.RunInfo{ID: "own"}),
		fx.Supply(fx.Annotate(&fakeStore{}, fx.As(new(store)))),
		fx.Provide(fx.Annotate(func() *handler { return &handler{"own"} }, fx.ResultTags(`group:"handlers"`))),
		fx.Invoke(func(logger *slog.Logger, info container.RunInfo, s store, in handlersIn) error {
			if logger != own || info.ID != "own" {
				return errBoom
			}
			return errors.Join(expect(s.Get()), expectText(namesOf(in.Handlers), "first fourth own second third"))
		}))
	if err != nil {
		t.Error(err)
	}
}

func TestADecoratorMayAskForResourcesThatNothingElseNeeds(t *testing.T) {
	t.Parallel()
	j := new(journal)
	definitions := append(j.graph(), bucketOf()[0])
	err := newContainer(t, definitions...).Invoke(t.Context(), func(db *database) error { return expect(db.dsn) },
		fx.Decorate(func(_ *database, s store) *database { return &database{s.Get()} }))
	if err != nil {
		t.Error(err)
	}
	j.want(t, "new database", "start database", "stop database")
}

func TestOptionsThatAChildCannotObeyAreRefused(t *testing.T) {
	t.Parallel()
	type softIn struct {
		fx.In
		Handlers []*handler `group:"handlers,soft"`
	}
	type keyedIn struct {
		fx.In
		Handlers map[string]*handler `group:"handlers"`
	}
	type optionalIn struct {
		fx.In
		N          int8          `optional:"true"`
		Failure    *failure      `optional:"true"`
		Shutdowner fx.Shutdowner `optional:"true"`
	}
	type numberOut struct {
		fx.Out
		N int16
	}
	definition := container.Provide("extra", func() int { return 1 })
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"a decorator that asks for a user":             {fx.Decorate(func(db *database, _ *service) *database { return db }), "resource cache -> fx.Decorate("},
		"a decorator with a user that asks optionally": {fx.Options(fx.Supply(int8(1)), fx.Decorate(func(n int8, _ *resB) int8 { return n })), "resource b -> fx.Decorate("},
		"a user of an optional value that makes it":    {fx.Provide(func(*resB) int8 { return 1 }), "resource b -> fx.Provide("},
		"such a user that is replaced":                 {fx.Options(fx.Replace(&resB{}), fx.Provide(func(*resB) int8 { return 1 })), "resource b -> fx.Provide("},
		"a user that makes it in a module":             {fx.Module("m", fx.Provide(func(*resB) int8 { return 1 })), "resource b -> fx.Provide("},
		"a decorator that asks by another name":        {fx.Decorate(fx.Annotate(func(db *database) *database { return db }, fx.ParamTags(`name:"database"`))), "by another of its types or names"},
		"two decorators that ask for each other": {
			fx.Decorate(func(c *cache, _ *database) *cache { return c }, func(db *database, _ *cache) *database { return db }), "need each other",
		},
		"a decorator without a result":                {fx.Decorate(func(*database) {}), "it returns no value"},
		"a decorator with only an error":              {fx.Decorate(func(*database) error { return nil }), "it returns no value"},
		"a group by key":                              {fx.Invoke(func(keyedIn) {}), "slices only"},
		"a name for more than one result":             {fx.Provide(fx.Annotated{Name: "x", Target: func() numberOut { return numberOut{} }}), "cannot specify a name"},
		"a name that dig does not take":               {fx.Provide(fx.Annotated{Name: "a`b", Target: func() int16 { return 1 }}), "backquotes"},
		"an invoked fx.Annotated":                     {fx.Invoke(fx.Annotated{Target: func() {}}), "only fx.Provide and fx.Supply take"},
		"a decorating fx.Annotated":                   {fx.Decorate(fx.Annotated{Target: func(db *database) *database { return db }}), "only fx.Provide and fx.Supply take"},
		"a provider of an fx.Annotated":               {fx.Provide(func() fx.Annotated { return fx.Annotated{} }), "should be passed to fx.Provide directly"},
		"fx.RecoverFromPanics in a module":            {fx.Module("m", fx.RecoverFromPanics()), "fx.RecoverFromPanics"},
		"an fx.ErrorHook that is nil":                 {fx.Options(fx.ErrorHook(nil), fx.Invoke(func(io.Reader) {})), "nil pointer dereference"},
		"an error that is a nil pointer":              {fx.Error((*failure)(nil)), "failure"},
		"a result that Fx takes for an error":         {fx.Invoke(func() *failure { return nil }), "implements error"},
		"a decorator of such a type":                  {fx.Decorate(func(f *failure) *failure { return f }), "implements error"},
		"such a type, optionally":                     {fx.Invoke(func(optionalIn) {}), "it asks for *container_test.failure, which implements error"},
		"the shutdowner, optionally":                  {fx.Invoke(func(in optionalIn) error { return in.Shutdowner.Shutdown() }), "it asks for fx.Shutdowner"},
		"a provider of the event logger":              {fx.Provide(func() fxevent.Logger { return fxevent.NopLogger }), "use fx.WithLogger"},
		"a value as the event logger":                 {fx.Supply(fx.Annotate(fxevent.NopLogger, fx.As(new(fxevent.Logger)))), "use fx.WithLogger"},
		"one decorator of a resource and of its user": {fx.Decorate(func(db *database, c *cache) (*database, *cache) { return db, c }), "need each other"},
		"a provider of what it asks for":              {fx.Provide(func(int16) int16 { return 1 }), "need each other: fx.Provide("},
		"a start timeout":                             {fx.StartTimeout(1), "fx.StartTimeout limits an application"},
		"nil inside fx.Options":                       {fx.Options(fx.Supply(3), nil), "one of the options inside another is nil"},
		"nil inside an fx.Module":                     {fx.Module("m", nil), "one of the options inside another is nil"},
		"a stop timeout among others":                 {fx.Options(fx.Supply(3), fx.StopTimeout(1)), "fx.StopTimeout limits an application"},
		"a definition":                                {definition, "resource extra is a definition"},
		"a definition in fx.Options":                  {fx.Options(fx.Supply(3), fx.Options(definition)), "resource extra is a definition"},
		"a definition in a module":                    {fx.Module("m", definition), "resource extra is a definition"},
		"the shutdowner without a host":               {fx.Invoke(func(s fx.Shutdowner) error { return s.Shutdown() }), "it asks for fx.Shutdowner"},
		"the shutdowner, by a provider":               {fx.Module("m", fx.Provide(func(fx.Shutdowner) chan int { return nil })), "it asks for fx.Shutdowner"},
		"decorating the lifecycle":                    {fx.Decorate(func(lc fx.Lifecycle) fx.Lifecycle { return lc }), "gives fx.Lifecycle, which resources get from the child itself"},
		"decorating the logger":                       {fx.Decorate(func(l *slog.Logger) *slog.Logger { return l.With("k", "v") }), "use container.Logger"},
		"replacing the logger":                        {fx.Replace(slog.New(slog.DiscardHandler)), "use container.Logger"},
		"replacing the run's information":             {fx.Replace(container.RunInfo{}), "use container.Info"},
		"decorating the context":                      {fx.Decorate(func(ctx context.Context) context.Context { return ctx }), "gives context.Context"},
		"a soft group of resources":                   {fx.Invoke(func(softIn) {}), "as a soft group"},
		"a member of a group for resources":           {fx.Provide(fx.Annotated{Group: "handlers", Target: func() *handler { return nil }}), `*container_test.handler[group="handlers"]`},
		"members of a group for resources":            {fx.Supply(fx.Annotate([]*handler{}, fx.ResultTags(`group:"handlers,flatten"`))), `*container_test.handler[group="handlers"]`},
		"replacing a group for resources":             {fx.Replace(fx.Annotate([]*handler{}, fx.ResultTags(`group:"handlers"`))), `*container_test.handler[group="handlers"]`},
		"what fx.Annotate cannot make":                {fx.Decorate(fx.Annotate(func(s string) string { return s }, fx.ParamTags(`nonsense`))), "fx.Decorate"},
		"something that is no function":               {fx.Provide(3), "not a function"},
		"a type that Fx takes for an error":           {fx.Invoke(func(*failure) {}), "failure"},
		"a provider of what the child has":            {fx.Provide(func() fx.Lifecycle { return nil }), "is provided already: fx.Replace takes the place of a resource"},
		"a provider of a resource":                    {fx.Provide(func() *database { return nil }), "is provided already: fx.Replace takes the place of a resource"},
		"one resource decorated twice":                {fx.Options(fx.Decorate(func(db *database) *database { return db }), fx.Replace(&database{})), "already decorated"},
		"a cycle of providers":                        {fx.Options(fx.Provide(func(int8) int16 { return 0 }, func(int16) int8 { return 0 }), fx.Invoke(func(int8) {})), "need each other"},
		"a missing type that a provider asks":         {fx.Options(fx.Provide(func(io.Reader) int8 { return 0 }), fx.Invoke(func(int8) {})), "missing type: io.Reader"},
		"a missing name":                              {fx.Invoke(fx.Annotate(func(*database) {}, fx.ParamTags(`name:"databse"`))), "databse"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			c := newContainer(t, append(j.graph(), bucketOf()[3], container.Provide("mux", func(handlersIn) *resA { return nil }),
				container.Provide("b", func(lc fx.Lifecycle, _ struct {
					fx.In
					N int8 `optional:"true"`
				},
				) *resB {
					j.hooks(lc, "b")
					return nil
				}),
				container.Provide("failing", func() (*failure, error) { return &failure{}, nil }))...)
			err := c.Invoke(t.Context(), func(*service, *resA, *resB, *failure) {}, test.option)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			for _, raw := range []string{"makeFuncStub", "could not build arguments", "missing dependencies for function", "cannot provide function"} {
				if strings.Contains(fmt.Sprint(err), raw) {
					t.Errorf("the error has text of dig: %v", err)
				}
			}
			j.want(t)
		})
	}
}

// failure is a type that Fx takes for an error.
type failure struct{}

func (*failure) Error() string { return "failure" }

func TestAnErrorOfAnOptionNamesItsFunctionAlone(t *testing.T) {
	t.Parallel()
	for want, option := range map[string]fx.Option{
		"opening the child container: building *container_test.database: boom": fx.Decorate(brokenDecorator),
		"opening the child container: container_test.brokenProvider: boom":     fx.Options(fx.Provide(brokenProvider), fx.Invoke(func(int8) {})),
		"opening the child container: boom":                                    fx.Invoke(func() error { return errBoom }),
		"opening the child container: container_test.providerWithDig: looking: boom: missing type: int": fx.Options(
			fx.Provide(providerWithDig), fx.Invoke(func(int8) {})),
		"opening the child container: looking: boom: missing type: int": fx.Invoke(func() error { _, err := providerWithDig(); return err }),
	} {
		err := newContainer(t, new(journal).graph()...).Invoke(t.Context(), func(*service) {}, option)
		if !errors.Is(err, errBoom) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func brokenDecorator(*database) (*database, error) { return nil, errBoom }

// providerWithDig fails with an error that wraps one of dig.
func providerWithDig() (int8, error) {
	return 0, fmt.Errorf("looking: %w: %w", errBoom, dig.RootCause(dig.New().Invoke(func(int) {})))
}

func brokenProvider(*cache) (int8, error) { return 0, errBoom }

func TestAnErrorOfAnOptionThatWrapsACycleOfDigIsNoCycleOfTheChild(t *testing.T) {
	t.Parallel()
	err := newContainer(t, new(journal).graph()...).Invoke(t.Context(), func(*service) {}, fx.Invoke(func() error {
		return fmt.Errorf("opening plugins: %w", dig.New().Provide(func(int8) int8 { return 0 }))
	}))
	if want := "opening the child container: opening plugins: "; !dig.IsCycleDetected(err) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s...", err, want)
	}
}

func TestANamedEventLoggerIsAValueAsAnyOther(t *testing.T) {
	t.Parallel()
	heard := new(events)
	audit := fx.Annotate(heard, fx.As(new(fxevent.Logger)), fx.ResultTags(`name:"audit"`))
	err := newContainer(t, new(journal).graph()...).Invoke(t.Context(), func(*service) {}, fx.Supply(audit), fx.Invoke(fx.Annotate(
		func(logger fxevent.Logger) { logger.LogEvent(&fxevent.LoggerInitialized{}) }, fx.ParamTags(`name:"audit"`))))
	if err != nil || heard.made != 1 || heard.provided != 0 {
		t.Error(err, heard)
	}
}

func TestAnEventLoggerAmongTheOptionsIsHeeded(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]func(fxevent.Logger) fx.Option{
		"directly": func(l fxevent.Logger) fx.Option { return fx.WithLogger(func() fxevent.Logger { return l }) },
		"among others": func(l fxevent.Logger) fx.Option {
			return fx.Options(fx.Supply(3), fx.Options(fx.WithLogger(func(*slog.Logger, store) fxevent.Logger { return l })))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			heard := new(events)
			c := newContainer(t, append(new(journal).graph(), bucketOf()[0])...)
			if err := c.Invoke(t.Context(), func(*service) {}, option(heard)); err != nil || heard.provided == 0 || heard.made != 1 {
				t.Error(err, heard)
			}
		})
	}
}

func TestWhatAnEventLoggerNeedsIsStartedWithItsConfig(t *testing.T) {
	t.Parallel()
	j := new(journal)
	for _, more := range []fx.Option{nil, fx.Module("m", fx.Supply(3))} {
		var dsn string
		err := newContainer(t, j.graph()...).Invoke(t.Context(), func() {}, more, fx.WithLogger(func(db *database) fxevent.Logger {
			dsn = db.dsn
			return new(events)
		}))
		if err != nil || dsn != "mem/orders" {
			t.Error(dsn, err)
		}
	}
}

// events counts events of Fx.
type events struct{ provided, made int }

func (e *events) LogEvent(event fxevent.Event) {
	switch event.(type) {
	case *fxevent.Provided:
		e.provided++
	case *fxevent.LoggerInitialized:
		e.made++
	}
}

func TestAnEventLoggerHidesNoReplacement(t *testing.T) {
	t.Parallel()
	for name, logger := range map[string]fx.Option{
		"none":             fx.NopLogger,
		"one":              fx.WithLogger(func() fxevent.Logger { return new(events) }),
		"one among others": fx.Options(fx.Supply(3), fx.Options(fx.NopLogger)),
		"one of a module":  fx.Module("m", fx.NopLogger),
		"a printer":        fx.Logger(new(printer)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			c := newContainer(t, j.graph()...)
			err := c.Invoke(t.Context(), func(*service) {}, logger, fx.Replace(database{"fake"}))
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "fx.Replace gives container_test.database") {
				t.Error(err)
			}
			j.want(t)
			// What is replaced needs no config.
			if err := newContainer(t, stores()...).Invoke(t.Context(), func(*report) {}, logger, fx.Replace(&bucket{"fake"})); err != nil {
				t.Error(err)
			}
			if err := newContainer(t, stores()...).Invoke(t.Context(), func(*report) {}, logger, fx.Decorate(func() *bucket { return &bucket{"fake"} })); err != nil {
				t.Error(err)
			}
		})
	}
}

type printer struct{}

func (*printer) Printf(string, ...any) {}

func TestAnErrorHookIsCalledOnce(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"for a missing type":         fx.Invoke(func(chan int) {}),
		"for a resource that breaks": fx.Invoke(func(int8) {}),
		"for an invoke that breaks":  fx.Invoke(func() error { return errBoom }),
		"for a decorator":            fx.Options(fx.Decorate(brokenDecorator), fx.Invoke(func(*database) {})),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var hook errorHook
			c := newContainer(t, append(new(journal).graph(), container.Provide("broken", func() (int8, error) { return 0, errBoom }))...)
			if err := c.Invoke(t.Context(), func() {}, option, fx.ErrorHook(&hook)); err == nil || hook.called != 1 {
				t.Errorf("called %d times: %v", hook.called, err)
			}
		})
	}
}

type errorHook struct{ called int }

func (h *errorHook) HandleError(error) { h.called++ }
