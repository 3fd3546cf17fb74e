package container_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

func TestCloseWaitsForWhatIsBeingOpened(t *testing.T) {
	t.Parallel()
	opts := map[string][]fx.Option{"": nil, ", with fx options": {fx.Supply(uint8(3))}}
	for suffix, opts := range opts {
		t.Run("a nested child"+suffix, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := new(journal)
				c := newContainer(t,
					container.Provide("session", func(lc fx.Lifecycle) *dbSession { j.hooks(lc, "session"); return nil }),
					container.Provide("transaction", func(lc fx.Lifecycle, _ *dbSession) *dbTx {
						lc.Append(sleeps(j, "transaction", 3*time.Second))
						return nil
					}, container.PerStep()),
					container.Provide("never", func(lc fx.Lifecycle, _ *dbTx) *resA { j.hooks(lc, "never"); return nil }, container.PerStep()))
				target, err := c.Target("the step", func(*resA) {})
				if err != nil {
					t.Fatal(err)
				}
				child := newChild(t, c, append(opts, container.NeedsLater(target))...)
				opened := make(chan error, 1)
				go func() {
					_, err := child.NewChild(t.Context(), container.Needs(target))
					opened <- err
				}()
				synctest.Wait()
				began := time.Now()
				if err := child.Close(nil); err != nil || time.Since(began) != 3*time.Second {
					t.Errorf("after %s: %v", time.Since(began), err)
				}
				if err := <-opened; !errors.Is(err, container.ErrClosed) {
					t.Errorf("got %v", err)
				}
				j.want(t, "new session", "start session", "started transaction", "stopped transaction", "stop session")
			})
		})
		t.Run("a child of a container"+suffix, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := new(journal)
				c := newContainer(t,
					container.Provide("pool", func(lc fx.Lifecycle) *dbPool { j.hooks(lc, "pool"); return nil }, container.PerProcess()),
					container.Provide("session", func(lc fx.Lifecycle, _ *dbPool) *dbSession {
						lc.Append(sleeps(j, "session", 3*time.Second))
						return nil
					}))
				opened := make(chan error, 1)
				go func() {
					_, err := c.NewChild(t.Context(), append(opts, container.NeedsResources("session"))...)
					opened <- err
				}()
				synctest.Wait()
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				if err := <-opened; !errors.Is(err, container.ErrClosed) {
					t.Errorf("got %v", err)
				}
				j.want(t, "new pool", "start pool", "started session", "stopped session", "stop pool")
			})
		})
	}

	t.Run("what lives per process", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			j := new(journal)
			c := newContainer(t,
				container.Provide("pool", func(lc fx.Lifecycle) *dbPool { lc.Append(sleeps(j, "pool", 3*time.Second)); return nil }, container.PerProcess()),
				container.Provide("session", func(lc fx.Lifecycle, _ *dbPool) *dbSession { j.hooks(lc, "session"); return nil }, container.PerProcess()))
			opened := make(chan error, 1)
			go func() { opened <- c.Invoke(t.Context(), func(*dbSession) {}) }()
			synctest.Wait()
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if err := <-opened; !errors.Is(err, container.ErrClosed) {
				t.Errorf("got %v", err)
			}
			j.want(t, "started pool", "stopped pool")
		})
	})

	t.Run("but not for the next attempt of a retry", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := newContainer(t, container.Provide("pool", func() (*dbPool, error) { return nil, errBoom },
				container.PerProcess(), container.StartRetry(9, func(int) time.Duration { return time.Hour })))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := c.Invoke(ctx, func(*dbPool) {}); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			began := time.Now()
			if err := c.Close(); err != nil || time.Since(began) != 0 {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		})
	})
}

func TestCloseOfAContainerClosesItsChildrenFirst(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.tiers()...)
	target, err := c.Target("the step", func(*dbTx) {})
	if err != nil {
		t.Fatal(err)
	}
	child := newChild(t, c, container.NeedsLater(target))
	if _, err := child.NewChild(t.Context(), container.Needs(target)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Close(), child.Close(nil)); err != nil {
		t.Error(err)
	}
	want := []string{"stop transaction", "stop session", "stop pool"}
	if diff := cmp.Diff(want, j.matching("stop ")); diff != "" {
		t.Error(diff)
	}
}

func TestNothingCanBeDoneWithWhatIsClosed(t *testing.T) {
	t.Parallel()
	well := container.Health(func(context.Context, *dbSession) error { return nil })
	for name, end := range map[string]func(*container.Container, *container.Child) error{
		"a closed child":           func(_ *container.Container, child *container.Child) error { return child.Close(nil) },
		"a child of a closed one":  func(c *container.Container, _ *container.Child) error { return c.Close() },
		"a child that went wrong":  func(_ *container.Container, child *container.Child) error { return child.Close(errBoom) },
		"a child closed in itself": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var child *container.Child
			var target *container.Target
			var inHook error
			c := newContainer(t,
				container.Provide("session", func(lc fx.Lifecycle) *dbSession {
					lc.Append(fx.StopHook(func() {
						if end == nil {
							inHook = child.Call(target)
						}
					}))
					return nil
				}, well),
				container.Provide("pool", func() *dbPool { return nil }, container.PerProcess(), container.Health(func(context.Context, *dbPool) error { return nil })),
			)
			called := 0
			var err error
			target, err = c.Target("the step", func(*dbSession, *dbPool) { called++ })
			if err != nil {
				t.Fatal(err)
			}
			child = newChild(t, c, container.Needs(target))
			if end == nil {
				closeChild(t, child)
				if !errors.Is(inHook, container.ErrClosed) {
					t.Errorf("while it stops: %v", inHook)
				}
			} else if err := end(c, child); err != nil {
				t.Error(err)
			}
			if err := child.Call(target); !errors.Is(err, container.ErrClosed) || called > 0 {
				t.Errorf("Call: %v", err)
			}
			if _, err := child.NewChild(t.Context()); !errors.Is(err, container.ErrClosed) {
				t.Errorf("NewChild: %v", err)
			}
			reports := child.Health(t.Context())
			for _, report := range reports {
				if !errors.Is(report.Err, container.ErrClosed) {
					t.Errorf("Health: %s is %v", report.Resource, report.Err)
				}
			}
			if len(reports) != 2 {
				t.Errorf("Health: %v", reports)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
	}

	t.Run("a closed container", func(t *testing.T) {
		t.Parallel()
		c := newContainer(t, container.Provide("session", func() *dbSession { return nil }),
			container.Provide("pool", func() *dbPool { return nil }, container.PerProcess(), container.Eager()))
		prepared, err := c.Prepare(container.NeedsResources("session"))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		_, opening := prepared.Open(t.Context())
		_, child := c.NewChild(t.Context())
		for act, err := range map[string]error{
			"Open": opening, "NewChild": child, "Invoke": c.Invoke(t.Context(), func() {}), "Start": c.Start(t.Context()),
			"Invoke of what is unknown": c.Invoke(t.Context(), func() {}, container.NeedsResources("nothing")),
		} {
			if !errors.Is(err, container.ErrClosed) {
				t.Errorf("%s: %v", act, err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAFunctionThatClosesWhatWaitsForIt(t *testing.T) {
	t.Parallel()
	const want = "Close was called by a function that it has to wait for: it goes on as soon as that has returned"
	type held struct {
		c             *container.Container
		child, nested *container.Child
	}
	closes := map[string]func(*held) error{
		"the container":    func(h *held) error { return h.c.Close() },
		"the child":        func(h *held) error { return h.child.Close(nil) },
		"the nested child": func(h *held) error { return h.nested.Close(nil) },
	}
	for what, end := range closes {
		for _, where := range []string{"nested stop", "nested start", "nested constructor", "nested observer", "nested around", "child stop", "process stop"} {
			if where == "nested start" || where == "nested constructor" {
				if what == "the nested child" {
					continue // nobody has it yet
				}
			}
			if where == "child stop" && what == "the nested child" || where == "process stop" && what != "the container" {
				continue // that is closed by then
			}
			t.Run(what+" in "+where, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					j := new(journal)
					h := new(held)
					at := func(place string) func() error {
						return func() error {
							if place != where {
								return nil
							}
							began := time.Now()
							err := end(h)
							j.note("after %s: %v", time.Since(began), err)
							return nil
						}
					}
					h.c = newContainer(t,
						container.Provide("pool", func(lc fx.Lifecycle) *dbPool {
							lc.Append(fx.StopHook(at("process stop")))
							j.hooks(lc, "pool")
							return nil
						}, container.PerProcess()),
						container.Provide("session", func(lc fx.Lifecycle, _ *dbPool) *dbSession {
							lc.Append(fx.StopHook(at("child stop")))
							j.hooks(lc, "session")
							return nil
						}),
						container.Provide("transaction", func(lc fx.Lifecycle, _ *dbSession) *dbTx {
							j.hooks(lc, "transaction")
							_ = at("nested constructor")()
							lc.Append(fx.StartHook(at("nested start")))
							lc.Append(fx.StopHook(at("nested stop")))
							container.Around(lc, func(_ context.Context, yield func() error) error {
								_ = yield()
								return at("nested around")()
							})
							return nil
						}, container.PerStep()))
					target, err := h.c.Target("the step", func(*dbTx) {})
					if err != nil {
						t.Fatal(err)
					}
					h.child = newChild(t, h.c, container.NeedsLater(target))
					observe := container.Observe(func(e container.Event) {
						if e.Resource == "transaction" && (e.Phase == container.PhaseStopping || e.Phase == container.PhaseStarted && what != "the nested child") {
							_ = at("nested observer")()
						}
					})
					nested, err := h.child.NewChild(t.Context(), container.Needs(target), observe)
					if h.nested = nested; nested != nil {
						err = nested.Close(nil)
					}
					if err != nil && !errors.Is(err, container.ErrClosed) {
						t.Error(err)
					}
					if err := errors.Join(h.child.Close(nil), h.c.Close()); err != nil {
						t.Error(err)
					}
					lines := j.all()
					if len(j.matching("after 0s: "+want)) == 0 || len(j.matching("after")) != len(j.matching("after 0s: "+want)) {
						t.Errorf("got %q", lines)
					}
					stops := []string{"stop transaction", "stop session", "stop pool"}
					if where == "nested constructor" {
						stops = stops[1:] // its hooks were not started
					}
					if diff := cmp.Diff(stops, j.matching("stop ")); diff != "" {
						t.Error(diff)
					}
				})
			})
		}
	}
}

func TestAFunctionOfAnotherChildMayWaitForAClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var slow *container.Child
		c := newContainer(t,
			container.Provide("slow", func(lc fx.Lifecycle) *resA {
				lc.Append(fx.StopHook(func() error { time.Sleep(time.Second); return errBoom }))
				return nil
			}),
			container.Provide("closes", func(lc fx.Lifecycle) *resB {
				lc.Append(fx.StopHook(func() error { return slow.Close(nil) }))
				return nil
			}))
		slow = newChild(t, c, container.NeedsResources("slow"))
		other := newChild(t, c, container.NeedsResources("closes"))
		go func() { _ = slow.Close(nil) }()
		synctest.Wait()
		if err := other.Close(nil); !errors.Is(err, errBoom) {
			t.Errorf("it did not wait: %v", err)
		}
	})
}

func TestACalledFunctionMayClose(t *testing.T) {
	t.Parallel()
	j := new(journal)
	c := newContainer(t, j.tiers()...)
	if err := c.Invoke(t.Context(), func(*dbSession) error { return c.Close() }); err != nil {
		t.Error(err)
	}
	j.want(t, "new pool", "start pool", "new session", "start session", "stop session", "stop pool")
}
