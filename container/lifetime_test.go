package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

type (
	dbPool    struct{ number int }
	dbSession struct{ pool *dbPool }
	dbTx      struct{ session *dbSession }
)

// tiers is a resource of each lifetime, one upon the other.
func (j *journal) tiers(options ...container.Option) []container.Definition {
	var mu sync.Mutex
	pools := 0
	return []container.Definition{
		container.Provide("pool", func(lc fx.Lifecycle) *dbPool {
			mu.Lock()
			defer mu.Unlock()
			pools++
			j.hooks(lc, "pool")
			return &dbPool{pools}
		}, append([]container.Option{container.PerProcess()}, options...)...),
		container.Provide("session", func(lc fx.Lifecycle, p *dbPool) *dbSession { j.hooks(lc, "session"); return &dbSession{p} }),
		container.Provide("transaction", func(lc fx.Lifecycle, s *dbSession) *dbTx {
			j.hooks(lc, "transaction")
			return &dbTx{s}
		}, container.PerStep()),
	}
}

func TestResourcesThatLivePerProcess(t *testing.T) {
	t.Parallel()

	t.Run("start with the first child that needs them, and stop with the container", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		c := newContainer(t, j.tiers()...)
		if err := c.Invoke(t.Context(), func() {}); err != nil {
			t.Fatal(err)
		}
		j.want(t)
		for range 2 {
			if err := c.Invoke(t.Context(), func(s *dbSession) { j.note("pool %d", s.pool.number) }); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Fatal(err)
		}
		j.want(t, "new pool", "start pool", "new session", "start session", "pool 1", "stop session",
			"new session", "start session", "pool 1", "stop session", "stop pool")
		if err := c.Invoke(t.Context(), func(*dbPool) {}); !errors.Is(err, container.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})

	t.Run("are one for any number of children at once", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		c := newContainer(t, j.tiers()...)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := c.Invoke(context.Background(), func(p *dbPool) error {
					if p.number != 1 {
						return fmt.Errorf("pool %d", p.number)
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		j.want(t, "new pool", "start pool", "stop pool")
	})

	t.Run("are tried anew by the next child where their start went wrong", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		attempts := 0
		c := newContainer(t, container.Provide("pool", func(lc fx.Lifecycle) *dbPool {
			j.hooks(lc, "pool")
			lc.Append(fx.StartHook(func() error {
				if attempts++; attempts == 1 {
					return errBoom
				}
				return nil
			}))
			return &dbPool{attempts}
		}, container.PerProcess()))
		if err := c.Invoke(t.Context(), func(*dbPool) {}); !errors.Is(err, errBoom) {
			t.Errorf("got %v", err)
		}
		j.want(t, "new pool", "start pool", "stop pool")
		if err := errors.Join(c.Invoke(t.Context(), func(*dbPool) {}), c.Close()); err != nil {
			t.Error(err)
		}
		j.want(t, "new pool", "start pool", "stop pool", "new pool", "start pool", "stop pool")
	})

	t.Run("go on starting when the child that waits is cancelled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			started := make(chan struct{})
			c := newContainer(t, container.Provide("pool", func(lc fx.Lifecycle) *dbPool {
				lc.Append(fx.StartHook(func(ctx context.Context) error {
					select {
					case <-time.After(5 * time.Second):
						close(started)
						return nil
					case <-ctx.Done():
						return ctx.Err()
					}
				}))
				return &dbPool{}
			}, container.PerProcess()))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			if err := c.Invoke(ctx, func(*dbPool) {}); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
			if err := c.Invoke(t.Context(), func(*dbPool) {}); err != nil {
				t.Error(err)
			}
			<-started
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	})

	t.Run("are not started by a child that replaces them", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		c := newContainer(t, j.tiers()...)
		err := c.Invoke(t.Context(), func(s *dbSession) { j.note("pool %d", s.pool.number) }, fx.Replace(&dbPool{42}))
		if err != nil {
			t.Fatal(err)
		}
		j.want(t, "new session", "start session", "pool 42", "stop session")
		if err := c.Invoke(t.Context(), func(s *dbSession) { j.note("pool %d", s.pool.number) }, fx.Supply(uint8(1))); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(j.all(), "pool 1") {
			t.Errorf("got %q", j.all())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})

	t.Run("stop after the children that use them, last first", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		c := newContainer(t,
			container.Provide("a", func(lc fx.Lifecycle) *dbPool { j.hooks(lc, "a"); return &dbPool{} }, container.PerProcess()),
			container.Provide("b", func(lc fx.Lifecycle, _ *dbPool) *dbSession { j.hooks(lc, "b"); return &dbSession{} }, container.PerProcess()))
		if err := errors.Join(c.Invoke(t.Context(), func(*dbPool) {}), c.Invoke(t.Context(), func(*dbSession) {}), c.Close()); err != nil {
			t.Fatal(err)
		}
		j.want(t, "new a", "start a", "new b", "start b", "stop b", "stop a")
	})
}

func TestNestedChildren(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, j *journal, opts ...fx.Option) (*container.Container, *container.Child, *container.Target) {
		t.Helper()
		c := newContainer(t, j.tiers()...)
		target, err := c.Target("the step", func(tx *dbTx, s *dbSession) {
			j.note("in %p of %p", tx, s)
			if tx.session != s {
				t.Error("the step sees two sessions")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		child, err := c.NewChild(t.Context(), append(opts, container.NeedsLater(target))...)
		if err != nil {
			t.Fatal(err)
		}
		return c, child, target
	}

	t.Run("have their own of what lives per step, and share the rest", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		c, child, target := open(t, j)
		for range 2 {
			nested, err := child.NewChild(t.Context(), container.Needs(target))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(nested.Call(target), nested.Close(nil)); err != nil {
				t.Error(err)
			}
		}
		if err := errors.Join(child.Close(nil), c.Close()); err != nil {
			t.Error(err)
		}
		lines := slices.DeleteFunc(j.all(), func(line string) bool { return strings.HasPrefix(line, "in ") })
		want := []string{
			"new pool", "start pool", "new session", "start session",
			"new transaction", "start transaction", "stop transaction", "new transaction", "start transaction", "stop transaction",
			"stop session", "stop pool",
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("that are open are closed first", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		c, child, target := open(t, j)
		if _, err := child.NewChild(t.Context(), container.Needs(target)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(child.Close(nil), c.Close()); err != nil {
			t.Error(err)
		}
		if lines := j.all(); !slices.Equal(lines[len(lines)-3:], []string{"stop transaction", "stop session", "stop pool"}) {
			t.Errorf("got %q", lines)
		}
		if nested, err := child.NewChild(t.Context(), container.Needs(target)); err == nil || nested != nil {
			t.Error("a closed child opens another")
		}
		if lines := j.all(); strings.Count(strings.Join(lines, "\n"), "start transaction") != strings.Count(strings.Join(lines, "\n"), "stop transaction") {
			t.Errorf("got %q", lines)
		}
	})

	t.Run("are under the options of their parent", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		fake := &dbTx{session: &dbSession{}}
		c := newContainer(t, j.tiers()...)
		target, err := c.Target("the step", func(tx *dbTx) {
			if tx != fake {
				t.Error("the fake is not passed on")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		child, err := c.NewChild(t.Context(), container.NeedsLater(target), fx.Decorate(func() *dbTx { return fake }))
		if err != nil {
			t.Fatal(err)
		}
		nested, err := child.NewChild(t.Context(), container.Needs(target))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(nested.Call(target), nested.Close(nil), child.Close(nil), c.Close()); err != nil {
			t.Error(err)
		}
		if slices.Contains(j.all(), "new transaction") {
			t.Errorf("got %q", j.all())
		}
	})

	t.Run("can't have what their parent did not start", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		c := newContainer(t, j.tiers()...)
		child := newChild(t, c)
		target, err := c.Target("the step", func(*dbTx) {})
		if err != nil {
			t.Fatal(err)
		}
		_, err = child.NewChild(t.Context(), container.Needs(target))
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "it needs resource session, which lives per run: open its parent with container.NeedsLater") {
			t.Errorf("got %v", err)
		}
		j.want(t)
	})
}

func TestLifetimeFaults(t *testing.T) {
	t.Parallel()
	type config struct{ Table string }
	_, err := container.New(
		container.Provide("pool", func(*dbSession) *dbPool { return nil }, container.PerProcess()),
		container.Provide("session", func(*dbTx) *dbSession { return nil }),
		container.Provide("transaction", func() *dbTx { return nil }, container.PerStep()),
		container.Provide("both", func() int { return 0 }, container.PerStep(), container.PerProcess()),
		container.Provide("configured", func(config) string { return "" }, container.PerProcess(), container.Config(config{}, container.AtLaunch("Table"))),
		container.Provide("sick", func() uint { return 0 }, container.Health(func(context.Context, string) error { return nil })),
		container.Provide("negative", func() uint8 { return 0 }, container.StartRetry(-1, nil)),
	)
	golden(t, "lifetimes", err.Error())
}

func TestLaunchOfWhatLivesPerProcess(t *testing.T) {
	t.Parallel()
	type config struct{ Table string }
	c := newContainer(t, container.Provide("pool", func(config) *dbPool { return &dbPool{} }, container.PerProcess(), container.Config(config{})))
	err := c.Invoke(t.Context(), func(*dbPool) {}, container.Launch(container.RunConfig{Resources: map[string]any{"pool": config{"x"}}}))
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "resource pool lives per process, so no launch can configure it") {
		t.Errorf("got %v", err)
	}
}

func TestEager(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, append(j.tiers(container.Eager()),
		container.Provide("audit", func(lc fx.Lifecycle) int { j.hooks(lc, "audit"); return 1 }, container.Eager()))...)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lines := j.all(); !slices.Contains(lines, "start pool") {
		t.Errorf("got %q", lines)
	}
	before := len(j.all())
	if err := errors.Join(c.Invoke(t.Context(), func() { j.note("invoke") }), c.Close()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"new audit", "start audit", "invoke", "stop audit", "stop pool"}, j.all()[before:]); diff != "" {
		t.Error(diff)
	}
}

func TestStartRetry(t *testing.T) {
	t.Parallel()
	// flaky fails its first failures attempts, at the place given.
	flaky := func(j *journal, failures int, inConstructor bool, options ...container.Option) container.Definition {
		attempts := 0
		return container.Provide("flaky", func(lc fx.Lifecycle) (*dbPool, error) {
			attempts++
			attempt := attempts
			j.hooks(lc, "flaky")
			lc.Append(fx.StartHook(func() error {
				if !inConstructor && attempt <= failures {
					return fmt.Errorf("attempt %d: %w", attempt, errBoom)
				}
				return nil
			}))
			if inConstructor && attempt <= failures {
				return nil, fmt.Errorf("attempt %d: %w", attempt, errBoom)
			}
			return &dbPool{attempt}, nil
		}, options...)
	}
	backoff := func(attempt int) time.Duration { return time.Duration(attempt) * time.Second }

	for name, options := range map[string][]fx.Option{"": nil, ", with options of the caller": {fx.Supply(uint8(1))}} {
		t.Run("tries again, from the constructor on"+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := new(journal)
				c := newContainer(t, flaky(j, 2, false, container.StartRetry(2, backoff)))
				began := time.Now()
				var events []string
				err := c.Invoke(t.Context(), func(p *dbPool) { j.note("got %d", p.number) }, append(options, container.Observe(func(e container.Event) {
					events = append(events, fmt.Sprintf("%s %t", e.Phase, e.Err != nil))
				}))...)
				if err != nil || time.Since(began) != 3*time.Second {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
				j.want(t, "new flaky", "start flaky", "stop flaky", "new flaky", "start flaky", "stop flaky",
					"new flaky", "start flaky", "got 3", "stop flaky")
				want := []string{"starting false", "started true", "starting false", "started true", "starting false", "started false", "stopping false", "stopped false"}
				if diff := cmp.Diff(want, events); diff != "" {
					t.Error(diff)
				}
			})
		})
	}

	t.Run("keeps the errors of all attempts", func(t *testing.T) {
		t.Parallel()
		j := new(journal)
		c := newContainer(t, flaky(j, 9, true, container.StartRetry(2, nil)))
		err := c.Invoke(t.Context(), func(*dbPool) {})
		for _, want := range []string{"attempt 1", "attempt 2", "attempt 3"} {
			if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %s", err, want)
			}
		}
		j.want(t, "new flaky", "new flaky", "new flaky")
	})

	t.Run("ends with its child", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			j := new(journal)
			c := newContainer(t, flaky(j, 9, false, container.StartRetry(9, func(int) time.Duration { return time.Hour })))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			if err := c.Invoke(ctx, func(*dbPool) {}); !errors.Is(err, errBoom) || time.Since(began) != time.Minute {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
			j.want(t, "new flaky", "start flaky", "stop flaky")
		})
	})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	c := newContainer(t,
		container.Provide("well", func() *dbPool { return &dbPool{1} }, container.PerProcess(),
			container.Health(func(_ context.Context, p *dbPool) error { return nil })),
		container.Provide("sick", func() *dbSession { return &dbSession{} },
			container.Health(func(context.Context, *dbSession) error { return errBoom })),
		container.Provide("panics", func() *dbTx { return &dbTx{} },
			container.Health(func(context.Context, *dbTx) error { panic(errBoom) })),
		container.Provide("unchecked", func() int { return 1 }),
		container.Provide("unneeded", func() string { return "" }, container.Health(func(context.Context, string) error { return errBoom })),
	)
	child := newChild(t, c, container.NeedsResources("well", "sick", "panics", "unchecked"))
	reports := child.Health(t.Context())
	var got []string
	for _, report := range reports {
		got = append(got, fmt.Sprintf("%s %s", report.Resource, placeless(report.Err)))
	}
	if diff := cmp.Diff([]string{"panics panic: boom", "sick boom", "well <nil>"}, got); diff != "" {
		t.Error(diff)
	}
	if err := errors.Join(child.Close(nil), c.Close()); err != nil {
		t.Error(err)
	}
}

func TestAllowStopErrors(t *testing.T) {
	t.Parallel()
	c := newContainer(t, container.Provide("pool", func(lc fx.Lifecycle) *dbPool {
		lc.Append(fx.StopHook(func() error { return errBoom }))
		return &dbPool{}
	}))
	if err := c.Invoke(t.Context(), func(*dbPool) {}); !errors.Is(err, errBoom) {
		t.Errorf("got %v", err)
	}
	var seen error
	err := c.Invoke(t.Context(), func(*dbPool) {}, container.AllowStopErrors(), container.Observe(func(e container.Event) {
		if e.Phase == container.PhaseStopped {
			seen = e.Err
		}
	}))
	if err != nil || !errors.Is(seen, errBoom) {
		t.Errorf("got %v, observed %v", err, seen)
	}
}
