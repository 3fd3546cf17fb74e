package runs_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// gauge counts who is somewhere at the same time.
type gauge struct {
	mu        sync.Mutex
	now, most int
}

func (g *gauge) stay(duration time.Duration) {
	g.mu.Lock()
	g.now++
	g.most = max(g.most, g.now)
	g.mu.Unlock()
	time.Sleep(duration) // of the bubble's clock
	g.mu.Lock()
	g.now--
	g.mu.Unlock()
}

// slowManager has a manager's values take their places in a second.
type slowManager struct {
	iomanagers.IOManager       // for loads
	bytes                int64 // that it makes of a value
	naming               gauge

	mu     sync.Mutex
	named  map[string]bool
	refuse int    // so many commits fail
	before func() // is called by each commit; nil calls nobody
}

func (m *slowManager) has(asset string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.named[asset]
}

func (m *slowManager) Stages(manager iomanagers.IOManager) bool { return manager == m }

func (m *slowManager) Stage(_ context.Context, out iomanagers.Output, _ any) (iomanagers.Staged, error) {
	return slowStaged{m, out.Asset}, nil
}

func (m *slowManager) Store(ctx context.Context, out iomanagers.Output, value any) error {
	ready, err := m.Stage(ctx, out, value)
	if err != nil {
		return err
	}
	return ready.Commit()
}

type slowStaged struct {
	manager *slowManager
	asset   string
}

func (s slowStaged) Bytes() int64   { return s.manager.bytes }
func (s slowStaged) Discard() error { return nil }

func (s slowStaged) Commit() error {
	m := s.manager
	if m.before != nil {
		m.before()
	}
	m.naming.stay(time.Second)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse > 0 {
		m.refuse--
		return errors.New("the disk is full")
	}
	if m.named == nil {
		m.named = make(map[string]bool)
	}
	m.named[s.asset] = true
	return nil
}

// oneByOne is a manager around another one, with a Store of its own.
type oneByOne struct{ *slowManager }

func (m oneByOne) Store(ctx context.Context, out iomanagers.Output, value any) error {
	return m.slowManager.Store(ctx, out, value)
}

// fan are assets with one function.
func fan[T any](count int, function func() (T, error), opts ...assets.Option) []assets.Definition {
	list := make([]assets.Asset, count)
	for i := range list {
		list[i] = assets.New(fmt.Sprintf("part%02d", i), function, opts...)
	}
	return []assets.Definition{assets.Set(list...)}
}

// fanLauncher executes at most parallel steps at the same time.
func fanLauncher(t *testing.T, parallel int, manager iomanagers.IOManager, list []assets.Definition, resources ...container.Definition) *runs.Launcher {
	t.Helper()
	config := runs.LauncherConfig{IO: manager, Executor: runs.InProcess(runs.InProcessConfig{MaxParallel: parallel})}
	return newLauncher(t, config, append(memory(), resources...), list...)
}

func TestAStepThatWaitsForItsValueLetsAnotherOneBegin(t *testing.T) {
	t.Parallel()
	t.Run("but no more functions than allowed are called at the same time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var slow slowManager
			var functions gauge
			launcher := fanLauncher(t, 20, &slow, fan(60, func() (int, error) { functions.stay(time.Second); return 7, nil }))
			began := time.Now()
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			if functions.most != 20 || time.Since(began) != 4*time.Second {
				t.Errorf("%d functions at once, %s in all; want 20 and 4s", functions.most, time.Since(began))
			}
		})
	})

	t.Run("as long as no more than 32 wait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var slow slowManager
			launcher := fanLauncher(t, 2, &slow, fan(80, func() (int, error) { return 7, nil }))
			began := time.Now()
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			if slow.naming.most != 34 || time.Since(began) != 3*time.Second {
				t.Errorf("%d values at once, %s in all; want 34 and 3s", slow.naming.most, time.Since(began))
			}
		})
	})

	t.Run("and has succeeded only when the value has its place", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var slow slowManager
			launcher := fanLauncher(t, 2, &slow, fan(5, func() (int, error) { return 7, nil }))
			_, err := run(t, launcher, runs.Request{Selection: "*", Observe: func(event history.Event) {
				if succeeded, ok := event.Data.(history.StepSucceeded); ok && !slow.has(succeeded.Step) {
					t.Errorf("%s has succeeded, and its value has no place", succeeded.Step)
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
		})
	})

	t.Run("and keeps its place in a pool", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var slow slowManager
			launcher := fanLauncher(t, 4, &slow, fan(5, func() (int, error) { return 7, nil }, assets.Pool("disk")))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			if slow.naming.most != 1 {
				t.Errorf("%d values at once, want 1", slow.naming.most)
			}
		})
	})

	t.Run("and its value is not kept in memory", func(t *testing.T) {
		t.Parallel()
		var slow slowManager
		var value weak.Pointer[[]string]
		slow.before = func() {
			runtime.GC()
			if value.Value() != nil {
				t.Error("the value is still in memory while what was made of it takes its place")
			}
		}
		launcher := fanLauncher(t, 2, &slow, fan(1, func() (*[]string, error) {
			made := &[]string{strings.Repeat("x", 100)}
			value = weak.Make(made)
			return made, nil
		}))
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAStepKeepsItsSlotWhileItsValueIsStored(t *testing.T) {
	t.Parallel()
	type one struct {
		fx.Out
		A int    `name:"one/a"`
		B string `name:"one/b"`
	}
	type two struct {
		fx.Out
		A int    `name:"two/a"`
		B string `name:"two/b"`
	}
	type three struct {
		fx.Out
		A int    `name:"three/a"`
		B string `name:"three/b"`
	}
	small := func() (int, error) { return 7, nil }
	for name, test := range map[string]struct {
		parallel  int
		list      []assets.Definition
		bytes     int64 // that the manager makes of a value
		wrapped   bool  // the manager
		resources []container.Definition
	}{
		"if one step is executed after the other": {parallel: 1, list: fan(6, small)},
		"if the value is large":                   {parallel: 2, list: fan(6, small), bytes: 1<<20 + 1},
		"if an IO manager has a Store of its own": {parallel: 2, list: fan(6, small), wrapped: true},
		"if it has resources of its own": {
			parallel: 2, list: []assets.Definition{assets.Set(
				assets.New("a", func(*cache) int { return 1 }), assets.New("b", func(*cache) int { return 1 }),
				assets.New("c", func(*cache) int { return 1 }), assets.New("d", func(*cache) int { return 1 }),
			)},
			resources: []container.Definition{container.Provide("cache", func() *cache { return new(cache) }, container.PerStep())},
		},
		"if it makes several values": {parallel: 2, list: []assets.Definition{
			assets.New("one", func() one { return one{} }), assets.New("two", func() two { return two{} }), assets.New("three", func() three { return three{} }),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var slow slowManager
				slow.bytes = test.bytes
				var manager iomanagers.IOManager = &slow
				if test.wrapped {
					manager = oneByOne{&slow}
				}
				launcher := fanLauncher(t, test.parallel, manager, test.list, test.resources...)
				if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
					t.Fatal(err)
				}
				if slow.naming.most > test.parallel {
					t.Errorf("%d values at once, want at most %d", slow.naming.most, test.parallel)
				}
			})
		})
	}
}

func TestAStreamCountsAsExecutedWhileItIsRead(t *testing.T) {
	t.Parallel()
	values, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var bodies gauge
		launcher := fanLauncher(t, 3, values, fan(12, func() (iter.Seq2[int, error], error) {
			return func(yield func(int, error) bool) {
				bodies.stay(time.Second)
				yield(7, nil)
			}, nil
		}))
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		if bodies.most != 3 {
			t.Errorf("%d streams were read at once, want 3", bodies.most)
		}
	})
}

func TestAFailedStoreWithRetries(t *testing.T) {
	t.Parallel()
	t.Run("calls no more functions at the same time than allowed", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			const steps = 80 // more than may wait
			slow := slowManager{refuse: steps}
			var functions gauge
			launcher := fanLauncher(t, 2, &slow, fan(steps, func() (int, error) { functions.stay(time.Millisecond); return 7, nil }, assets.Retry(steps, nil)))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			if functions.most != 2 {
				t.Errorf("%d functions at once, want 2", functions.most)
			}
		})
	})

	t.Run("ends with the run that is cancelled meanwhile", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			slow := slowManager{refuse: 40}
			var functions gauge
			var calls atomic.Int32
			launcher := fanLauncher(t, 2, &slow, fan(40, func() (int, error) {
				duration := time.Millisecond
				if calls.Add(1) > 40 {
					duration = time.Minute // so that other steps wait for a slot to be tried again
				}
				functions.stay(duration)
				return 7, nil
			}, assets.Retry(3, nil)))
			handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			handle.Cancel("enough")
			_ = handle.Wait(t.Context())
			if handle.Status() != history.StatusCancelled {
				t.Errorf("the run is %s", handle.Status())
			}
		})
	})

	t.Run("fails its step alone without them", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			slow := slowManager{refuse: 1}
			launcher := fanLauncher(t, 2, &slow, fan(10, func() (int, error) { return 7, nil }))
			record, err := run(t, launcher, runs.Request{Selection: "*"})
			if err == nil || len(slow.named) != 9 {
				t.Errorf("%d values are stored, and the run says %v; want 9, and why one is not", len(slow.named), err)
			}
			failed := 0
			for _, step := range record.Steps {
				if step.Status == history.StepStatusFailed {
					failed++
				}
			}
			if failed != 1 {
				t.Errorf("%d steps have failed, want 1", failed)
			}
		})
	})
}
