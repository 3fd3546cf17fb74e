package container_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// sleeps is a start hook that takes some time.
func sleeps(j *journal, name string, length time.Duration) fx.Hook {
	return fx.Hook{
		OnStart: func(context.Context) error { time.Sleep(length); j.note("started %s", name); return nil },
		OnStop:  func(context.Context) error { j.note("stopped %s", name); return nil },
	}
}

func TestNobodyWaitsForWhatLivesPerProcessAndIsNotNeeded(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		target any
		took   time.Duration
	}{
		"nothing":                       {func() {}, 0},
		"a supplied value":              {func(string) {}, 0},
		"another one":                   {func(*resB) {}, 0},
		"another one with a need":       {func(*resC) {}, 0},
		"one for each run":              {func(*dbSession) {}, 0},
		"the slow one":                  {func(*resA) {}, 10 * time.Second},
		"one that needs the slow one":   {func(*resD) {}, 10 * time.Second},
		"the slow one and another one":  {func(*resA, *resB) {}, 10 * time.Second},
		"a slow constructor's resource": {func(*dbTx) {}, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := new(journal)
				c := newContainer(t,
					container.Supply("text", "text"),
					container.Provide("a", func(lc fx.Lifecycle) *resA { lc.Append(sleeps(j, "a", 10*time.Second)); return nil }, container.PerProcess()),
					container.Provide("b", func(lc fx.Lifecycle) *resB { j.hooks(lc, "b"); return nil }, container.PerProcess()),
					container.Provide("c", func(lc fx.Lifecycle, _ string, _ *resB) *resC { j.hooks(lc, "c"); return nil }, container.PerProcess()),
					container.Provide("d", func(lc fx.Lifecycle, _ *resA) *resD { j.hooks(lc, "d"); return nil }, container.PerProcess()),
					container.Provide("session", func(string) *dbSession { return nil }),
					container.Provide("slowly", func() *dbTx { time.Sleep(10 * time.Second); return nil }, container.PerProcess()))
				var slow sync.WaitGroup
				slow.Go(func() {
					if err := c.Invoke(t.Context(), func(*resA, *dbTx) {}); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
				began := time.Now()
				if err := c.Invoke(t.Context(), test.target); err != nil || time.Since(began) != test.took {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
				slow.Wait()
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestChildrenThatWaitForOneStartShareItsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var attempts atomic.Int32
		c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
			lc.Append(fx.StartHook(func() error { attempts.Add(1); time.Sleep(2 * time.Second); return errBoom }))
			return nil
		}, container.PerProcess()))
		began := time.Now()
		var children sync.WaitGroup
		for range 5 {
			children.Go(func() {
				if err := c.Invoke(t.Context(), func(*resA) {}); !errors.Is(err, errBoom) || time.Since(began) != 2*time.Second {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
			})
		}
		children.Wait()
		if got := attempts.Load(); got != 1 {
			t.Errorf("%d attempts", got)
		}
		if err := c.Invoke(t.Context(), func(*resA) {}); !errors.Is(err, errBoom) || attempts.Load() != 2 {
			t.Errorf("after %d attempts: %v", attempts.Load(), err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// It counts goroutines, so no other test may run beside it.
func TestWhoGivesUpWaitingLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
			lc.Append(fx.StartHook(func() { <-release }))
			return nil
		}, container.PerProcess(), container.StartTimeout(time.Hour)))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var events atomic.Int32
		call := func() {
			err := c.Invoke(ctx, func(*resA) {}, container.Observe(func(container.Event) { events.Add(1) }))
			if want := "waiting for resource a, which lives per process: context deadline exceeded"; fmt.Sprint(err) != want {
				t.Errorf("got %v", err)
			}
		}
		go call() // which begins the start
		synctest.Wait()
		before := runtime.NumGoroutine()
		var callers sync.WaitGroup
		for range 200 {
			callers.Go(call)
		}
		callers.Wait()
		synctest.Wait()
		if after := runtime.NumGoroutine(); after > before+20 { // Go itself may have started some
			t.Errorf("%d goroutines, and %d after the callers", before, after)
		}
		told := events.Load()
		close(release)
		if err := errors.Join(c.Invoke(t.Context(), func(*resA) {}), c.Close()); err != nil {
			t.Error(err)
		}
		if events.Load() != told {
			t.Error("an observer was called after its child had been given up")
		}
	})
}

func TestMaxStartsBoundsWhatLivesPerProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		definitions := make([]container.Definition, 6)
		for i := range definitions {
			definitions[i] = makeResource(i, nil, func(lc fx.Lifecycle) error {
				lc.Append(fx.StartHook(func() { time.Sleep(time.Second) }))
				return nil
			}, container.PerProcess())
		}
		c := newContainer(t, definitions...)
		began := time.Now()
		closeChild(t, newChild(t, c, needAll(c), container.MaxStarts(2)))
		if got := time.Since(began); got != 3*time.Second {
			t.Errorf("it took %s", got)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestNothingMoreThatLivesPerProcessIsBegunAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal)
		c := newContainer(t,
			container.Provide("a", func(lc fx.Lifecycle) *resA { lc.Append(sleeps(j, "a", time.Second)); return nil }, container.PerProcess()),
			container.Provide("b", func(lc fx.Lifecycle) (*resB, error) { return nil, errBoom }, container.PerProcess()),
			container.Provide("c", func(lc fx.Lifecycle, _ *resA) *resC { j.hooks(lc, "c"); return nil }, container.PerProcess()))
		err := c.Invoke(t.Context(), func(*resC, *resB) {})
		if !errors.Is(err, errBoom) || fmt.Sprint(err) != "constructing resource b: boom" {
			t.Errorf("got %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		j.want(t, "started a", "stopped a")
	})
}

type countedConfig struct {
	Table string `default:"orders"`
}

var validations sync.Map // the table of a countedConfig -> *atomic.Int32

func (c countedConfig) Validate() error {
	count, _ := validations.LoadOrStore(c.Table, new(atomic.Int32))
	count.(*atomic.Int32).Add(1)
	return nil
}

func TestStartReadsEachConfigOnce(t *testing.T) {
	t.Parallel()
	j := new(journal)
	count := func(table string) int32 {
		count, _ := validations.LoadOrStore(table, new(atomic.Int32))
		return count.(*atomic.Int32).Load()
	}
	checked := container.New
	c, err := checked(
		container.Provide("pool", func(lc fx.Lifecycle, _ countedConfig) *dbPool { j.hooks(lc, "pool"); return nil },
			container.Config(countedConfig{Table: "of the process"}), container.PerProcess(), container.Eager()),
		container.Provide("session", func(lc fx.Lifecycle, _ countedConfig, _ *dbPool) *dbSession { j.hooks(lc, "session"); return nil },
			container.Config(countedConfig{Table: "of the run"}), container.Eager()))
	if err != nil {
		t.Fatal(err)
	}
	before, beforeRun := count("of the process"), count("of the run")
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := count("of the process") - before; got != 1 {
		t.Errorf("the config that is needed was validated %d times", got)
	}
	if got := count("of the run") - beforeRun; got != 0 {
		t.Errorf("the config that is not needed was validated %d times", got)
	}
	if err := c.Invoke(t.Context(), func() {}); err != nil {
		t.Fatal(err)
	}
	if got := count("of the process") - before; got != 1 {
		t.Errorf("after a child the config was validated %d times", got)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	j.want(t, "new pool", "start pool", "new session", "start session", "stop session", "stop pool")
}

func TestAHookThatOpensAChild(t *testing.T) {
	t.Parallel()
	opens := func(t *testing.T, c **container.Container, j *journal, target any) func(context.Context) error {
		return func(context.Context) error {
			began := time.Now()
			err := (*c).Invoke(t.Context(), target)
			j.note("after %s: %v", time.Since(began), err)
			return err
		}
	}
	const refused = "starting resource pool: it is asked for by its own start, which would wait for itself"
	for name, test := range map[string]struct {
		target any
		want   []string
	}{
		"of nothing":                {func() {}, []string{"after 0s: <nil>"}},
		"of what lives per run":     {func(uint8) {}, []string{"after 0s: <nil>"}},
		"of another process's":      {func(*resB) {}, []string{"new b", "start b", "after 0s: <nil>", "stop b"}},
		"of itself":                 {func(*dbPool) {}, []string{"after 0s: " + refused}},
		"of what needs itself":      {func(*dbSession) {}, []string{"after 0s: " + refused}},
		"of what another hook asks": {func(*dbTx) {}, []string{"after 0s: " + refused, "after 0s: starting resource other: " + refused}},
	} {
		for place, inConstructor := range map[string]bool{"a start hook": false, "a constructor": true, "a function of Around": false} {
			t.Run(place+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					j := new(journal)
					var c *container.Container
					open := opens(t, &c, j, test.target)
					c = newContainer(t,
						container.Provide("pool", func(lc fx.Lifecycle) (*dbPool, error) {
							switch {
							case inConstructor:
								return nil, open(t.Context())
							case place == "a function of Around":
								container.Around(lc, func(ctx context.Context, yield func() error) error {
									if err := open(ctx); err != nil {
										return err
									}
									return yield()
								})
							default:
								lc.Append(fx.StartHook(open))
							}
							return nil, nil
						}, container.PerProcess()),
						container.Provide("b", func(lc fx.Lifecycle) *resB { j.hooks(lc, "b"); return nil }, container.PerProcess()),
						container.Provide("run", func() uint8 { return 1 }),
						container.Provide("session", func(*dbPool) *dbSession { return nil }),
						container.Provide("other", func(lc fx.Lifecycle) *dbTx {
							lc.Append(fx.StartHook(opens(t, &c, j, func(*dbPool) {})))
							return nil
						}, container.PerProcess()))
					began := time.Now()
					err := c.Invoke(t.Context(), func(*dbPool) {})
					if took := time.Since(began); took != 0 || (err != nil) != strings.Contains(strings.Join(test.want, ""), refused) {
						t.Errorf("after %s: %v", took, err)
					}
					if err := c.Close(); err != nil {
						t.Error(err)
					}
					if diff := cmp.Diff(test.want, j.all()); diff != "" {
						t.Error(diff)
					}
				})
			})
		}
	}
}

func TestAChildOfAHookIsRefusedWhatTheHookStarts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c *container.Container
		c = newContainer(t,
			container.Provide("pool", func(lc fx.Lifecycle) *dbPool {
				lc.Append(fx.StartHook(func() error { return c.Invoke(t.Context(), func(*dbSession) {}) }))
				return nil
			}, container.PerProcess()),
			container.Provide("session", func(lc fx.Lifecycle) *dbSession { // it does not need the pool, but its hook does
				lc.Append(fx.StartHook(func() error { return c.Invoke(context.Background(), func(*dbPool) {}) }))
				return nil
			}))
		began := time.Now()
		err := c.Invoke(t.Context(), func(*dbPool) {})
		if took := time.Since(began); took != 0 || err == nil || !strings.Contains(err.Error(), "which would wait for itself") {
			t.Errorf("after %s: %v", took, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestProcessStartsInRandomOrder(t *testing.T) {
	t.Parallel()
	j := new(journal)
	var definitions []container.Definition
	for i := range 40 {
		var needs []int
		for _, need := range []int{i / 2, i / 3} {
			if need < i && !slices.Contains(needs, need) {
				needs = append(needs, need)
			}
		}
		definitions = append(definitions, makeResource(i, needs, func(lc fx.Lifecycle) error { j.hooks(lc, partKey(i)); return nil }, container.PerProcess()))
	}
	c := newContainer(t, definitions...)
	var children sync.WaitGroup
	for i := range 40 {
		children.Go(func() {
			if err := c.Invoke(context.Background(), needing([]int{39 - i})); err != nil {
				t.Error(err)
			}
		})
	}
	children.Wait()
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	started, stopped := j.matching("start "), j.matching("stop ")
	slices.Reverse(stopped)
	if len(started) != 40 || len(stopped) != 40 || len(j.matching("new ")) != 40 {
		t.Errorf("got %q", j.all())
	}
}
