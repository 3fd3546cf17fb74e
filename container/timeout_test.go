package container_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

func TestAStartThatTakesTooLongStopsEverything(t *testing.T) {
	t.Parallel()
	for name, ignores := range map[string]bool{"and heeds its context": false, "and ignores its context": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := new(journal)
				release := make(chan struct{})
				defer close(release)
				c := newContainer(t, append(broken(j, nil)[:1],
					container.Provide("slow", func(lc fx.Lifecycle, _ *resA) *resB {
						lc.Append(fx.Hook{
							OnStart: func(ctx context.Context) error {
								if ignores {
									<-release
									return nil
								}
								<-ctx.Done()
								return ctx.Err()
							},
							OnStop: func(context.Context) error { j.note("never"); return nil },
						})
						return &resB{}
					}, container.StartTimeout(3*time.Second)))...)
				began := time.Now()
				err := c.Invoke(t.Context(), func(*resB) { j.note("never") })
				want, took := "starting resource slow: it took longer than 3s: context deadline exceeded", 3*time.Second
				if ignores {
					want, took = "starting resource slow: it ignores its context and was given up: it took longer than 3s: context deadline exceeded", 4*time.Second
				}
				if err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
				if got := time.Since(began); got != took {
					t.Errorf("it took %s, not %s", got, took)
				}
				j.want(t, "new below", "start below", "stop below")
			})
		})
	}
}

func TestAConstructorThatTakesTooLongIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal)
		release := make(chan struct{})
		defer close(release)
		c := newContainer(t, broken(j, func(lc fx.Lifecycle, _ *resA) (*resB, error) {
			lc.Append(fx.StopHook(func() { j.note("release") }))
			<-release
			return &resB{}, nil
		})...)
		err := c.Invoke(t.Context(), func(*resC) { j.note("never") })
		if want := "constructing resource broken: it ignores its context and was given up: it took longer than 15s: context deadline exceeded"; fmt.Sprint(err) != want {
			t.Errorf("got %v", err)
		}
		j.want(t, "new below", "start below", "release", "stop below")
	})
}

func TestTheDeadlineOfTheCallersContextCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal)
		c := newContainer(t, broken(j, func(lc fx.Lifecycle, _ *resA) *resB {
			lc.Append(fx.StartHook(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
			return &resB{}
		})...)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Invoke(ctx, func(*resC) { j.note("never") })
		if !errors.Is(err, context.DeadlineExceeded) || fmt.Sprint(err) != "starting resource broken: context deadline exceeded" {
			t.Error(err)
		}
		j.want(t, "new below", "start below", "stop below")
	})
}

func TestAStopThatIgnoresItsContextIsGivenUpAndTheOthersStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := new(journal)
		release := make(chan struct{})
		defer close(release)
		c := newContainer(t, append(slices.Delete(broken(j, nil), 1, 2),
			container.Provide("stuck", func(lc fx.Lifecycle, _ *resA) *resB {
				lc.Append(fx.StopHook(func() { j.note("second hook") }))
				lc.Append(fx.StopHook(func(ctx context.Context) { j.note("stuck"); <-release }))
				return &resB{}
			}, container.StopTimeout(2*time.Second)))...)
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		err := c.Invoke(ctx, func(*resC) { cancel() })
		if want := "stopping resource stuck: it ignores its context and was given up: it took longer than 2s: context deadline exceeded"; fmt.Sprint(err) != want {
			t.Errorf("got %v", err)
		}
		if got := time.Since(began); got != 3*time.Second {
			t.Errorf("it took %s", got)
		}
		j.want(t, "new below", "start below", "new above", "start above", "stop above", "stuck", "second hook", "stop below")
	})
}

func TestEveryResourceHasItsOwnStopTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		definitions := manyResources(4, func(int) fx.Hook {
			return fx.Hook{OnStop: func(ctx context.Context) error {
				deadline, _ := ctx.Deadline()
				if left := time.Until(deadline); left != container.DefaultTimeout {
					return fmt.Errorf("%s are left", left)
				}
				select {
				case <-time.After(10 * time.Second):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}}
		})
		c := newContainer(t, definitions...)
		closeChild(t, newChild(t, c, needAll(c))) // 40 seconds, each within 15
	})
}

func TestTheStartHooksOfAResourceShareItsStartTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		second := func(ctx context.Context) error {
			select {
			case <-time.After(time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		c := newContainer(t, container.Provide("a", func(lc fx.Lifecycle) *resA {
			lc.Append(fx.StartHook(second))
			lc.Append(fx.StartHook(second))
			return nil
		}, container.StartTimeout(1500*time.Millisecond)))
		if err := c.Invoke(t.Context(), func(*resA) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestEventsTellHowLongItTook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		definitions := manyResources(1, func(int) fx.Hook {
			return fx.Hook{
				OnStart: func(context.Context) error { time.Sleep(2 * time.Second); return nil },
				OnStop:  func(context.Context) error { time.Sleep(3 * time.Second); return nil },
			}
		})
		var got []string
		began := time.Now()
		c := newContainer(t, definitions...)
		closeChild(t, newChild(t, c, needAll(c), container.Observe(func(e container.Event) {
			got = append(got, fmt.Sprint(e.Time.Sub(began), " ", e.Phase, " ", e.Duration))
		})))
		want := []string{"0s starting 0s", "2s started 2s", "2s stopping 0s", "5s stopped 3s"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestStartsOfOneLevelTakeAsLongAsTheSlowest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		definitions := manyResources(8, func(i int) fx.Hook {
			return fx.Hook{OnStart: func(context.Context) error { time.Sleep(time.Duration(i+1) * time.Second); return nil }}
		})
		c := newContainer(t, definitions...)
		began := time.Now()
		closeChild(t, newChild(t, c, needAll(c)))
		if got := time.Since(began); got != 8*time.Second {
			t.Errorf("it took %s", got)
		}
	})
}

func TestTimeoutsMustBePositive(t *testing.T) {
	t.Parallel()
	_, err := container.New(container.Provide("a", func() *resA { return nil }, container.StartTimeout(0), container.StopTimeout(-time.Second)))
	if got := fmt.Sprint(err); !strings.Contains(got, "StartTimeout(0s)") || !strings.Contains(got, "StopTimeout(-1s)") {
		t.Error(got)
	}
}
