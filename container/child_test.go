package container_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

func TestInvokeStartsWhatIsNeededAndStopsItInReverse(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	err := c.Invoke(t.Context(), func(s *service) { j.note("invoke %s", s.cache.db.dsn) })
	if err != nil {
		t.Fatal(err)
	}
	j.want(t, "new database", "start database", "new cache", "start cache", "new service", "start service",
		"invoke mem/orders", "stop service", "stop cache", "stop database")
}

func TestOrderOfDefinitionsDoesNotMatter(t *testing.T) {
	t.Parallel()
	var want []string
	for i := range 4 {
		j := new(journal)
		definitions := j.graph()
		definitions = append(definitions[i:], definitions[:i]...)
		if err := newContainer(t, definitions...).Invoke(t.Context(), func(*service) {}); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = j.all()
		}
		j.want(t, want...)
	}
}

func TestNothingHappensBeforeAChildIsOpened(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	if _, err := c.Prepare(container.NeedsResources("service")); err != nil {
		t.Fatal(err)
	}
	c.Resources()
	closeChild(t, newChild(t, c))
	j.want(t)
}

func TestAResourceIsConstructedOncePerChild(t *testing.T) {
	t.Parallel()
	j := new(journal)
	type left struct{ db *database }
	type right struct{ db *database }
	c := newContainer(t, append(j.graph(),
		container.Provide("left", func(db *database) *left { return &left{db} }),
		container.Provide("right", func(db *database) *right { return &right{db} }),
	)...)
	var seen []*database
	for range 2 {
		err := c.Invoke(t.Context(), func(l *left, r *right, db *database) {
			if l.db != r.db || db != l.db {
				t.Error("two consumers of one resource got two instances")
			}
			seen = append(seen, db)
		}, container.NeedsResources("database", "left"))
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := len(j.matching("new database")); got != 2 {
		t.Errorf("constructed %d times for two children", got)
	}
	if seen[0] == seen[1] {
		t.Error("two children share an instance")
	}
}

// A family of types, for graphs that are written by hand.
type (
	resA struct{}
	resB struct{}
	resC struct{}
	resD struct{}
)

func TestIndependentResourcesStartConcurrently(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	all.Add(2)
	meet := fx.Hook{OnStart: func(context.Context) error {
		all.Done()
		all.Wait() // returns only if the other is starting too
		return nil
	}}
	c := newContainer(t,
		container.Provide("a", func(lc fx.Lifecycle) *resA { lc.Append(meet); return nil }),
		container.Provide("b", func(lc fx.Lifecycle) *resB { lc.Append(meet); return nil }),
	)
	if err := c.Invoke(t.Context(), func(*resA, *resB) {}); err != nil {
		t.Error(err)
	}
}

func TestAResourceWaitsForNothingThatItDoesNotNeed(t *testing.T) {
	t.Parallel()
	startedD := make(chan struct{})
	// c needs a; d needs b. a ends its start only after d has started, so d
	// must not queue behind c.
	c := newContainer(t,
		container.Provide("a", func(lc fx.Lifecycle) *resA {
			lc.Append(fx.StartHook(func(ctx context.Context) error {
				select {
				case <-startedD:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}))
			return nil
		}, container.StartTimeout(patience)),
		container.Provide("b", func() *resB { return nil }),
		container.Provide("c", func(*resA) *resC { return nil }),
		container.Provide("d", func(lc fx.Lifecycle, _ *resB) *resD {
			lc.Append(fx.StartHook(func() { close(startedD) }))
			return nil
		}),
	)
	if err := c.Invoke(t.Context(), func(*resC, *resD) {}); err != nil {
		t.Error(err)
	}
}

func TestAtMostMaxStartsAtOnce(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{-1, 1, 3} {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) {
			t.Parallel()
			var now, most atomic.Int32
			definitions := manyResources(12, func(int) fx.Hook {
				return fx.Hook{OnStart: func(context.Context) error {
					running := now.Add(1)
					for {
						before := most.Load()
						if running <= before || most.CompareAndSwap(before, running) {
							break
						}
					}
					now.Add(-1)
					return nil
				}}
			})
			c := newContainer(t, definitions...)
			closeChild(t, newChild(t, c, container.MaxStarts(limit), needAll(c)))
			if got := int(most.Load()); got > max(limit, 1) {
				t.Errorf("%d started at once", got)
			}
		})
	}
}

func TestStartsAreSequentialWithFxOptions(t *testing.T) {
	t.Parallel()
	var now atomic.Int32
	definitions := manyResources(12, func(int) fx.Hook {
		return fx.Hook{OnStart: func(context.Context) error {
			if now.Add(1) > 1 {
				return errors.New("two start at once")
			}
			now.Add(-1)
			return nil
		}}
	})
	c := newContainer(t, definitions...)
	closeChild(t, newChild(t, c, needAll(c), fx.Supply(3)))
}

func TestADecoratorSeesOnlyWhatHasStarted(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	err := c.Invoke(t.Context(), func(*service) {}, fx.Decorate(func(db *database) *database { j.note("decorate database"); return db }))
	if err != nil {
		t.Fatal(err)
	}
	j.want(t, "new database", "start database", "decorate database", "new cache", "start cache", "new service", "start service",
		"stop service", "stop cache", "stop database")
}

var errBoom = errors.New("boom")

func TestTeardownIsTheReverseOfStart(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(context.CancelFunc) error{
		"on success":      func(context.CancelFunc) error { return nil },
		"on failure":      func(context.CancelFunc) error { return errBoom },
		"on panic":        func(context.CancelFunc) error { panic(errBoom) },
		"on cancellation": func(cancel context.CancelFunc) error { cancel(); return context.Canceled },
		"on goexit":       func(context.CancelFunc) error { exitGoroutine(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			j := new(journal)
			c := newContainer(t, j.graph()...)
			var outcomes []error
			var order []string
			err := c.Invoke(ctx, func(*service, *unused) error { return end(cancel) }, container.Observe(func(e container.Event) {
				switch e.Phase {
				case container.PhaseStarted:
					order = append([]string{e.Resource}, order...)
				case container.PhaseStopped:
					if e.Resource != order[0] {
						t.Errorf("%s stopped before %s", e.Resource, order[0])
					}
					order = order[1:]
					outcomes = append(outcomes, e.Err)
				}
			}))
			if (err == nil) != (name == "on success") {
				t.Error(err)
			}
			if (name == "on failure" || name == "on panic") && !errors.Is(err, errBoom) {
				t.Errorf("%v is not the function's own error", err)
			}
			if len(order) > 0 || len(j.matching("stop ")) != 4 {
				t.Errorf("left running: %v", order)
			}
			for _, outcome := range outcomes {
				if outcome != nil {
					t.Errorf("a stop went wrong: %v", outcome)
				}
			}
		})
	}
}

// broken describes a resource that goes wrong, between one that it needs and
// one that needs it.
func broken(j *journal, constructor any) []container.Definition {
	return []container.Definition{
		container.Provide("below", func(lc fx.Lifecycle) *resA { j.hooks(lc, "below"); return &resA{} }),
		container.Provide("broken", constructor),
		container.Provide("above", func(lc fx.Lifecycle, _ *resB) *resC { j.hooks(lc, "above"); return &resC{} }),
	}
}

func TestWhatGoesWrongIsNamedAndEverythingStops(t *testing.T) {
	t.Parallel()
	note := func(j *journal, line string) func(context.Context) error {
		return func(context.Context) error { j.note("%s", line); return nil }
	}
	fail := func(context.Context) error { return fmt.Errorf("wrapped: %w", errBoom) }
	for name, test := range map[string]struct {
		constructor func(*journal) any
		action      container.Action
		text        string
		want        []string // between the start and the stop of what is below
	}{
		"the constructor returns an error": {
			func(j *journal) any {
				return func(lc fx.Lifecycle, _ *resA) (*resB, error) {
					lc.Append(fx.Hook{OnStop: note(j, "release")})
					lc.Append(fx.Hook{OnStart: note(j, "never"), OnStop: note(j, "never")})
					return nil, errBoom
				}
			},
			container.ActionConstructing, "constructing resource broken: boom",
			[]string{"release"},
		},
		"the constructor panics": {
			func(j *journal) any {
				return func(lc fx.Lifecycle, _ *resA) *resB {
					lc.Append(fx.Hook{OnStop: note(j, "release")})
					panic(errBoom)
				}
			},
			container.ActionConstructing, "constructing resource broken: panic: boom",
			[]string{"release"},
		},
		"the constructor ends its goroutine": {
			func(j *journal) any {
				return func(_ *resA) *resB { exitGoroutine(); return nil }
			},
			container.ActionConstructing, "constructing resource broken: it ended its goroutine without returning", nil,
		},
		"the second of three start hooks returns an error": {
			func(j *journal) any {
				return func(lc fx.Lifecycle, _ *resA) *resB {
					lc.Append(fx.Hook{OnStart: note(j, "start 1"), OnStop: note(j, "stop 1")})
					lc.Append(fx.Hook{OnStart: fail, OnStop: note(j, "never")})
					lc.Append(fx.Hook{OnStart: note(j, "never"), OnStop: note(j, "never")})
					lc.Append(fx.Hook{OnStop: note(j, "release")})
					return &resB{}
				}
			},
			container.ActionStarting, "starting resource broken: wrapped: boom",
			[]string{"start 1", "release", "stop 1"},
		},
		"a start hook panics": {
			func(j *journal) any {
				return func(lc fx.Lifecycle, _ *resA) *resB {
					lc.Append(fx.Hook{OnStart: func(context.Context) error { panic(errBoom) }, OnStop: note(j, "never")})
					return &resB{}
				}
			},
			container.ActionStarting, "starting resource broken: panic: boom", nil,
		},
		"a start hook ends its goroutine": {
			func(j *journal) any {
				return func(lc fx.Lifecycle, _ *resA) *resB {
					lc.Append(fx.Hook{OnStart: func(context.Context) error { exitGoroutine(); return nil }})
					return &resB{}
				}
			},
			container.ActionStarting, "starting resource broken: it ended its goroutine without returning", nil,
		},
	} {
		for mode, opts := range map[string][]fx.Option{"alone": nil, "with fx options": {fx.Supply(3)}} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				j := new(journal)
				c := newContainer(t, broken(j, test.constructor(j))...)
				err := c.Invoke(t.Context(), func(*resC) { j.note("never") }, opts...)
				if err == nil || placeless(err) != test.text {
					t.Errorf("got  %v\nwant %s", err, test.text)
				}
				named := new(container.ResourceError)
				if !errors.As(err, &named) || named.Key != "broken" || named.Action != test.action {
					t.Errorf("got %#v", named)
				}
				if !strings.Contains(name, "ends its goroutine") && !errors.Is(err, errBoom) {
					t.Error("the user's error is out of reach")
				}
				if panicked := new(container.PanicError); strings.Contains(name, "panics") {
					if !errors.As(err, &panicked) || !strings.Contains(panicked.Stack(), "child_test.go") ||
						!strings.Contains(fmt.Sprintf("%+v", panicked), "child_test.go") {
						t.Errorf("got %+v", err)
					}
				}
				j.want(t, slices.Concat([]string{"new below", "start below"}, test.want, []string{"stop below"})...)
			})
		}
	}
}

func TestWhatGoesWrongWhileStoppingKeepsNothingElseFromStopping(t *testing.T) {
	t.Parallel()
	errOther := errors.New("other")
	j := new(journal)
	c := newContainer(t, broken(j, func(lc fx.Lifecycle, _ *resA) *resB {
		lc.Append(fx.Hook{OnStop: func(context.Context) error { j.note("stop 1"); return errBoom }})
		lc.Append(fx.Hook{OnStop: func(context.Context) error { j.note("stop 2"); panic(errOther) }})
		lc.Append(fx.Hook{OnStop: func(context.Context) error { j.note("stop 3"); exitGoroutine(); return nil }})
		return &resB{}
	})...)
	errWork := errors.New("work")
	err := c.Invoke(t.Context(), func(*resC) error { return errWork })
	want := "work\n" +
		"stopping resource broken: it ended its goroutine without returning\n" +
		"stopping resource broken: panic: other\n" +
		"stopping resource broken: boom"
	if err == nil || placeless(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, kept := range []error{errWork, errOther, errBoom} {
		if !errors.Is(err, kept) {
			t.Errorf("%v is lost", kept)
		}
	}
	j.want(t, "new below", "start below", "new above", "start above", "stop above", "stop 3", "stop 2", "stop 1", "stop below")
}

func TestEveryFailedStartIsReported(t *testing.T) {
	t.Parallel()
	var both sync.WaitGroup
	both.Add(2)
	definitions := manyResources(2, func(i int) fx.Hook {
		return fx.Hook{OnStart: func(context.Context) error {
			both.Done()
			both.Wait()
			return fmt.Errorf("error %d: %w", i, errBoom)
		}}
	})
	c := newContainer(t, definitions...)
	_, err := c.NewChild(t.Context(), needAll(c))
	for i := range 2 {
		if !strings.Contains(fmt.Sprint(err), fmt.Sprintf("starting resource r%d: error %d: boom", i, i)) {
			t.Errorf("resource %d is not named by %v", i, err)
		}
	}
}

func TestNothingMoreIsBegunAfterAFailure(t *testing.T) {
	t.Parallel()
	j := new(journal)
	definitions := manyResources(9, func(i int) fx.Hook {
		return fx.Hook{
			OnStart: func(context.Context) error { j.note("start %d", i); return errBoom },
			OnStop:  func(context.Context) error { j.note("never"); return nil },
		}
	})
	c := newContainer(t, definitions...)
	_, err := c.NewChild(t.Context(), needAll(c), container.MaxStarts(1))
	if !errors.Is(err, errBoom) {
		t.Error(err)
	}
	if got := j.all(); len(got) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestAChildOfAnEndedContextStartsNothing(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]fx.Option{"alone": nil, "with fx options": {fx.Supply(3)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			c := newContainer(t, j.graph()...)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(errBoom)
			err := c.Invoke(ctx, func(*service) {}, opts...)
			if !errors.Is(err, errBoom) || !errors.Is(err, context.Canceled) {
				t.Errorf("%v is neither the cause nor context.Canceled", err)
			}
			j.want(t)
		})
	}
}

func TestCancellationWhileStartingBreaksOffAndStops(t *testing.T) {
	t.Parallel()
	j := new(journal)
	ctx, cancel := context.WithCancel(t.Context())
	c := newContainer(t, broken(j, func(lc fx.Lifecycle, _ *resA) *resB {
		lc.Append(fx.StartHook(func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }))
		return &resB{}
	})...)
	err := c.Invoke(ctx, func(*resC) { j.note("never") })
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	j.want(t, "new below", "start below", "stop below")
}

func TestAStopHookNeverGetsTheCancelledContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
		lc.Append(fx.StopHook(func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("the stop hook has no deadline")
			}
			return ctx.Err()
		}))
		return nil
	}))
	if err := c.Invoke(ctx, func(*resA) { cancel() }); err != nil {
		t.Error(err)
	}
}

func TestHooksSeeTheOutcome(t *testing.T) {
	t.Parallel()
	for _, outcome := range []error{nil, errBoom} {
		var got error
		c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
			lc.Append(fx.StopHook(func(ctx context.Context) { got = container.Outcome(ctx) }))
			return nil
		}))
		child := newChild(t, c, container.NeedsResources("a"))
		if err := child.Close(outcome); err != nil {
			t.Error(err)
		}
		if got != outcome { //nolint:errorlint // the very one
			t.Errorf("got %v", got)
		}
	}
	if container.Outcome(t.Context()) != nil {
		t.Error("a context that belongs to no child has an outcome")
	}
}

func TestCloseWorksOnce(t *testing.T) {
	t.Parallel()
	var stops atomic.Int32
	c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
		lc.Append(fx.StopHook(func() error { stops.Add(1); return errBoom }))
		return nil
	}))
	child := newChild(t, c, container.NeedsResources("a"))
	var closing sync.WaitGroup
	for range 4 {
		closing.Go(func() {
			if err := child.Close(nil); !errors.Is(err, errBoom) {
				t.Error(err)
			}
		})
	}
	closing.Wait()
	if stops.Load() != 1 {
		t.Errorf("stopped %d times", stops.Load())
	}
}

func TestTheChildsContextEndsAfterEverythingHasStopped(t *testing.T) {
	t.Parallel()
	var inside context.Context
	c := newContainer(t, container.Provide("a", func(ctx context.Context, lc fx.Lifecycle) *resA {
		inside = ctx
		lc.Append(fx.StopHook(func() error { return ctx.Err() }))
		return nil
	}))
	if err := c.Invoke(t.Context(), func(ctx context.Context, _ *resA) error {
		if ctx != inside {
			t.Error("constructors and functions have two contexts")
		}
		return ctx.Err()
	}); err != nil {
		t.Error(err)
	}
	if inside.Err() == nil {
		t.Error("it goes on")
	}
}

func TestAFailedOptionStopsWhatStarted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		option fx.Option
		want   []string
	}{
		"an error":          {fx.Invoke(func(*service) error { return errBoom }), nil},
		"a panic":           {fx.Invoke(func(*service) { panic(errBoom) }), nil},
		"a start hook":      {fx.Invoke(func(lc fx.Lifecycle, _ *service) { lc.Append(fx.StartHook(func() error { return errBoom })) }), nil},
		"a panicking hook":  {fx.Invoke(func(lc fx.Lifecycle, _ *service) { lc.Append(fx.StartHook(func() error { panic(errBoom) })) }), nil},
		"a failed provider": {fx.Options(fx.Provide(func() (int, error) { return 0, errBoom }), fx.Invoke(func(*service, int) {})), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			err := newContainer(t, j.graph()...).Invoke(t.Context(), func(*service) { j.note("never") }, test.option)
			if !errors.Is(err, errBoom) {
				t.Error(err)
			}
			j.want(t, "new database", "start database", "new cache", "start cache", "new service", "start service",
				"stop service", "stop cache", "stop database")
		})
	}
}

func TestHooksOfOptionsAreReleasedToo(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	err := c.Invoke(t.Context(), func(*service) {}, fx.Invoke(func(lc fx.Lifecycle) error {
		lc.Append(fx.StopHook(func() { j.note("release") }))
		lc.Append(fx.StartStopHook(func() { j.note("never") }, func() { j.note("never") }))
		return errBoom
	}))
	if !errors.Is(err, errBoom) {
		t.Error(err)
	}
	if got := j.all(); !slices.Contains(got, "release") || slices.Contains(got, "never") {
		t.Error(got)
	}
}

func TestAnOptionThatEndsTheGoroutineLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Invoke(t.Context(), func(*service) {}, fx.Invoke(func(*service) { exitGoroutine() }))
		t.Error("Invoke went on")
	}()
	<-done
	if got := len(j.matching("stop ")); got != 3 {
		t.Errorf("stopped %d of 3", got)
	}
}

func TestChildrenAreIndependent(t *testing.T) {
	t.Parallel()
	c := newContainer(t, new(journal).graph()...)
	var children sync.WaitGroup
	for i := range 32 {
		children.Go(func() {
			table := fmt.Sprintf("t%d", i)
			var opts []fx.Option
			if i%4 == 0 {
				opts = append(opts, fx.Decorate(func(c *cache) *cache { return c }))
			}
			err := c.Invoke(t.Context(), func(s *service) error {
				if s.cache.db.dsn != "mem/"+table {
					return fmt.Errorf("got %s", s.cache.db.dsn)
				}
				return nil
			}, append(opts, launch("database", container.Fields{"table": table}))...)
			if err != nil {
				t.Error(err)
			}
		})
	}
	children.Wait()
}

func TestOneDefinitionMayBeInSeveralContainers(t *testing.T) {
	t.Parallel()
	definitions := new(journal).graph()
	var containers sync.WaitGroup
	for range 4 {
		containers.Go(func() {
			c := newContainer(t, definitions...)
			if err := c.Invoke(t.Context(), func(*service) {}); err != nil {
				t.Error(err)
			}
		})
	}
	containers.Wait()
}

func TestArgumentsAndCallGiveOutTheTargetsParameters(t *testing.T) {
	t.Parallel()
	c := newContainer(t, new(journal).graph()...)
	target, err := c.Target("asset orders", func(_ context.Context, s *service, info container.RunInfo) error {
		if info.ID != "run-1" {
			return errors.New("no run")
		}
		return fmt.Errorf("%s: %w", s.cache.db.dsn, errBoom)
	})
	if err != nil {
		t.Fatal(err)
	}
	if target.Name() != "asset orders" || !slices.Equal(target.Resources(), []string{"service"}) {
		t.Error(target.Name(), target.Resources())
	}
	child := newChild(t, c, container.Needs(target), container.Info(container.RunInfo{ID: "run-1"}))
	defer closeChild(t, child)
	if got := container.Arguments(child, target)[1].(*service).cache.db.dsn; got != "mem/orders" {
		t.Error(got)
	}
	if err := child.Call(target); !errors.Is(err, errBoom) || err.Error() != "mem/orders: boom" {
		t.Error(err)
	}
	other, err := c.Target("another", func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recovered := recover(); fmt.Sprint(recovered) != "container: another was not among the child's targets" {
			t.Error(recovered)
		}
	}()
	container.Arguments(child, other)
}

func TestATargetOfAnotherContainerIsRefused(t *testing.T) {
	t.Parallel()
	one, two := newContainer(t, new(journal).graph()...), newContainer(t, new(journal).graph()...)
	target, err := one.Target("it", func(*service) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.NewChild(t.Context(), container.Needs(target)); !errors.Is(err, container.ErrInvalid) {
		t.Error(err)
	}
}

func TestPopulateSetsVariables(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.graph()...)
	var s *service
	var in struct {
		fx.In
		DB *database `name:"database"`
	}
	child := newChild(t, c, container.Populate(&s, &in), fx.Replace(&database{"fake"}))
	defer closeChild(t, child)
	if s.cache.db != in.DB || in.DB.dsn != "fake" {
		t.Error(s, in)
	}
	_, err := c.NewChild(t.Context(), container.Populate(s, nil), container.Populate(new(chan int)))
	if faults := new(container.Faults); !errors.As(err, &faults) || len(faults.Errs) != 3 {
		t.Error(err)
	}
}

func TestConstructorsAndFunctionsGetALogger(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	c := newContainer(t, container.Provide("a", func(logger *slog.Logger) *resA { logger.Info("hello"); return nil }))
	if err := c.Invoke(t.Context(), func(_ *resA, logger *slog.Logger) { logger.Info("bye") }, container.Logger(logger)); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "level=INFO msg=hello resource=a\nlevel=INFO msg=bye\n"; got != want {
		t.Errorf("got %s", got)
	}
	if err := c.Invoke(t.Context(), func(*resA) {}, container.Logger(nil)); err != nil {
		t.Error(err)
	}
}

func TestFxsOwnEventsAreLoggedAtDebugLevel(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := newContainer(t, new(journal).graph()...)
	if err := c.Invoke(t.Context(), func(*service) {}, container.Logger(logger)); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, "msg=provided") || strings.Contains(got, "level=INFO") {
		t.Error(got)
	}
}

func TestObserversSeeEveryPhaseInOrder(t *testing.T) {
	t.Parallel()
	c := newContainer(t, broken(new(journal), func(lc fx.Lifecycle, _ *resA) *resB {
		lc.Append(fx.Hook{OnStop: func(context.Context) error { return errBoom }})
		return &resB{}
	})...)
	var got []string
	err := c.Invoke(t.Context(), func(*resC) {}, container.Observe(func(e container.Event) {
		if e.Time.IsZero() || e.Duration < 0 || (e.Phase == container.PhaseStarting || e.Phase == container.PhaseStopping) && e.Duration != 0 {
			t.Errorf("got %+v", e)
		}
		got = append(got, fmt.Sprint(e.Phase, " ", e.Resource, " ", e.Err))
	}))
	if !errors.Is(err, errBoom) {
		t.Error(err)
	}
	want := []string{
		"starting below <nil>", "started below <nil>",
		"starting broken <nil>", "started broken <nil>",
		"starting above <nil>", "started above <nil>",
		"stopping above <nil>", "stopped above <nil>",
		"stopping broken <nil>", "stopped broken stopping resource broken: boom",
		"stopping below <nil>", "stopped below <nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestObserversSeeWhyAStartWentWrong(t *testing.T) {
	t.Parallel()
	c := newContainer(t, broken(new(journal), func(*resA) (*resB, error) { return nil, errBoom })...)
	var seen error
	_, err := c.NewChild(t.Context(), container.NeedsResources("above"), container.Observe(func(e container.Event) {
		if e.Resource == "broken" && e.Phase == container.PhaseStarted {
			seen = e.Err
		}
	}))
	if !errors.Is(seen, errBoom) || !errors.Is(err, seen) {
		t.Error(seen, err)
	}
}

func TestProvidersAndHasTellAboutTheGraph(t *testing.T) {
	t.Parallel()
	c := newContainer(t, new(journal).graph()...)
	if got := c.Providers(reflect.TypeFor[*cache](), ""); !slices.Equal(got, []string{"cache"}) {
		t.Error(got)
	}
	if got := c.Providers(reflect.TypeFor[*cache](), "cache"); !slices.Equal(got, []string{"cache"}) {
		t.Error(got)
	}
	if got := c.Providers(reflect.TypeFor[*cache](), "database"); len(got) != 0 {
		t.Error(got)
	}
	if !c.Has("cache") || c.Has("cash") || c.HostProvides(reflect.TypeFor[*cache](), "") {
		t.Error("wrong")
	}
}
