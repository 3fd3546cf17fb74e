package container_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// transaction is a resource in the yield form.
func transaction(j *journal, fn func(ctx context.Context, yield func() error) error) *container.Container {
	c, err := container.New(container.Provide("tx", func(lc fx.Lifecycle) *resA {
		container.Around(lc, func(ctx context.Context, yield func() error) error {
			defer j.note("deferred")
			return fn(ctx, yield)
		})
		return &resA{}
	}, container.StartTimeout(time.Second), container.StopTimeout(time.Second)))
	if err != nil {
		panic(err)
	}
	return c
}

func commitOrRollBack(j *journal) func(context.Context, func() error) error {
	return func(ctx context.Context, yield func() error) error {
		j.note("begin")
		if err := yield(); err != nil {
			j.note("roll back: %v", err)
			return nil
		}
		j.note("commit")
		return ctx.Err()
	}
}

func TestAroundLearnsTheOutcome(t *testing.T) {
	t.Parallel()
	for want, fn := range map[string]func(*resA) error{
		"commit":                   func(*resA) error { return nil },
		"roll back: boom":          func(*resA) error { return errBoom },
		"roll back: panic: kaboom": func(*resA) error { panic("kaboom") },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			j := new(journal)
			err := transaction(j, commitOrRollBack(j)).Invoke(t.Context(), fn)
			if (err == nil) != (want == "commit") {
				t.Error(err)
			}
			var lines []string
			for _, line := range j.all() {
				lines = append(lines, place.ReplaceAllString(line, ""))
			}
			if diff := cmp.Diff([]string{"begin", want, "deferred"}, lines); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAroundSurvivesTheCancelledContext(t *testing.T) {
	t.Parallel()
	j := new(journal)
	ctx, cancel := context.WithCancel(t.Context())
	err := transaction(j, commitOrRollBack(j)).Invoke(ctx, func(*resA) { cancel() })
	if err != nil {
		t.Error(err)
	}
	j.want(t, "begin", "commit", "deferred")
}

func TestAroundThatGoesWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fn   func(ctx context.Context, yield func() error) error
		want string
	}{
		"an error before yield":  {func(context.Context, func() error) error { return errBoom }, "starting resource tx: boom"},
		"no yield":               {func(context.Context, func() error) error { return nil }, "starting resource tx: it returned without calling yield"},
		"a panic before yield":   {func(context.Context, func() error) error { panic(errBoom) }, "starting resource tx: panic: boom"},
		"goexit before yield":    {func(context.Context, func() error) error { exitGoroutine(); return nil }, "starting resource tx: it ended its goroutine without returning"},
		"an error after yield":   {func(_ context.Context, yield func() error) error { _ = yield(); return errBoom }, "stopping resource tx: boom"},
		"a panic after yield":    {func(_ context.Context, yield func() error) error { _ = yield(); panic(errBoom) }, "stopping resource tx: panic: boom"},
		"yield called twice":     {func(_ context.Context, yield func() error) error { _ = yield(); return yield() }, "stopping resource tx: panic: container.Around: yield was called twice"},
		"too long before yield":  {func(ctx context.Context, _ func() error) error { <-ctx.Done(); return nil }, "starting resource tx: before yield: it took longer than 1s: context deadline exceeded"},
		"yield after it is over": {func(ctx context.Context, yield func() error) error { <-ctx.Done(); return yield() }, "starting resource tx: before yield: it took longer than 1s: context deadline exceeded\nit took longer than 1s: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := new(journal)
				err := transaction(j, test.fn).Invoke(t.Context(), func(*resA) {})
				if placeless(err) != test.want {
					t.Errorf("got  %v\nwant %s", err, test.want)
				}
				j.want(t, "deferred")
			})
		})
	}
}

func TestAroundThatTakesTooLongAfterYield(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal)
		release := make(chan struct{})
		err := transaction(j, func(_ context.Context, yield func() error) error { _ = yield(); <-release; return nil }).
			Invoke(t.Context(), func(*resA) {})
		if want := "stopping resource tx: after yield: it took longer than 1s: context deadline exceeded"; fmt.Sprint(err) != want || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		close(release)
	})
}

func TestTheContextOfAroundEndsWithTheStop(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		after func(ctx context.Context) error // what stands after yield
		took  time.Duration
		want  string
	}{
		"of a function that waits for it alone": {
			func(ctx context.Context) error { <-ctx.Done(); return nil },
			time.Second, "stopping resource tx: after yield: it took longer than 1s: context deadline exceeded",
		},
		"of a function that says so": {
			func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("draining: %w", errBoom) },
			time.Second, "stopping resource tx: after yield: it took longer than 1s: context deadline exceeded\ndraining: boom",
		},
		"of a function that needs some time to notice": {
			func(ctx context.Context) error { <-ctx.Done(); time.Sleep(100 * time.Millisecond); return nil },
			1100 * time.Millisecond, "stopping resource tx: after yield: it took longer than 1s: context deadline exceeded",
		},
		"but not before the stop timeout": {
			func(ctx context.Context) error { time.Sleep(999 * time.Millisecond); return ctx.Err() },
			999 * time.Millisecond, "<nil>",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := new(journal)
				c := transaction(j, func(ctx context.Context, yield func() error) error { _ = yield(); return test.after(ctx) })
				began := time.Now()
				err := c.Invoke(t.Context(), func(*resA) { j.note("in use") })
				if fmt.Sprint(err) != test.want || time.Since(began) != test.took {
					t.Errorf("after %s: got  %v\nwant after %s: %s", time.Since(began), err, test.took, test.want)
				}
				j.want(t, "in use", "deferred") // it ended before Invoke did
			})
		})
	}
}

func TestTheContextOfAroundEndsWithTheStopOfAnyFxApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var cause error
		app := fx.New(fx.NopLogger, fx.StopTimeout(time.Second), fx.Invoke(func(lc fx.Lifecycle) {
			container.Around(lc, func(ctx context.Context, yield func() error) error {
				_ = yield()
				<-ctx.Done()
				cause = context.Cause(ctx)
				return nil
			})
		}))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := app.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if !errors.Is(cause, context.DeadlineExceeded) {
			t.Errorf("its context ended because of %v", cause)
		}
	})
}

func TestAroundWorksInAnyFxApplication(t *testing.T) {
	t.Parallel()
	j := new(journal)
	app := fx.New(fx.NopLogger, fx.Invoke(func(lc fx.Lifecycle) { container.Around(lc, commitOrRollBack(j)) }))
	for range 2 { // Fx starts an application again
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := app.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	j.want(t, "begin", "commit", "begin", "commit")
}
