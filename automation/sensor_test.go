package automation_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
)

// Catalogue is a resource that gains tables.
type Catalogue struct{ tables *tables }

// catalogue returns the resource, and how many of it are open.
func catalogue(known *tables) (container.Definition, *atomic.Int32, *atomic.Int32) {
	var open, opened atomic.Int32
	return container.Provide("catalogue", func(lc fx.Lifecycle) *Catalogue {
		lc.Append(fx.StartStopHook(func() { open.Add(1); opened.Add(1) }, func() { open.Add(-1) }))
		return &Catalogue{known}
	}), &open, &opened
}

func TestASensorMakesARunForEachNewTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded, known tables
		resource, open, opened := catalogue(&known)
		p := newProgram(t, &loaded, []container.Definition{resource},
			automation.NewSensor("table_update", func(c *Catalogue) iter.Seq2[automation.RunRequest, error] {
				return func(yield func(automation.RunRequest, error) bool) {
					for _, name := range c.tables.list() {
						if !yield(table(name), nil) {
							return
						}
					}
				}
			}, automation.For("update_data"), automation.Every(10*time.Second)))
		launcher := p.newLauncher()
		stop := p.start(p.daemon(launcher, nil))
		time.Sleep(time.Minute)
		known.add("orders")
		known.add("customers")
		time.Sleep(time.Minute)
		known.add("shops")
		time.Sleep(time.Minute)
		stop()
		p.close(launcher)
		if diff := cmp.Diff(map[string]int{"orders": 1, "customers": 1, "shops": 1}, counts(loaded.list())); diff != "" {
			t.Error(diff)
		}
		if open.Load() != 0 || opened.Load() < 10 {
			t.Errorf("%d catalogues were opened, and %d are open", opened.Load(), open.Load())
		}
		for _, record := range p.runs(nil) {
			if record.Tags[automation.TagSensor] != "table_update" || record.Tags[automation.TagRunKey] == "" || record.Status != history.StatusSucceeded {
				t.Errorf("the run is %+v", record)
			}
		}
	})
}

func counts(names []string) map[string]int {
	count := make(map[string]int)
	for _, name := range names {
		count[name]++
	}
	return count
}

func TestASequenceOfRequestsEndsAtItsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		p := newProgram(t, &loaded, nil,
			automation.NewSensor("shop", func() iter.Seq2[automation.RunRequest, error] {
				return func(yield func(automation.RunRequest, error) bool) {
					yield(table("orders"), nil)
					yield(automation.RunRequest{}, errors.New("the shop is closed"))
					yield(table("shops"), nil) // although the error was the last that was asked for
				}
			}, automation.For("update_data"), automation.Every(time.Minute), automation.Jitter(0)))
		launcher := p.newLauncher()
		stop := p.start(p.daemon(launcher, nil))
		time.Sleep(90 * time.Second)
		stop()
		p.close(launcher)
		if got := p.runs(nil); len(got) > 0 {
			t.Errorf("the runs are %+v", got)
		}
		ticks := p.ticks(automation.KindSensor, "shop")
		if len(ticks) == 0 || ticks[0].Status != automation.TickFailed || ticks[0].Error.Message != "evaluating sensor shop: the shop is closed" {
			t.Errorf("the ticks are %+v", ticks)
		}
	})
}

func TestATickThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fail func(ctx context.Context) error
		want string
	}{
		"by an error":                          {func(context.Context) error { return errors.New("the shop is closed") }, "the shop is closed"},
		"by a panic":                           {func(context.Context) error { panic("out of paper") }, "out of paper"},
		"by its time":                          {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "it did not end within 3s"},
		"by its time, in spite of its context": {func(context.Context) error { time.Sleep(20 * time.Second); return nil }, "it did not end within 3s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var loaded, known tables
				resource, open, _ := catalogue(&known)
				var called atomic.Int64
				p := newProgram(t, &loaded, []container.Definition{resource},
					automation.NewSensor("shop", func(ctx context.Context, tick *automation.Tick, _ *Catalogue, log *slog.Logger) (automation.RunRequest, error) {
						calls := called.Add(1)
						log.Info("looking", "call", calls)
						if tick.Cursor() != fmt.Sprint("after ", calls-1) && calls > 1 && calls != 3 {
							t.Errorf("call %d has the cursor %q", calls, tick.Cursor())
						}
						if calls == 3 && tick.Cursor() != "after 1" {
							t.Errorf("the call after the failed one has the cursor %q", tick.Cursor())
						}
						tick.SetCursor(fmt.Sprint("after ", calls))
						if calls == 2 {
							return automation.RunRequest{}, row.fail(ctx)
						}
						return automation.RunRequest{Key: fmt.Sprint("call", calls), Job: "small_job"}, nil
					}, automation.Every(10*time.Second), automation.Jitter(0), automation.Timeout(3*time.Second)))
				launcher := p.newLauncher()
				stop := p.start(p.daemon(launcher, nil))
				until(t, 5*time.Minute, func() bool { return called.Load() == 3 })
				time.Sleep(time.Second)
				stop()
				p.close(launcher)
				if got := len(p.runs(nil)); got != 2 {
					t.Errorf("%d runs were made", got)
				}
				if open.Load() != 0 {
					t.Errorf("%d resources are open", open.Load())
				}
				ticks := p.ticks(automation.KindSensor, "shop")
				if len(ticks) != 3 || ticks[1].Status != automation.TickFailed || !strings.Contains(ticks[1].Error.Message, row.want) || !strings.Contains(string(ticks[1].Log[0]), "looking") {
					t.Errorf("the ticks are %+v", ticks)
				}
				if status := p.status(automation.KindSensor, "shop"); status.State.Cursor != "after 3" {
					t.Errorf("the cursor is %q", status.State.Cursor)
				}
			})
		})
	}
}

func TestAFunctionThatHangsDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		var quick atomic.Int64
		release := make(chan struct{})
		p := newProgram(t, &loaded, nil,
			automation.NewSensor("hangs", func() error { <-release; return nil }, automation.Timeout(2*time.Second)),
			automation.NewSensor("quick", func() error { quick.Add(1); return nil }, automation.Every(time.Second)))
		launcher := p.newLauncher()
		stop := p.start(p.daemon(launcher, func(config *automation.DaemonConfig) { config.MaxParallel = 1 }))
		time.Sleep(time.Minute)
		if quick.Load() < 50 {
			t.Errorf("the other sensor ticked %d times in a minute", quick.Load())
		}
		if !strings.Contains(p.logged(), "a function goes on although its time is over") {
			t.Errorf("the log is %s", p.logged())
		}
		close(release)
		stop()
		p.close(launcher)
	})
}

func TestAFailedTickIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		var attempts []string
		p := newProgram(t, &loaded, nil, automation.NewSchedule("daily", "0 1 * * *", func(tick *automation.Tick) (*automation.RunRequest, error) {
			attempts = append(attempts, fmt.Sprint(tick.Scheduled().Format("15:04"), " ", tick.Attempt(), " at ", time.Now().UTC().Format("15:04:05")))
			if tick.Attempt() < 3 {
				return nil, errors.New("not yet")
			}
			return &automation.RunRequest{Job: "small_job"}, nil
		}, automation.Retry(3, func(attempt int) time.Duration { return time.Duration(attempt) * time.Minute })))
		p.runFor(61*time.Minute+time.Second, nil) // the second attempt is made, and the third by another daemon
		p.runFor(time.Hour, nil)
		if diff := cmp.Diff([]string{"01:00 1 at 01:00:00", "01:00 2 at 01:01:00", "01:00 3 at 01:03:00"}, attempts); diff != "" {
			t.Error(diff)
		}
		if got := scheduled(p, "daily"); len(got) != 1 {
			t.Errorf("runs were made for %v", got)
		}
	})
}

func TestSkippedTicksAreOneRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		calls := 0
		p := newProgram(t, &loaded, nil, automation.NewSensor("quiet", func(tick *automation.Tick) (automation.RunRequest, error) {
			calls++
			tick.Skip("nothing is new")
			return automation.RunRequest{}, nil
		}, automation.Every(time.Second)))
		p.runFor(20*time.Minute, nil)
		ticks := p.ticks(automation.KindSensor, "quiet")
		count := 0
		for _, tick := range ticks {
			count += tick.Count
			if tick.Status != automation.TickSkipped || tick.Reason != "nothing is new" {
				t.Errorf("the tick is %+v", tick)
			}
		}
		if count != calls || len(ticks) > 7 || ticks[0].Tick != int64(calls) {
			t.Errorf("%d ticks are in %d records, of %d calls", count, len(ticks), calls)
		}
	})
}

func TestAResetLetsAKeyRunAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		var cursors []string
		p := newProgram(t, &loaded, nil, automation.NewSensor("tables", func(tick *automation.Tick) []automation.RunRequest {
			cursors = append(cursors, tick.Cursor())
			return []automation.RunRequest{table("a"), table("b")}
		}, automation.For("update_data"), automation.Every(time.Second)))
		launcher := p.newLauncher()
		stop := p.start(p.daemon(launcher, nil))
		time.Sleep(10 * time.Second)
		again := "from the start"
		if err := p.control().Reset(t.Context(), automation.KindSensor, "tables", automation.Reset{Cursor: &again, Keys: []string{"b"}}); err != nil {
			t.Fatal(err)
		}
		if err := p.control().Reset(t.Context(), automation.KindSensor, "tables", automation.Reset{Keys: []string{"c"}}); !errors.Is(err, container.ErrInvalid) {
			t.Errorf("the reset of an unknown key gives %v", err)
		}
		time.Sleep(10 * time.Second)
		stop()
		p.close(launcher)
		if diff := cmp.Diff(map[string]int{"a": 1, "b": 2}, counts(loaded.list())); diff != "" {
			t.Error(diff)
		}
		if got := counts(cursors); got[""] < 5 || got[again] < 5 || len(got) != 2 {
			t.Errorf("the cursors were %v", got)
		}
	})
}

func TestARequestThatIsWrongFailsTheTick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		p := newProgram(t, &loaded, nil, automation.NewSensor("wrong", func() []automation.RunRequest {
			return []automation.RunRequest{table("fine"), {Key: "a", Job: "update_dta"}, {Key: "b"}, {Key: "c", Job: "update_data", Config: container.RunConfig{Resources: map[string]any{"warehuse": WarehouseConfig{}}}}}
		}, automation.For("update_data")))
		p.runFor(10*time.Second, nil)
		ticks := p.ticks(automation.KindSensor, "wrong")
		if len(ticks) == 0 || len(p.runs(nil)) > 0 {
			t.Fatalf("%d ticks, %d runs", len(ticks), len(p.runs(nil)))
		}
		for _, want := range []string{`request 2 (key "a")`, `did you mean "update_data"?`, `request 3 (key "b")`, "resources.warehouse.config.table", `did you mean "warehouse"?`} {
			if !strings.Contains(ticks[0].Error.Message, want) {
				t.Errorf("the error %q lacks %q", ticks[0].Error.Message, want)
			}
		}
	})
}

func TestASensorThatIsSlowForOnceDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count, every = 20, 100 * time.Second // they are due at the same moments
		isSlow := func(i int) bool { return i%7 == 0 }
		var ticks [count]atomic.Int32
		var definitions []automation.Definition
		for i := range count {
			definitions = append(definitions, automation.NewSensor(fmt.Sprint("s", i), func() {
				if number := ticks[i].Add(1); number == 5 && isSlow(i) {
					time.Sleep(3 * every)
				}
			}, automation.Every(every), automation.Jitter(0), automation.Timeout(time.Hour)))
		}
		p := newProgram(t, new(tables), nil, definitions...)
		p.runFor(20*every, nil)
		for i := range ticks {
			want := int32(19)
			if isSlow(i) {
				want -= 3
			}
			if got := ticks[i].Load(); got < want {
				t.Errorf("sensor %d has ticked %d times, want %d", i, got, want)
			}
		}
	})
}
