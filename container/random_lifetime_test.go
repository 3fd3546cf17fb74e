package container_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"go.uber.org/fx"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/container"
)

// tieredGraph is a random graph of resources of all lifetimes, in which each
// needs only what lives at least as long.
type tieredGraph struct {
	needs     [][]int
	lifetimes []container.Lifetime
	users     [][]int
	faulty    []mishap
	errs      []error

	mu       sync.Mutex
	live     []int // instances that have started and not stopped
	made     []int // instances constructed since the scope began, by lifetime's scope
	happened []error
	wrong    []string
}

func drawTieredGraph(t *rapid.T) *tieredGraph {
	n := rapid.IntRange(1, 200).Draw(t, "n")
	g := &tieredGraph{live: make([]int, n), made: make([]int, n), users: make([][]int, n)}
	chance := rapid.IntRange(0, 2).Draw(t, "chance of a mishap, in hundredths")
	for i := range n {
		lifetime := container.Lifetime(rapid.IntRange(int(container.LifetimeProcess), int(container.LifetimeStep)).Draw(t, "lifetime"))
		var needs []int
		for range rapid.IntRange(0, min(i, 3)).Draw(t, "needs") {
			need := rapid.IntRange(0, i-1).Draw(t, "need")
			if g.lifetimes[need] <= lifetime && (len(needs) == 0 || needs[len(needs)-1] < need) {
				needs = append(needs, need)
				g.users[need] = append(g.users[need], i)
			}
		}
		fault := none
		if rapid.IntRange(1, 100).Draw(t, "breaks") <= chance {
			fault = rapid.SampledFrom([]mishap{constructorError, constructorPanic, startError, startPanic, stopError}).Draw(t, "mishap")
		}
		g.lifetimes, g.needs, g.faulty = append(g.lifetimes, lifetime), append(g.needs, needs), append(g.faulty, fault)
		g.errs = append(g.errs, fmt.Errorf("error of %s", partKey(i)))
	}
	return g
}

func (g *tieredGraph) complain(format string, args ...any) {
	g.wrong = append(g.wrong, fmt.Sprintf(format, args...))
}

// happens makes a mishap happen.
func (g *tieredGraph) happens(i int, returns, panics mishap) error {
	switch g.faulty[i] {
	case returns:
		g.happened = append(g.happened, g.errs[i])
		return g.errs[i]
	case panics:
		g.happened = append(g.happened, g.errs[i])
		panic(g.errs[i])
	default:
		return nil
	}
}

func (g *tieredGraph) definitions() []container.Definition {
	lives := map[container.Lifetime]container.Option{
		container.LifetimeProcess: container.PerProcess(), container.LifetimeRun: container.PerRun(), container.LifetimeStep: container.PerStep(),
	}
	var definitions []container.Definition
	for i := range g.needs {
		definitions = append(definitions, makeResource(i, g.needs[i], func(lc fx.Lifecycle) error {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.made[i]++; g.made[i] > 1 {
				g.complain("%s was constructed %d times in one %s", partKey(i), g.made[i], g.lifetimes[i])
			}
			for _, need := range g.needs[i] {
				if g.live[need] != 1 {
					g.complain("%s was constructed with %d instances of %s", partKey(i), g.live[need], partKey(need))
				}
			}
			lc.Append(fx.Hook{
				OnStart: func(context.Context) error {
					g.mu.Lock()
					defer g.mu.Unlock()
					if err := g.happens(i, startError, startPanic); err != nil {
						return err
					}
					g.live[i]++
					return nil
				},
				OnStop: func(context.Context) error {
					g.mu.Lock()
					defer g.mu.Unlock()
					g.live[i]--
					for _, user := range g.users[i] {
						if g.live[user] > 0 {
							g.complain("%s was stopped before %s", partKey(i), partKey(user))
						}
					}
					return g.happens(i, stopError, mishaps)
				},
			})
			return g.happens(i, constructorError, constructorPanic)
		}, lives[g.lifetimes[i]]))
	}
	return definitions
}

// begin forgets what was made in scopes of a lifetime and of shorter ones. A
// resource that did not start may be made again by the next.
func (g *tieredGraph) begin(lifetime container.Lifetime) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.made {
		if g.lifetimes[i] >= lifetime || g.live[i] == 0 {
			g.made[i] = 0
		}
	}
}

func TestLifetimesHoldInRandomGraphs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawTieredGraph(t)
		c, err := container.New(g.definitions()...)
		if err != nil {
			t.Fatal(err)
		}
		var errs []error
		var opts []fx.Option
		if rapid.Bool().Draw(t, "with fx options") {
			opts = append(opts, fx.Supply(uint8(3)))
		}
		for range rapid.IntRange(1, 3).Draw(t, "runs") {
			target := g.target(t, c)
			g.begin(container.LifetimeRun)
			child, err := c.NewChild(context.Background(), append(opts, container.NeedsLater(target))...)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			for range rapid.IntRange(0, 3).Draw(t, "steps") {
				g.begin(container.LifetimeStep)
				nested, err := child.NewChild(context.Background(), container.Needs(target))
				if err != nil {
					errs = append(errs, err)
					continue
				}
				errs = append(errs, nested.Call(target))
				if rapid.Bool().Draw(t, "closed by itself") {
					errs = append(errs, nested.Close(nil))
				} else {
					break // the run closes it
				}
			}
			errs = append(errs, child.Close(nil))
		}
		errs = append(errs, c.Close())
		all := errors.Join(errs...)
		for _, wrong := range g.wrong {
			t.Error(wrong)
		}
		for i, live := range g.live {
			if live != 0 {
				t.Errorf("%d instances of %s are left", live, partKey(i))
			}
		}
		for _, happened := range g.happened {
			if !errors.Is(all, happened) {
				t.Errorf("%v is lost in %v", happened, all)
			}
		}
		if all != nil && len(g.happened) == 0 {
			t.Errorf("nothing went wrong, but there is an error: %v", all)
		}
	})
}

// target needs some of the resources.
func (g *tieredGraph) target(t *rapid.T, c *container.Container) *container.Target {
	wanted := rapid.SliceOfNDistinct(rapid.IntRange(0, len(g.needs)-1), 1, 5, rapid.ID).Draw(t, "targets")
	target, err := c.Target("the step", needing(wanted))
	if err != nil {
		t.Fatal(err)
	}
	return target
}
