package container_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/container"
)

// The tests of this file are about plain fx.Options of a child that has nested
// children.

type (
	pool   struct{ name string }
	stepTx struct {
		db   *database
		note string
	}
	work struct{ tx *stepTx }
)

// stepped is a graph with one resource for each lifetime, and one more per step.
func stepped(j *journal) []container.Definition {
	return []container.Definition{
		container.Provide("pool", func(lc fx.Lifecycle) *pool { j.hooks(lc, "pool"); return &pool{"pool"} }, container.PerProcess()),
		container.Provide("database", func(lc fx.Lifecycle, p *pool) *database { j.hooks(lc, "database"); return &database{p.name} }, container.As[dsnHolder]()),
		container.Provide("transaction", func(lc fx.Lifecycle, db *database) *stepTx {
			j.hooks(lc, "transaction")
			return &stepTx{db: db}
		}, container.PerStep()),
		container.Provide("work", func(tx *stepTx) *work { return &work{tx} }, container.PerStep()),
	}
}

type dsnHolder interface{ Name() string }

func (db *database) Name() string { return db.dsn }

// openSteps opens a child with options, and as many nested children after another. It
// calls fn, a target, in each.
func openSteps(t *testing.T, c *container.Container, n int, fn any, opts ...fx.Option) error {
	t.Helper()
	target, err := c.Target("step", fn)
	if err != nil {
		t.Fatal(err)
	}
	child, err := c.NewChild(t.Context(), append(opts, container.NeedsLater(target))...)
	if err != nil {
		return err
	}
	for range n {
		var nested *container.Child
		if nested, err = child.NewChild(t.Context(), container.Needs(target)); err != nil {
			break
		}
		if err = errors.Join(nested.Call(target), nested.Close(nil)); err != nil {
			break
		}
	}
	return errors.Join(err, child.Close(nil), c.Close())
}

func TestOptionsAreAppliedOnceHoweverManyStepsThereAre(t *testing.T) {
	t.Parallel()
	decorated := func(j *journal) fx.Option {
		return fx.Decorate(func(db *database) *database { j.note("decorated"); return &database{"decorated " + db.dsn} })
	}
	for name, test := range map[string]struct {
		option func(*journal) fx.Option
		dsn    string
		want   []string // of the options' own
	}{
		"a decorator": {decorated, "decorated pool", []string{"decorated"}},
		"a decorator of what lives per process": {func(j *journal) fx.Option {
			return fx.Decorate(func(p *pool) *pool { j.note("decorated"); return &pool{"other " + p.name} })
		}, "other pool", []string{"decorated"}},
		"an invoke and a provider": {func(j *journal) fx.Option {
			return fx.Options(fx.Provide(func(*database) int8 { j.note("provided"); return 3 }), fx.Invoke(func(int8) { j.note("invoked") }))
		}, "pool", []string{"provided", "invoked"}},
		"hooks": {func(j *journal) fx.Option {
			return fx.Invoke(func(lc fx.Lifecycle) { j.hooks(lc, "hook") })
		}, "pool", []string{"new hook", "start hook", "stop hook"}},
		"a module": {func(j *journal) fx.Option {
			return fx.Module("m", fx.Invoke(func(*database) { j.note("invoked") }), fx.Decorate(func(*database) *database { j.note("inside"); return nil }))
		}, "pool", []string{"inside", "invoked"}},
		"a decorator with a provider, an invoke and a logger": {func(j *journal) fx.Option {
			return fx.Options(decorated(j), fx.Supply(int8(3)), fx.Invoke(func(int8, *database) { j.note("invoked") }),
				fx.WithLogger(func() fxevent.Logger { j.note("logger"); return new(events) }))
		}, "decorated pool", []string{"logger", "decorated", "invoked"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, own := new(journal), new(journal)
			seen := make(map[*database]bool)
			err := openSteps(t, newContainer(t, stepped(j)...), 3, func(w *work, db *database, holder dsnHolder) error {
				seen[db], seen[w.tx.db], seen[holder.(*database)] = true, true, true
				return expectText(db.dsn, test.dsn)
			}, test.option(own))
			if err != nil {
				t.Fatal(err)
			}
			if len(seen) != 1 {
				t.Errorf("steps saw %d databases", len(seen))
			}
			own.want(t, test.want...)
			if got := len(j.matching("new transaction")); got != 3 {
				t.Errorf("%d transactions", got)
			}
			if len(j.matching("new database")) != 1 || len(j.matching("new pool")) != 1 {
				t.Error("resources of the run were made more than once")
			}
		})
	}
}

func TestADecoratorOfWhatLivesPerStepIsForEachStep(t *testing.T) {
	t.Parallel()
	j, own := new(journal), new(journal)
	count := 0
	err := openSteps(t, newContainer(t, stepped(j)...), 3, func(w *work) error {
		defer func() { count++ }()
		return expectText(w.tx.note, fmt.Sprintf("supplied provided decorated pool, step %d", count))
	},
		fx.Supply("supplied"),
		fx.Provide(func(text string, db *database) int8 { own.note("provided"); return int8(len(text)) }),
		fx.Decorate(func(db *database) *database { own.note("database"); return &database{"decorated " + db.dsn} }),
		fx.Decorate(func(tx *stepTx, text string, n int8, db *database) *stepTx {
			own.note("transaction")
			return &stepTx{tx.db, fmt.Sprintf("%s provided %s, step %d", text, db.dsn, count)}
		}),
		fx.Invoke(func() { own.note("invoked") }))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(own.matching("transaction")); got != 3 {
		t.Errorf("%d transactions were decorated", got)
	}
	for _, once := range []string{"provided", "database", "invoked"} {
		if got := len(own.matching(once)); got != 1 {
			t.Errorf("%s: %d times", once, got)
		}
	}
}

func TestAReplacementKeepsNestedChildrenFromBuildingWhatItStandsInFor(t *testing.T) {
	t.Parallel()
	fake := &database{"fake"}
	for name, test := range map[string]struct {
		option fx.Option
		fn     any
		want   []string
	}{
		"of what lives per process": {
			fx.Replace(&pool{"fake"}), func(w *work) error { return expect(w.tx.db.dsn) },
			[]string{"new database", "start database", "new transaction", "start transaction", "stop transaction", "stop database"},
		},
		"of what lives per run": {
			fx.Replace(fake), func(w *work, holder dsnHolder) error { return errors.Join(expect(w.tx.db.dsn), expect(holder.Name())) },
			[]string{"new transaction", "start transaction", "stop transaction"},
		},
		"of an interface":                        {fx.Replace(fx.Annotate(fake, fx.As(new(dsnHolder)))), func(holder dsnHolder) error { return expect(holder.Name()) }, nil},
		"of what lives per step":                 {fx.Replace(&stepTx{note: "fake"}), func(w *work) error { return expect(w.tx.note) }, nil},
		"of what lives per step, by a decorator": {fx.Decorate(func() *stepTx { return &stepTx{note: "fake"} }), func(w *work) error { return expect(w.tx.note) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, n := range []int{1, 2} {
				j := new(journal)
				if err := openSteps(t, newContainer(t, stepped(j)...), n, test.fn, test.option); err != nil {
					t.Fatal(err)
				}
				if n == 1 {
					j.want(t, test.want...)
				} else if len(j.matching("new pool")) > 0 {
					t.Error("what is replaced was started")
				}
			}
		})
	}
}

func TestOptionsOfANestedChildAreForItAlone(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, stepped(j)...)
	target, err := c.Target("step", func(w *work, db *database) error { return errors.Join(expect(w.tx.db.dsn), expect(db.dsn)) })
	if err != nil {
		t.Fatal(err)
	}
	for name, opts := range map[string][]fx.Option{
		"where the parent has none":          nil,
		"where the parent decorates as well": {fx.Decorate(func(*database) *database { return &database{"of the parent"} })},
	} {
		child, err := c.NewChild(t.Context(), append(opts, container.NeedsLater(target))...)
		if err != nil {
			t.Fatal(name, err)
		}
		nested, err := child.NewChild(t.Context(), container.Needs(target), fx.Replace(&database{"fake"}))
		if err != nil {
			t.Fatal(name, err)
		}
		if err := errors.Join(nested.Call(target), nested.Close(nil)); err != nil {
			t.Error(name, err)
		}
		plain, err := child.NewChild(t.Context(), container.Needs(target))
		if err != nil {
			t.Fatal(name, err)
		}
		if err := plain.Call(target); err == nil {
			t.Error(name, "another nested child got the replacement")
		}
		_, err = child.NewChild(t.Context(), container.Needs(target), fx.Replace(database{"fake"}))
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "fx.Replace gives container_test.database") {
			t.Error(name, err)
		}
		if err := errors.Join(plain.Close(nil), child.Close(nil)); err != nil {
			t.Error(name, err)
		}
	}
}

func TestANestedChildThatItsParentDoesNotKnowGetsNoUndecoratedValue(t *testing.T) {
	t.Parallel()
	c := newContainer(t, stepped(new(journal))...)
	known, err := c.Target("known", func(*pool, *database) {})
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := c.Target("unknown", func(dsnHolder) {})
	if err != nil {
		t.Fatal(err)
	}
	child, err := c.NewChild(t.Context(), container.NeedsLater(known), fx.Decorate(func(db *database) *database { return db }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Close(nil) }()
	if _, err := child.NewChild(t.Context(), container.Needs(unknown)); err == nil || !strings.Contains(err.Error(), "NeedsLater of the same targets") {
		t.Error(err)
	}
}

func TestOneDecoratorForValuesOfTwoLifetimesIsRefused(t *testing.T) {
	t.Parallel()
	definitions := append(stepped(new(journal)), container.Provide("a", func() *resA { return nil }, container.PerStep()))
	err := openSteps(t, newContainer(t, definitions...), 1, func(*work, *resA) {},
		fx.Decorate(func(db *database, a *resA) (*database, *resA) { return db, a }))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "live per step") {
		t.Error(err)
	}
}

func TestFxEventsOfNestedChildrenGoToTheLoggerOfTheirParent(t *testing.T) {
	t.Parallel()
	heard := new(events)
	count := func(n int) int {
		*heard = events{}
		err := openSteps(t, newContainer(t, stepped(new(journal))...), n, func(*work) {}, fx.WithLogger(func() fxevent.Logger { return heard }))
		if err != nil {
			t.Fatal(err)
		}
		return heard.provided
	}
	if none, three := count(0), count(3); three <= none {
		t.Errorf("%d events with three steps, %d without one", three, none)
	}
}
