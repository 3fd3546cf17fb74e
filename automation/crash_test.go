package automation_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
)

var errDead = errors.New("the process is dead")

// dying is the history as a process sees it that is killed: after a number of writes it
// writes nothing more. The last write may be done or not.
type dying struct {
	*history.MemoryStore
	left    *atomic.Int32
	without bool // the last write is not done
}

func (d dying) dies() (before, after bool) {
	left := d.left.Add(-1)
	return left < 0 || left == 0 && d.without, left <= 0
}

func (d dying) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	before, after := d.dies()
	if before {
		return nil, errDead
	}
	stored, err := d.MemoryStore.Append(ctx, events...)
	if after {
		return nil, errDead
	}
	return stored, err
}

func (d dying) AppendEntries(ctx context.Context, entries ...history.Entry) ([]history.Entry, error) {
	before, after := d.dies()
	if before {
		return nil, errDead
	}
	stored, err := d.MemoryStore.AppendEntries(ctx, entries...)
	if after {
		return nil, errDead
	}
	return stored, err
}

// TestACrashAfterAnyWriteRepeatsNoRunAndLosesNone lets the history fail after each number
// of writes, as if the process was killed then, and goes on with another process.
func TestACrashAfterAnyWriteRepeatsNoRunAndLosesNone(t *testing.T) {
	t.Parallel()
	for writes := range int32(40) {
		t.Run(fmt.Sprint("after ", writes/2, " writes"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var loaded tables
				var cursors []string
				p := newProgram(t, &loaded, nil,
					automation.NewSensor("keyed", func(tick *automation.Tick) []automation.RunRequest {
						cursors = append(cursors, tick.Cursor())
						number := len(tick.Cursor())
						tick.SetCursor(tick.Cursor() + "x")
						return []automation.RunRequest{
							table(fmt.Sprint("key ", number)), table(fmt.Sprint("other key ", number)),
							{Job: "small_job", Tags: map[string]string{"number": fmt.Sprint(number)}}, // without a key
						}
					}, automation.For("update_data"), automation.Every(20*time.Second), automation.Jitter(0)),
					automation.NewSchedule("minutely", "* * * * *", "small_job", automation.CatchUpAll(1000)),
					automation.NewSchedule("minutely_too", "* * * * *", "small_job", automation.CatchUpAll(1000)))
				store := history.NewMemoryStore()
				left := new(atomic.Int32)
				left.Store(writes / 2)
				p.store, p.locks = dying{store, left, writes%2 == 1}, locks.NewMemory()
				p.runDead(2 * time.Minute)
				p.store, p.locks = store, locks.NewMemory()
				p.runFor(2*time.Minute+30*time.Second, nil)
				end := time.Now()
				status := p.status(automation.KindSensor, "keyed")
				for i := range len(status.State.Cursor) {
					for _, key := range []string{fmt.Sprint("key ", i), fmt.Sprint("other key ", i)} {
						if made := p.runs(map[string]string{automation.TagRunKey: key}); len(made) != 1 {
							t.Errorf("%q has %d runs", key, len(made))
						}
					}
					if made := p.runs(map[string]string{"number": fmt.Sprint(i)}); len(made) != 1 {
						t.Errorf("tick %d has %d runs without a key", i, len(made))
					}
				}
				if keyed := p.runs(map[string]string{automation.TagSensor: "keyed"}); len(keyed) != 3*len(status.State.Cursor) {
					t.Errorf("%d runs were made, and the cursor is after %d ticks", len(keyed), len(status.State.Cursor))
				}
				for _, name := range []string{"minutely", "minutely_too"} {
					var want []string
					first := p.status(automation.KindSchedule, name).State.Since
					for at := first.Truncate(time.Minute).Add(time.Minute); !at.After(end); at = at.Add(time.Minute) {
						want = append(want, at.UTC().Format(time.RFC3339))
					}
					if diff := cmp.Diff(want, scheduled(p, name)); diff != "" {
						t.Errorf("the runs of schedule %s (-want +got):\n%s", name, diff)
					}
				}
				for _, record := range p.runs(nil) {
					if record.Status != history.StatusSucceeded {
						t.Logf("run %s is %s: %s", record.ID, record.Status, record.Error.Message)
					}
				}
			})
		})
	}
}

// runDead runs a daemon whose history may fail for ever.
func (p *program) runDead(d time.Duration) {
	p.t.Helper()
	launcher := p.newLauncher()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	_ = p.daemon(launcher, func(config *automation.DaemonConfig) { config.MaxRuns = -1 }).Run(ctx)
	_ = launcher.Close(context.Background())
}

// away is a history that cannot be reached for a while.
type away struct {
	*history.MemoryStore
	gone *atomic.Bool
}

var errAway = errors.New("the database is away")

func (a away) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	if a.gone.Load() {
		return nil, errAway
	}
	return a.MemoryStore.Append(ctx, events...)
}

func (a away) AppendEntries(ctx context.Context, entries ...history.Entry) ([]history.Entry, error) {
	if a.gone.Load() {
		return nil, errAway
	}
	return a.MemoryStore.AppendEntries(ctx, entries...)
}

func (a away) EventsAfter(ctx context.Context, position int64, query history.EventQuery) ([]history.Positioned, int64, error) {
	if a.gone.Load() {
		return nil, 0, errAway
	}
	return a.MemoryStore.EventsAfter(ctx, position, query)
}

func (a away) Claimed(ctx context.Context, journal string, keys []string) ([]string, error) {
	if a.gone.Load() {
		return nil, errAway
	}
	return a.MemoryStore.Claimed(ctx, journal, keys)
}

func (a away) Entries(ctx context.Context, query history.EntryQuery) ([]history.Entry, error) {
	if a.gone.Load() {
		return nil, errAway
	}
	return a.MemoryStore.Entries(ctx, query)
}

func TestADatabaseThatIsAwayForAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		number := 0
		p := newProgram(t, &loaded, nil,
			automation.NewSensor("numbers", func() automation.RunRequest { number++; return table(fmt.Sprint(number)) }, automation.For("update_data"), automation.Every(10*time.Second)),
			automation.NewSchedule("minutely", "* * * * *", "small_job", automation.CatchUpAll(10)))
		gone := new(atomic.Bool)
		p.store = away{history.NewMemoryStore(), gone}
		launcher := p.newLauncher()
		stop := p.start(p.daemon(launcher, nil))
		time.Sleep(110 * time.Second)
		gone.Store(true)
		time.Sleep(time.Minute)
		gone.Store(false)
		time.Sleep(40 * time.Second)
		stop()
		p.close(launcher)
		if got := scheduled(p, "minutely"); len(got) != 3 {
			t.Errorf("the schedule ticked at %v", got)
		}
		for name, count := range counts(loaded.list()) {
			if count != 1 && name != "small" {
				t.Errorf("%s was loaded %d times", name, count)
			}
		}
		if len(loaded.list()) < 15 {
			t.Errorf("loaded were %v", loaded.list())
		}
	})
}

func TestADaemonRunsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		p := newProgram(t, &loaded, nil, automation.NewSchedule("minutely", "* * * * *", "small_job"))
		daemon := p.daemon(p.launcher, nil)
		for range 2 {
			stop := p.start(daemon)
			time.Sleep(140 * time.Second) // it ends between two ticks
			if err := daemon.Err(); err != nil || !daemon.Ticks() {
				t.Errorf("it ticks: %t, and says %v", daemon.Ticks(), err)
			}
			stop()
			if err := daemon.Err(); err == nil || daemon.Ticks() {
				t.Errorf("after its end it ticks: %t", daemon.Ticks())
			}
		}
		p.close(p.launcher)
		if got := scheduled(p, "minutely"); len(got) != 4 || len(counts(got)) != 4 {
			t.Errorf("it ticked at %v", got)
		}
	})
}

func TestOfTwoDaemonsOneTicks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var loaded tables
		p := newProgram(t, &loaded, nil, automation.NewSchedule("minutely", "* * * * *", "small_job"))
		first, second := p.newLauncher(), p.newLauncher()
		one, other := p.daemon(first, nil), p.daemon(second, nil)
		stop := p.start(one)
		time.Sleep(time.Second)
		standby := p.start(other)
		time.Sleep(150 * time.Second)
		if !one.Ticks() || other.Ticks() {
			t.Errorf("the first ticks: %t, the second: %t", one.Ticks(), other.Ticks())
		}
		stop()
		time.Sleep(2 * time.Second)
		if one.Ticks() || !other.Ticks() {
			t.Errorf("then the first ticks: %t, the second: %t", one.Ticks(), other.Ticks())
		}
		time.Sleep(100 * time.Second)
		standby()
		p.close(first)
		p.close(second)
		if got := scheduled(p, "minutely"); len(got) != 4 || len(counts(got)) != 4 {
			t.Errorf("it ticked at %v", got)
		}
	})
}
