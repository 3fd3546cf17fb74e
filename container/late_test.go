package container_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

func TestWhatReturnsAfterItWasGivenUpIsStopped(t *testing.T) {
	t.Parallel()
	late := func() { time.Sleep(time.Hour) }
	for name, test := range map[string]struct {
		constructor func(*journal) any
		want        []string
	}{
		"a start hook": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) *resA {
					j.hooks(lc, "first")
					lc.Append(fx.Hook{
						OnStart: func(context.Context) error { late(); j.note("started late"); return nil },
						OnStop: func(ctx context.Context) error {
							j.note("stopped late: %v, %v", ctx.Err(), container.Outcome(ctx))
							return nil
						},
					})
					return nil
				}
			},
			[]string{"new first", "start first", "stop first", "started late", "stopped late: <nil>, its start was given up"},
		},
		"a start hook that returns an error": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) *resA {
					lc.Append(fx.Hook{
						OnStart: func(context.Context) error { late(); j.note("failed late"); return errBoom },
						OnStop:  func(context.Context) error { j.note("never"); return nil },
					})
					return nil
				}
			},
			[]string{"failed late"},
		},
		"a start hook that panics": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) *resA {
					lc.Append(fx.Hook{
						OnStart: func(context.Context) error { late(); j.note("failed late"); panic(errBoom) },
						OnStop:  func(context.Context) error { j.note("never"); return nil },
					})
					return nil
				}
			},
			[]string{"failed late"},
		},
		"a start hook whose stop panics": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) *resA {
					lc.Append(fx.Hook{
						OnStart: func(context.Context) error { late(); return nil },
						OnStop:  func(context.Context) error { j.note("stopped late"); panic(errBoom) },
					})
					return nil
				}
			},
			[]string{"stopped late"},
		},
		"a start hook that appends others": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) *resA {
					lc.Append(fx.StartHook(func() {
						late()
						lc.Append(fx.StopHook(func() { j.note("stopped late") }))
						lc.Append(fx.StartStopHook(func() { j.note("never") }, func() { j.note("never") }))
					}))
					return nil
				}
			},
			[]string{"stopped late"},
		},
		"a constructor": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) *resA {
					lc.Append(fx.StopHook(func() { j.note("stopped early") }))
					late()
					lc.Append(fx.StopHook(func() { j.note("stopped 1") }))
					lc.Append(fx.StopHook(func() { j.note("stopped 2") }))
					lc.Append(fx.StartStopHook(func() { j.note("never") }, func() { j.note("never") }))
					j.note("constructed")
					return nil
				}
			},
			[]string{"stopped early", "constructed", "stopped 2", "stopped 1"},
		},
		"a constructor that returns an error": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) (*resA, error) {
					late()
					lc.Append(fx.StopHook(func() { j.note("stopped") }))
					return nil, errBoom
				}
			},
			[]string{"stopped"},
		},
		"a constructor that ends its goroutine": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) *resA {
					late()
					lc.Append(fx.StopHook(func() { j.note("stopped") }))
					exitGoroutine()
					return nil
				}
			},
			[]string{"stopped"},
		},
		"a function of Around": {
			func(j *journal) any {
				return func(lc fx.Lifecycle) *resA {
					container.Around(lc, func(_ context.Context, yield func() error) error {
						late()
						j.note("ended: %v", yield())
						return nil
					})
					return nil
				}
			},
			[]string{"ended: it took longer than 15s: context deadline exceeded"},
		},
	} {
		for suffix, lives := range map[string]container.Option{"": container.PerRun(), " per process": container.PerProcess()} {
			for mode, opts := range map[string][]fx.Option{"": nil, ", with fx options": {fx.Supply(uint8(3))}} {
				t.Run(name+suffix+mode, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						j := new(journal)
						c := newContainer(t, container.Provide("a", test.constructor(j), lives))
						err := c.Invoke(t.Context(), func(*resA) { j.note("never") }, opts...)
						if !errors.Is(err, context.DeadlineExceeded) {
							t.Errorf("got %v", err)
						}
						if err := c.Close(); err != nil {
							t.Error(err)
						}
						time.Sleep(2 * time.Hour)
						j.want(t, test.want...)
					})
				})
			}
		}
	}
}

func TestEachAttemptStopsWhatItHasStartedLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal)
		attempts := 0
		c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
			attempts++
			attempt := attempts
			lc.Append(fx.Hook{
				OnStart: func(context.Context) error {
					if attempt == 1 {
						time.Sleep(20 * time.Second)
					}
					j.note("started %d", attempt)
					return nil
				},
				OnStop: func(context.Context) error { j.note("stopped %d", attempt); return nil },
			})
			return nil
		}, container.StartRetry(1, nil)))
		if err := c.Invoke(t.Context(), func(*resA) { time.Sleep(time.Minute); j.note("in use") }); err != nil {
			t.Error(err)
		}
		j.want(t, "started 2", "started 1", "stopped 1", "in use", "stopped 2")
	})
}

// An OnStart that returns late, but before its child stops, is stopped with the
// others.
func TestWhatStartsLateIsStoppedWithTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal)
		c := newContainer(t,
			container.Provide("late", func(lc fx.Lifecycle) *resA { lc.Append(sleeps(j, "late", 10*time.Second)); return nil }, container.StartTimeout(time.Second)),
			container.Provide("slow", func(lc fx.Lifecycle) *resB { lc.Append(sleeps(j, "slow", 14*time.Second)); return nil }))
		if err := c.Invoke(t.Context(), func(*resA, *resB) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		j.want(t, "started late", "started slow", "stopped slow", "stopped late")
	})
}

func TestErrorsOfLateStopsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
			lc.Append(fx.StartStopHook(func() { time.Sleep(time.Hour) }, func() error { return errBoom }))
			return nil
		}))
		err := c.Invoke(t.Context(), func(*resA) {}, container.Logger(slog.New(slog.NewTextHandler(&log, nil))))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, `level=ERROR`) || !strings.Contains(got, "resource=a error=boom") {
			t.Errorf("got %q", got)
		}
	})
}

func TestHooksMayBeAppendedByHooks(t *testing.T) {
	t.Parallel()
	const refused = "a hook with OnStart was appended after the start, and was not called: append it in the constructor or in another OnStart"
	for name, test := range map[string]struct {
		constructor func(j *journal, lc fx.Lifecycle)
		use         func(j *journal, lc fx.Lifecycle)
		err         string
		want        []string
	}{
		"while it starts": {
			constructor: func(j *journal, lc fx.Lifecycle) {
				lc.Append(fx.Hook{
					OnStart: func(context.Context) error {
						j.hooks(lc, "inner")
						lc.Append(fx.StopHook(func() { j.note("release") }))
						return nil
					},
					OnStop: func(context.Context) error { j.note("stop outer"); return nil },
				})
				j.hooks(lc, "second")
			},
			err:  "<nil>",
			want: []string{"new second", "new inner", "start second", "start inner", "in use", "release", "stop inner", "stop second", "stop outer"},
		},
		"while it starts, and goes wrong": {
			constructor: func(j *journal, lc fx.Lifecycle) {
				lc.Append(fx.StartStopHook(func() {
					lc.Append(fx.StartStopHook(func() error { return errBoom }, func() { j.note("never") }))
					j.hooks(lc, "never started")
				}, func() { j.note("stop outer") }))
			},
			err:  "starting resource a: boom",
			want: []string{"new never started", "stop outer"},
		},
		"in use, with nothing to start": {
			use:  func(j *journal, lc fx.Lifecycle) { lc.Append(fx.StopHook(func() { j.note("release") })) },
			err:  "<nil>",
			want: []string{"in use", "release"},
		},
		"in use, with something to start": {
			use:  func(j *journal, lc fx.Lifecycle) { j.hooks(lc, "never") },
			err:  "stopping resource a: " + refused,
			want: []string{"in use", "new never"},
		},
		"while it stops": {
			constructor: func(j *journal, lc fx.Lifecycle) {
				lc.Append(fx.StopHook(func() { j.note("stop first") }))
				lc.Append(fx.StopHook(func() {
					j.note("stop second")
					lc.Append(fx.StopHook(func() { j.note("release") }))
				}))
			},
			err:  "<nil>",
			want: []string{"in use", "stop second", "release", "stop first"},
		},
		"while it stops, with something to start": {
			constructor: func(j *journal, lc fx.Lifecycle) {
				lc.Append(fx.StopHook(func() { j.hooks(lc, "never") }))
			},
			err:  "stopping resource a: " + refused,
			want: []string{"in use", "new never"},
		},
	} {
		for suffix, lives := range map[string]container.Option{"": container.PerRun(), ", per process": container.PerProcess()} {
			for mode, opts := range map[string][]fx.Option{"": nil, ", with fx options": {fx.Supply(uint8(3))}} {
				t.Run(name+suffix+mode, func(t *testing.T) {
					t.Parallel()
					j := new(journal)
					var lifecycle fx.Lifecycle
					c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
						lifecycle = lc
						if test.constructor != nil {
							test.constructor(j, lc)
						}
						return nil
					}, lives))
					err := c.Invoke(t.Context(), func(*resA) {
						j.note("in use")
						if test.use != nil {
							test.use(j, lifecycle)
						}
					}, opts...)
					if err := errors.Join(err, c.Close()); fmt.Sprint(err) != test.err {
						t.Errorf("got  %v\nwant %s", err, test.err)
					}
					j.want(t, test.want...)
				})
			}
		}
	}
}

func TestHooksOfOptionsMayBeAppendedByHooks(t *testing.T) {
	t.Parallel()
	j := new(journal)
	var lifecycle fx.Lifecycle
	c := newContainer(t, j.graph()...)
	option := fx.Invoke(func(lc fx.Lifecycle, _ *database) {
		lifecycle = lc
		lc.Append(fx.StartHook(func() { j.hooks(lc, "inner") }))
	})
	err := c.Invoke(t.Context(), func(*database) {
		lifecycle.Append(fx.StopHook(func() { j.note("release") }))
	}, option)
	if err != nil {
		t.Error(err)
	}
	j.want(t, "new database", "start database", "new inner", "start inner", "release", "stop inner", "stop database")
	err = c.Invoke(t.Context(), func(*database) { j.hooks(lifecycle, "never") }, option)
	if err == nil || !strings.HasPrefix(err.Error(), "stopping resource (fx options): a hook with OnStart was appended after the start") {
		t.Errorf("got %v", err)
	}
}

func TestAHookThatIsAppendedAfterEverythingHasStopped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		hook func(*journal) fx.Hook
		want []string
		log  string
	}{
		"is stopped":                     {func(j *journal) fx.Hook { return fx.StopHook(func() { j.note("released") }) }, []string{"released"}, ""},
		"is logged if its stop fails":    {func(*journal) fx.Hook { return fx.StopHook(func() error { return errBoom }) }, nil, "error=boom"},
		"is logged if it has an OnStart": {func(j *journal) fx.Hook { return fx.StartHook(func() { j.note("never") }) }, nil, "a hook with OnStart was appended after the start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			var log bytes.Buffer
			var lifecycle fx.Lifecycle
			c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA { lifecycle = lc; return nil }))
			if err := c.Invoke(t.Context(), func(*resA) {}, container.Logger(slog.New(slog.NewTextHandler(&log, nil)))); err != nil {
				t.Error(err)
			}
			lifecycle.Append(test.hook(j))
			j.want(t, test.want...)
			if got := log.String(); !strings.Contains(got, test.log) || (got == "") != (test.log == "") {
				t.Errorf("got %q", got)
			}
		})
	}
}
