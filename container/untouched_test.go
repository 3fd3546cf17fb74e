package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/container"
)

type (
	clock    struct{}
	ledger   struct{ name string }
	audit    struct{ ledger *ledger }
	listener struct{ audit *audit }
)

// meeting is a graph of two resources whose start hooks wait for each other, and of resources
// that need them.
func meeting(j *journal) []container.Definition {
	first, second := make(chan struct{}), make(chan struct{})
	meet := func(lc fx.Lifecycle, own, other chan struct{}) {
		lc.Append(fx.StartHook(func(ctx context.Context) error {
			close(own)
			select {
			case <-other:
				return nil
			case <-ctx.Done():
				return errors.New("the other resource does not start at the same time")
			}
		}))
	}
	return []container.Definition{
		container.Provide("clock", func(lc fx.Lifecycle) *clock { j.hooks(lc, "clock"); meet(lc, first, second); return &clock{} }),
		container.Provide("ledger", func(lc fx.Lifecycle) *ledger {
			j.hooks(lc, "ledger")
			meet(lc, second, first)
			return &ledger{"real"}
		}),
		container.Provide("audit", func(lc fx.Lifecycle, l *ledger, _ *clock) *audit { j.hooks(lc, "audit"); return &audit{l} }),
		container.Provide("listener", func(lc fx.Lifecycle, a *audit) *listener { j.hooks(lc, "listener"); return &listener{a} }),
	}
}

func TestResourcesThatTheOptionsCannotTouchStartAtTheSameTime(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]fx.Option{
		"beside a value that nobody asks for": {fx.Supply(uint8(3))},
		"beside a function that takes them":   {fx.Invoke(func(*ledger, *clock) {})},
		"before one that is decorated":        {fx.Decorate(func(a *audit) *audit { return &audit{&ledger{"decorated " + a.ledger.name}} })},
		"before one that needs a replaced one": {
			fx.Replace(&audit{&ledger{"replaced"}}), fx.Invoke(func(*ledger, *clock) {}),
		},
		"and have stopped when the function of an option fails": {fx.Invoke(func(*listener) error { return errBoom })},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			c := newContainer(t, meeting(j)...)
			var got string
			err := c.Invoke(t.Context(), func(l *listener) { got = l.audit.ledger.name }, options...)
			if failing := strings.HasPrefix(name, "and"); failing != errors.Is(err, errBoom) || !failing && err != nil {
				t.Fatal(err)
			}
			want := map[bool]string{true: "decorated real", false: "real"}[strings.Contains(name, "decorated")]
			switch {
			case strings.Contains(name, "replaced"):
				want = "replaced"
			case strings.HasPrefix(name, "and"):
				want = ""
			}
			if got != want {
				t.Errorf("the function got %q, want %q", got, want)
			}
			starts, stops := j.matching("start "), j.matching("stop ")
			slices.Reverse(stops)
			for i := range stops {
				stops[i] = strings.Replace(stops[i], "stop", "start", 1)
			}
			slices.Sort(starts[:2]) // which of them has started first is open
			slices.Sort(stops[:2])
			if !slices.Equal(starts, stops) {
				t.Errorf("%v were started, and stopped in the reverse order of %v", starts, stops)
			}
		})
	}
}

func TestAResourceThatTheOptionsCannotTouchFails(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t,
		container.Provide("ledger", func(lc fx.Lifecycle) *ledger { j.hooks(lc, "ledger"); return &ledger{"real"} }),
		container.Provide("clock", func(lc fx.Lifecycle, _ *ledger) *clock {
			lc.Append(fx.StartHook(func() error { return errBoom }))
			return &clock{}
		}),
		container.Provide("audit", func(lc fx.Lifecycle, l *ledger, _ *clock) *audit { j.hooks(lc, "audit"); return &audit{l} }),
	)
	called := false
	err := c.Invoke(t.Context(), func(*audit) { called = true }, fx.Decorate(func(a *audit) *audit { called = true; return a }))
	if want := "starting resource clock: boom"; called || !errors.Is(err, errBoom) || err.Error() != want {
		t.Errorf("called is %v, and the error is %v, want %s", called, err, want)
	}
	j.want(t, "new ledger", "start ledger", "stop ledger")
}

func TestThePictureOfFxShowsAllResources(t *testing.T) {
	t.Parallel()
	var picture fx.DotGraph
	type optionalIn struct {
		fx.In
		Made fx.DotGraph `optional:"true"`
	}
	for name, option := range map[string]fx.Option{
		"a function that asks for it":            fx.Invoke(func(made fx.DotGraph) { picture = made }),
		"a function that asks for it optionally": fx.Invoke(func(in optionalIn) { picture = in.Made }),
		"a provider": fx.Options(
			fx.Provide(func(in optionalIn) int8 { picture = in.Made; return 1 }), fx.Invoke(func(int8) {})),
	} {
		picture = ""
		if err := newContainer(t, new(journal).graph()...).Invoke(t.Context(), func(*service) {}, option); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"service", "database", "cache"} {
			if !strings.Contains(string(picture), "*container_test."+want) {
				t.Errorf("the picture that %s gets does not show %s:\n%s", name, want, picture)
			}
		}
	}
}

// providedTypes is a logger of Fx that keeps the types that are provided.
type providedTypes []string

func (p *providedTypes) LogEvent(event fxevent.Event) {
	if provided, ok := event.(*fxevent.Provided); ok {
		*p = append(*p, provided.OutputTypeNames...)
	}
}

func TestALoggerOfFxHearsOfAllResources(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]func(logger fxevent.Logger) fx.Option{
		"fx.WithLogger": func(logger fxevent.Logger) fx.Option { return fx.WithLogger(func() fxevent.Logger { return logger }) },
		"fx.Decorate": func(logger fxevent.Logger) fx.Option {
			return fx.Decorate(func(fxevent.Logger) fxevent.Logger { return logger })
		},
	} {
		var types providedTypes
		if err := newContainer(t, new(journal).graph()...).Invoke(t.Context(), func(*service) {}, option(&types)); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"*container_test.service", "*container_test.database", "*container_test.cache"} {
			if !slices.Contains(types, want) {
				t.Errorf("the logger of %s hears of %v, not of %s", name, types, want)
			}
		}
	}
}

// These values say what they were made of.
type (
	madeA string
	madeB string
	madeC string
	madeD string
	madeE string
	madeF string
	madeG string // lives per step
	madeH string // lives per step
	madeP string // lives per process
)

type nameOfB interface{ NameOfB() string }

func (b madeB) NameOfB() string { return string(b) }

// TestValuesAreThoseOfFx compares a child that builds by itself what its options cannot touch
// with one that leaves everything to Fx, as a module among the options makes it do.
func TestValuesAreThoseOfFx(t *testing.T) {
	t.Parallel()
	type optionalIn struct {
		fx.In
		B     nameOfB
		Named madeB `name:"b"`
		N     int8  `optional:"true"`
	}
	definitions := func(j *journal) []container.Definition {
		return []container.Definition{
			container.Provide("p", func(lc fx.Lifecycle) madeP { j.hooks(lc, "p"); return "p" }, container.PerProcess()),
			container.Provide("a", func(lc fx.Lifecycle, p madeP) madeA { j.hooks(lc, "a"); return madeA("a(" + p + ")") }),
			container.Provide("b", func(lc fx.Lifecycle, a madeA) madeB { j.hooks(lc, "b"); return madeB("b(" + a + ")") }, container.As[nameOfB]()),
			container.Provide("c", func(lc fx.Lifecycle, a madeA) madeC { j.hooks(lc, "c"); return madeC("c(" + a + ")") }),
			container.Provide("d", func(lc fx.Lifecycle, in optionalIn, c madeC) madeD {
				j.hooks(lc, "d")
				return madeD(fmt.Sprintf("d(%s %s %d %s)", in.B.NameOfB(), in.Named, in.N, c))
			}),
			container.Provide("e", func(d madeD, a madeA) madeE { return madeE("e(" + string(d) + " " + string(a) + ")") }),
			container.Provide("f", func(lc fx.Lifecycle) madeF { j.hooks(lc, "f"); return "f" }),
			container.Provide("g", func(lc fx.Lifecycle, c madeC, in optionalIn) madeG {
				j.hooks(lc, "g")
				return madeG(fmt.Sprintf("g(%s %s)", c, in.B.NameOfB()))
			}, container.PerStep()),
			container.Provide("h", func(lc fx.Lifecycle, g madeG) madeH { j.hooks(lc, "h"); return madeH("h(" + g + ")") }, container.PerStep()),
		}
	}
	options := func(j *journal) []fx.Option {
		return []fx.Option{
			fx.Supply(int8(3)),
			fx.Supply(uint8(3)),
			fx.Provide(func(b madeB) int16 { j.note("int16 of %s", b); return 16 }),
			fx.Provide(func(c madeC, lc fx.Lifecycle) int8 { j.hooks(lc, "int8 of "+string(c)); return 8 }),
			fx.Replace(madeA("replaced")),
			fx.Replace(madeB("replaced")),
			fx.Replace(madeD("replaced")),
			fx.Decorate(func(p madeP) madeP { j.note("decorate %s", p); return "[" + p + "]" }),
			fx.Decorate(func(g madeG, f madeF) madeG { j.note("decorate %s with %s", g, f); return "[" + g + "]" }),
			fx.Decorate(func(h madeH) madeH { j.note("decorate %s", h); return "[" + h + "]" }),
			fx.Decorate(func(h madeH, g madeG) madeH { j.note("decorate %s with %s", h, g); return "[" + h + "]" }),
			fx.Decorate(func(a madeA) madeA { j.note("decorate %s", a); return "[" + a + "]" }),
			fx.Decorate(func(a madeA, c madeC) madeA { j.note("decorate %s with its user %s", a, c); return a }),
			fx.Provide(func(d madeD) int8 { j.note("int8 of its user %s", d); return 8 }),
			fx.Decorate(func(c madeC, f madeF) madeC { j.note("decorate %s with %s", c, f); return "[" + c + "]" }),
			fx.Decorate(func() madeD { return "made" }),
			fx.Decorate(func(d madeD, in optionalIn) madeD { return "[" + d + "]" }),
			fx.Decorate(func(b nameOfB) nameOfB { return madeB("[" + b.NameOfB() + "]") }),
			fx.Decorate(fx.Annotate(func(b madeB) madeB { return "[" + b + "]" }, fx.ParamTags(`name:"b"`), fx.ResultTags(`name:"b"`))),
			fx.Invoke(func(e madeE) { j.note("invoke with %s", e) }),
			fx.Invoke(func(lc fx.Lifecycle, n int16, f madeF) { j.hooks(lc, fmt.Sprint("invoke ", n, f)) }),
			fx.Invoke(func(in optionalIn) error { j.note("invoke with %s %d", in.B.NameOfB(), in.N); return nil }),
			fx.Invoke(func(madeC) error { return errBoom }),
		}
	}
	count := len(options(new(journal)))
	rapid.Check(t, func(rt *rapid.T) {
		given := rapid.SliceOfN(rapid.IntRange(0, count-1), 1, 4).Draw(rt, "options")
		target := rapid.IntRange(0, 3).Draw(rt, "target")
		steps := rapid.IntRange(0, 2).Draw(rt, "steps")
		open := func(further ...fx.Option) []string {
			j := new(journal)
			c, err := container.New(definitions(j)...)
			if err != nil {
				rt.Fatal(err)
			}
			for _, i := range given {
				further = append(further, options(j)[i])
			}
			now, err := c.Target("it", []any{
				func(e madeE) { j.note("called with %s", e) },
				func(b nameOfB, f madeF) { j.note("called with %s %s", b.NameOfB(), f) },
				func(d madeD) { j.note("called with %s", d) },
				func() { j.note("called") },
			}[target])
			if err != nil {
				rt.Fatal(err)
			}
			later, err := c.Target("step", func(h madeH, c madeC) { j.note("step with %s %s", h, c) })
			if err != nil {
				rt.Fatal(err)
			}
			err = openInSteps(t.Context(), c, now, later, further, steps)
			if err != nil { // Fx begins less if a function of the options fails
				if starts, stops := j.matching("start "), j.matching("stop "); len(starts) != len(stops) || errors.Is(err, container.ErrInvalid) && len(j.all()) > 0 {
					rt.Errorf("after %v: %v were started, %v stopped", err, starts, stops)
				}
				return []string{err.Error()}
			}
			lines := j.all()
			slices.Sort(lines) // the order of the starts may differ
			return lines
		}
		if diff := cmp.Diff(open(fx.Module("m", fx.Supply(uint64(3)))), open()); diff != "" {
			rt.Fatalf("(-all by Fx +the child)\n%s", diff)
		}
	})
}

// openInSteps opens a child with options, which calls a target now, and then as many nested children
// as there are steps, which call another target.
func openInSteps(ctx context.Context, c *container.Container, now, later *container.Target, options []fx.Option, steps int) (err error) {
	defer func() { err = errors.Join(err, c.Close()) }()
	options = append(options, container.Needs(now))
	if steps > 0 {
		options = append(options, container.NeedsLater(later))
	}
	child, err := c.NewChild(ctx, options...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, child.Close(err)) }()
	err = child.Call(now)
	for i := 0; i < steps && err == nil; i++ {
		var nested *container.Child
		if nested, err = child.NewChild(ctx, container.Needs(later)); err == nil {
			err = nested.Call(later)
			err = errors.Join(err, nested.Close(err))
		}
	}
	return err
}
