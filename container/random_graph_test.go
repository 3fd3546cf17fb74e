package container_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"go.uber.org/fx"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/container"
)

// mishap is what goes wrong in a resource of a random graph.
type mishap int

const (
	none mishap = iota
	constructorError
	constructorPanic
	constructorExit
	startError
	startPanic
	startExit
	stopError
	stopPanic
	mishaps
)

// randomGraph is a graph with everything that is to go wrong in it, and a
// record of what did happen.
type randomGraph struct {
	needs  [][]int
	faults []mishap
	errs   []error
	limit  int

	mu          sync.Mutex
	constructed []int
	started     []int // times that the start hook returned nil
	stopped     []int
	starting    int
	happened    []error
	wrong       []string
	cancelAfter int // hooks and constructors
	cancel      context.CancelFunc
	cancelled   bool
}

func drawGraph(t *rapid.T) *randomGraph {
	n := rapid.IntRange(1, 200).Draw(t, "n")
	g := &randomGraph{
		constructed: make([]int, n), started: make([]int, n), stopped: make([]int, n),
		limit:       rapid.IntRange(1, 8).Draw(t, "limit"),
		cancelAfter: -1,
	}
	breaks := rapid.IntRange(0, 3).Draw(t, "chance of a mishap, in tenths")
	for i := range n {
		var needs []int
		if i > 0 {
			needs = rapid.SliceOfNDistinct(rapid.IntRange(0, i-1), 0, min(i, 4), rapid.ID).Draw(t, "needs")
		}
		g.needs = append(g.needs, needs)
		fault := none
		if rapid.IntRange(1, 30).Draw(t, "breaks") <= breaks {
			fault = mishap(rapid.IntRange(1, int(mishaps)-1).Draw(t, "mishap"))
		}
		g.faults = append(g.faults, fault)
		g.errs = append(g.errs, fmt.Errorf("error of %s", partKey(i)))
	}
	if rapid.Bool().Draw(t, "cancel") {
		g.cancelAfter = rapid.IntRange(0, 3*n).Draw(t, "cancel after")
	}
	return g
}

func (g *randomGraph) complain(format string, args ...any) {
	g.wrong = append(g.wrong, fmt.Sprintf(format, args...))
}

// step locks the record and cancels when it is time to.
func (g *randomGraph) step() func() {
	runtime.Gosched() // let others in between
	g.mu.Lock()
	if g.cancelAfter == 0 {
		g.cancel()
		g.cancelled = true
	}
	g.cancelAfter--
	return g.mu.Unlock
}

func (g *randomGraph) definitions() []container.Definition {
	var definitions []container.Definition
	for i := range g.needs {
		definitions = append(definitions, makeResource(i, g.needs[i], func(lc fx.Lifecycle) error {
			defer g.step()()
			g.constructed[i]++
			for _, need := range g.needs[i] {
				if g.started[need] != 1 || g.stopped[need] != 0 {
					g.complain("%s was constructed while %s was not running", partKey(i), partKey(need))
				}
			}
			lc.Append(fx.Hook{
				OnStart: func(context.Context) error { return g.start(i) },
				OnStop:  func(context.Context) error { return g.stop(i) },
			})
			return g.fail(i, constructorError, constructorPanic, constructorExit)
		}))
	}
	return definitions
}

func (g *randomGraph) start(i int) error {
	func() {
		defer g.step()()
		if g.starting++; g.starting > g.limit {
			g.complain("%d start at once", g.starting)
		}
	}()
	defer g.step()()
	g.starting--
	if err := g.fail(i, startError, startPanic, startExit); err != nil {
		return err
	}
	g.started[i]++
	return nil
}

func (g *randomGraph) stop(i int) error {
	defer g.step()()
	g.stopped[i]++
	if g.started[i] != 1 {
		g.complain("%s was stopped but had not started", partKey(i))
	}
	for user, needs := range g.needs {
		if slices.Contains(needs, i) && g.started[user] > g.stopped[user] {
			g.complain("%s was stopped before %s", partKey(i), partKey(user))
		}
	}
	return g.fail(i, stopError, stopPanic, mishaps)
}

func (g *randomGraph) fail(i int, returns, panics, exits mishap) error {
	switch g.faults[i] {
	case returns:
		g.happened = append(g.happened, g.errs[i])
		return g.errs[i]
	case panics:
		g.happened = append(g.happened, g.errs[i])
		panic(g.errs[i])
	case exits:
		g.happened = append(g.happened, nil) // there is no error of its own
		runtime.Goexit()
	}
	return nil
}

// closure is what the targets need.
func (g *randomGraph) closure(targets []int) map[int]bool {
	needed := make(map[int]bool)
	var visit func(int)
	visit = func(i int) {
		if !needed[i] {
			needed[i] = true
			for _, need := range g.needs[i] {
				visit(need)
			}
		}
	}
	for _, target := range targets {
		visit(target)
	}
	return needed
}

func TestGuaranteesHoldInRandomGraphs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		var keys []string
		targets := rapid.SliceOfNDistinct(rapid.IntRange(0, len(g.needs)-1), 1, 5, rapid.ID).Draw(t, "targets")
		for _, target := range targets {
			keys = append(keys, partKey(target))
		}
		var ctx context.Context
		ctx, g.cancel = context.WithCancel(context.Background())
		defer g.cancel()
		var order, reverse []string
		opts := []fx.Option{
			container.MaxStarts(g.limit), container.NeedsResources(keys...),
			container.Observe(func(e container.Event) {
				switch e.Phase {
				case container.PhaseStarted:
					order = append(order, e.Resource)
				case container.PhaseStopping:
					reverse = append(reverse, e.Resource)
				}
			}),
		}
		if rapid.Bool().Draw(t, "with fx options") {
			opts = append(opts, fx.Supply(uint8(3)))
		}
		definitions := g.definitions()
		if rapid.Bool().Draw(t, "defined in reverse") {
			slices.Reverse(definitions)
		}
		c, err := container.New(definitions...)
		if err != nil {
			t.Fatal(err)
		}
		worked := false
		err = c.Invoke(ctx, func() { worked = true }, opts...)
		g.check(t, g.closure(targets), err, worked)
		started := slices.DeleteFunc(slices.Clone(order), func(key string) bool { return !slices.Contains(reverse, key) })
		slices.Reverse(started)
		if !slices.Equal(started, reverse) {
			t.Errorf("started in the order %v, stopped in %v", order, reverse)
		}
	})
}

func (g *randomGraph) check(t *rapid.T, needed map[int]bool, err error, worked bool) {
	for _, wrong := range g.wrong {
		t.Error(wrong)
	}
	for i := range g.needs {
		switch {
		case g.constructed[i] > 1:
			t.Errorf("%s was constructed %d times", partKey(i), g.constructed[i])
		case g.constructed[i] > 0 && !needed[i]:
			t.Errorf("%s was constructed, but nothing needs it", partKey(i))
		case needed[i] && worked && g.started[i] == 0:
			t.Errorf("%s is needed and was not started", partKey(i))
		case g.started[i] != g.stopped[i]:
			t.Errorf("%s was started %d times and stopped %d times", partKey(i), g.started[i], g.stopped[i])
		}
	}
	for _, happened := range g.happened {
		if happened != nil && !errors.Is(err, happened) {
			t.Errorf("%v is lost in %v", happened, err)
		}
	}
	if err == nil && len(g.happened) > 0 {
		t.Error("no error, though something went wrong")
	}
	if err != nil && len(g.happened) == 0 && (!g.cancelled || !errors.Is(err, context.Canceled)) {
		t.Errorf("nothing went wrong, but there is an error: %v", err)
	}
	if !worked && err == nil {
		t.Error("the function was not called, but there is no error")
	}
}
