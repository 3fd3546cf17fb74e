package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

func TestObserversMayUseTheChild(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal)
		var child *container.Child
		c := newContainer(t, container.Provide("session", func(lc fx.Lifecycle) *dbSession { j.hooks(lc, "session"); return nil },
			container.Health(func(context.Context, *dbSession) error { return nil })))
		target, err := c.Target("it", func(*dbSession) {})
		if err != nil {
			t.Fatal(err)
		}
		child = newChild(t, c, container.Needs(target), container.Observe(func(e container.Event) {
			if child == nil {
				return
			}
			_, nested := child.NewChild(t.Context())
			reports := child.Health(t.Context())
			j.note("%s: %t %t %t", e.Phase, errors.Is(child.Call(target), container.ErrClosed), errors.Is(nested, container.ErrClosed),
				len(reports) == 1 && errors.Is(reports[0].Err, container.ErrClosed))
		}))
		closeChild(t, child)
		j.want(t, "new session", "start session", "stopping: true true true", "stop session", "stopped: true true true")
	})
}

func TestWhatAnObserverGetsWrongIsAnError(t *testing.T) {
	t.Parallel()
	mishaps := map[string]func(){"panic: boom": func() { panic(errBoom) }, "it ended its goroutine without returning": exitGoroutine}
	for what, mishap := range mishaps {
		for _, phase := range []container.Phase{container.PhaseStarting, container.PhaseStarted, container.PhaseStopping, container.PhaseStopped} {
			for lifetime, lives := range map[string]container.Option{"run": container.PerRun(), "process": container.PerProcess()} {
				for suffix, opts := range map[string][]fx.Option{"": nil, ", with fx options": {fx.Supply(uint8(3))}} {
					if lifetime == "process" && (phase == container.PhaseStopping || phase == container.PhaseStopped) {
						continue // nobody sees it
					}
					t.Run(fmt.Sprintf("%s while it is %s, per %s%s", what, phase, lifetime, suffix), func(t *testing.T) {
						t.Parallel()
						synctest.Test(t, func(t *testing.T) {
							j := new(journal)
							c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA { j.hooks(lc, "a"); return nil }, lives))
							err := c.Invoke(t.Context(), func(*resA) { j.note("in use") }, append(opts, container.Observe(func(e container.Event) {
								if e.Phase == phase {
									mishap()
								}
							}))...)
							if want := fmt.Sprintf("observing that resource a is %s: %s", phase, what); placeless(err) != want {
								t.Errorf("got  %v\nwant %s", err, want)
							}
							if err := c.Close(); err != nil {
								t.Error(err)
							}
							if started, stopped := len(j.matching("start ")), len(j.matching("stop ")); started != stopped {
								t.Errorf("got %q", j.all())
							}
							if inUse := slices.Contains(j.all(), "in use"); inUse != (phase == container.PhaseStopping || phase == container.PhaseStopped) {
								t.Errorf("got %q", j.all())
							}
						})
					})
				}
			}
		}
	}
}

func TestWhatABackoffGetsWrongIsAnError(t *testing.T) {
	t.Parallel()
	for want, backoff := range map[string]func(int) time.Duration{
		"panic: boom": func(int) time.Duration { panic(errBoom) },
		"it ended its goroutine without returning":                                                    func(int) time.Duration { exitGoroutine(); return 0 },
		"it ignores its context and was given up: it took longer than 15s: context deadline exceeded": func(int) time.Duration { time.Sleep(time.Hour); return 0 },
	} {
		for lifetime, lives := range map[string]container.Option{"run": container.PerRun(), "process": container.PerProcess()} {
			for suffix, opts := range map[string][]fx.Option{"": nil, ", with fx options": {fx.Supply(uint8(3))}} {
				t.Run(want+", per "+lifetime+suffix, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						j := new(journal)
						errStart := errors.New("not yet")
						c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
							j.hooks(lc, "a")
							lc.Append(fx.StartHook(func() error { return errStart }))
							return nil
						}, container.StartRetry(3, backoff), lives))
						err := c.Invoke(t.Context(), func(*resA) {}, opts...)
						text := "starting resource a: not yet\nstarting resource a: asking its backoff for the wait before attempt 2: " + want
						if placeless(err) != text || !errors.Is(err, errStart) {
							t.Errorf("got  %v\nwant %s", err, text)
						}
						if err := c.Close(); err != nil {
							t.Error(err)
						}
						j.want(t, "new a", "start a", "stop a")
						time.Sleep(2 * time.Hour) // what was given up ends
					})
				})
			}
		}
	}
}
