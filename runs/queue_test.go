package runs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

// queue leaves a run in the queue, and returns its ID.
func queue(t testing.TB, launcher *runs.Launcher, request runs.Request) string {
	t.Helper()
	prepared, err := launcher.Prepare(request)
	if err != nil {
		t.Fatal(err)
	}
	id, err := prepared.Queue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// workUntilEmpty executes the queued runs.
func workUntilEmpty(t testing.TB, launcher *runs.Launcher) {
	t.Helper()
	if err := launcher.Work(t.Context(), runs.WorkOptions{UntilEmpty: true}); err != nil {
		t.Fatal(err)
	}
}

type tableConfig struct {
	Table    string
	Password container.Secret[string]
}

// shared are two launchers with the same store and the same locks, as two processes are.
func shared(t *testing.T, config runs.LauncherConfig, resources []container.Definition, list ...assets.Definition) (one, other *runs.Launcher) {
	t.Helper()
	config.Store, config.Locks = history.NewMemoryStore(), locks.NewMemory()
	return newLauncher(t, config, resources, list...), newLauncher(t, config, resources, list...)
}

func TestAQueuedRunIsExecutedByWhoTakesIt(t *testing.T) {
	t.Setenv("QUEUED_PASSWORD", "hunter2")
	var mu sync.Mutex
	var seen []string
	one, other := shared(t, runs.LauncherConfig{}, memory(),
		assets.New("left", func(c tableConfig, about *assets.Context) left {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, about.Run().ID, c.Table, c.Password.Reveal())
			return 1
		}, assets.Config(tableConfig{})),
		assets.New("middle", func(left) middle { return 2 }))
	config := container.RunConfig{}
	for path, value := range map[string]string{"steps.left.config.table": "orders", "steps.left.config.password": "{env: QUEUED_PASSWORD}"} {
		var err error
		if config, err = config.Set(path, value); err != nil {
			t.Fatal(err)
		}
	}
	id := queue(t, one, runs.Request{Selection: "left", Config: config, Tags: map[string]string{"team": "sales"}, Priority: 3})
	queued := find(t, one.Store(), id)
	if queued.Status != history.StatusQueued || queued.Owner != "" {
		t.Errorf("the queued run is %s of %q", queued.Status, queued.Owner)
	}
	workUntilEmpty(t, other)
	done := find(t, one.Store(), id)
	if diff := cmp.Diff(map[string]string{"team": "sales", runs.TagPriority: "3"}, done.Tags); done.Status != history.StatusSucceeded || done.Owner == "" || diff != "" {
		t.Errorf("the run is %s of %q: %s, tags %s", done.Status, done.Owner, done.Error.Message, diff)
	}
	if diff := cmp.Diff([]string{id, "orders", "hunter2"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestALaunchThatTheHistoryCannotKeepIsNotQueued(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(tableConfig) left { return 1 }, assets.Config(tableConfig{})))
	config, err := container.RunConfig{}.Set("steps.left.config.password", "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	prepared, err := launcher.Prepare(runs.Request{
		Selection: "left", Config: config, Options: []fx.Option{fx.Options()}, Observe: func(history.Event) {}, Tags: map[string]string{"word": "hunter2"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = prepared.Queue(t.Context())
	if !errors.Is(err, container.ErrInvalid) {
		t.Fatalf("the error is %v", err)
	}
	for _, want := range []string{"steps.left.config.password is a secret that is given literally: give {env: NAME}", "fx.Options", "Observe", "one of its tags"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error %q lacks %q", err, want)
		}
	}
	if found, err := launcher.Store().Runs(t.Context(), history.RunQuery{}); err != nil || len(found) > 0 {
		t.Errorf("recorded are %v, %v", found, err)
	}
	if _, err := prepared.Start(t.Context()); err != nil {
		t.Errorf("a run that was not queued cannot be started: %v", err)
	}
}

func TestARunIsMadeOnceOfItsID(t *testing.T) {
	t.Parallel()
	one, other := shared(t, runs.LauncherConfig{}, memory(), assets.New("left", func() left { return 1 }))
	request := runs.Request{ID: "nightly 2026-11-28", Selection: "*"}
	if id := queue(t, one, request); id != request.ID {
		t.Errorf("the ID is %q", id)
	}
	for range 2 {
		for name, launch := range map[string]func(*runs.Prepared) error{
			"queue": func(p *runs.Prepared) error { _, err := p.Queue(t.Context()); return err },
			"start": func(p *runs.Prepared) error { _, err := p.Start(t.Context()); return err },
		} {
			prepared, err := other.Prepare(request)
			if err != nil {
				t.Fatal(err)
			}
			if err := launch(prepared); !errors.Is(err, history.ErrTransition) && !errors.Is(err, history.ErrConflict) {
				t.Errorf("the second %s gave %v", name, err)
			}
		}
		workUntilEmpty(t, other)
	}
	if got := find(t, one.Store(), request.ID); got.Status != history.StatusSucceeded {
		t.Errorf("the run is %s", got.Status)
	}
}

func TestRunsBeginInTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		one, other := shared(t, runs.LauncherConfig{Limits: runs.Limits{Runs: 1}}, memory(), assets.New("left", func(about *assets.Context) left {
			mu.Lock()
			order = append(order, about.Run().ID)
			mu.Unlock()
			time.Sleep(time.Second)
			return 1
		}))
		for i, priority := range []int{0, 5, -1, 0, 5} {
			queue(t, one, runs.Request{ID: fmt.Sprintf("%d with %d", i, priority), Selection: "*", Priority: priority})
		}
		var work sync.WaitGroup
		for _, launcher := range []*runs.Launcher{one, other} {
			work.Go(func() { workUntilEmpty(t, launcher) })
		}
		work.Wait()
		want := []string{"1 with 5", "4 with 5", "0 with 0", "3 with 0", "2 with -1"}
		if diff := cmp.Diff(want, order); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAQueuedRunWaitsForAProgramThatHasItsSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := runs.LauncherConfig{Store: history.NewMemoryStore(), Locks: locks.NewMemory()}
		whole := newLauncher(t, config, memory(), assets.New("left", func() left { return 1 }), assets.New("middle", func(left) middle { return 2 }))
		part := newLauncher(t, config, memory(), assets.New("left", func() left { return 1 }))
		id := queue(t, whole, runs.Request{Selection: "*"})
		workUntilEmpty(t, part)
		record := find(t, whole.Store(), id)
		if record.Status != history.StatusQueued {
			t.Fatalf("the run is %s: %s", record.Status, record.Error.Message)
		}
		lines, err := whole.Store().Events(t.Context(), history.EventQuery{RunID: id, Types: []history.EventType{history.TypeLogWritten}})
		if err != nil || len(lines) != 1 || !strings.Contains(fmt.Sprint(lines[0].Data), "middle") {
			t.Errorf("the log says %v, %v", lines, err)
		}
		workUntilEmpty(t, whole)
		if got := find(t, whole.Store(), id).Status; got != history.StatusSucceeded {
			t.Errorf("the run is %s", got)
		}
	})
}

func TestAQueuedRunWithoutItsConfigFails(t *testing.T) {
	t.Setenv("QUEUED_TABLE", "orders")
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(tableConfig) left { return 1 }, assets.Config(tableConfig{})))
	config, err := container.RunConfig{}.Set("steps.left.config.table", "{env: QUEUED_TABLE}")
	if err != nil {
		t.Fatal(err)
	}
	id := queue(t, launcher, runs.Request{Selection: "*", Config: config})
	t.Setenv("QUEUED_TABLE", "")
	if err := unset(t, "QUEUED_TABLE"); err != nil {
		t.Fatal(err)
	}
	workUntilEmpty(t, launcher)
	if got := find(t, launcher.Store(), id); got.Status != history.StatusFailed || !strings.Contains(got.Error.Message, "QUEUED_TABLE") {
		t.Errorf("the run is %s: %s", got.Status, got.Error.Message)
	}
}

func TestAQueuedRunIsCancelledBeforeItBegins(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), one()...)
	id := queue(t, launcher, runs.Request{Selection: "*"})
	record(t, launcher.Store(), id, history.RunCancelRequested{Reason: "a mistake"})
	workUntilEmpty(t, launcher)
	if got := find(t, launcher.Store(), id); got.Status != history.StatusCancelled || !got.Started.IsZero() {
		t.Errorf("the run is %s, started at %v", got.Status, got.Started)
	}
}

func TestAtMostSoManyRunsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		running := newCounts()
		limits := runs.Limits{Runs: 3, Tags: []runs.TagLimit{{Key: "team", Value: "sales", Runs: 1}, {Key: "customer", Runs: 1}}}
		one, other := shared(t, runs.LauncherConfig{Limits: limits}, memory(), assets.New("left", func(about *assets.Context) left {
			names := []string{"runs"}
			for key, value := range about.Run().Tags {
				names = append(names, key+"="+value)
			}
			running.add(names, 1)
			time.Sleep(time.Second)
			running.add(names, -1)
			return 1
		}))
		var handles []*runs.Run
		for i := range 12 {
			tags := map[string]string{"customer": fmt.Sprint(i % 3)}
			if i%2 == 0 {
				tags["team"] = "sales"
			}
			request := runs.Request{Selection: "*", Tags: tags}
			launcher := []*runs.Launcher{one, other}[i/6]
			if i%4 == 3 {
				queue(t, launcher, request)
				continue
			}
			handle, err := launcher.Launch(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			handles = append(handles, handle)
		}
		workUntilEmpty(t, one)
		for _, handle := range handles {
			if err := handle.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		want := map[string]int{"runs": 3, "team=sales": 1, "customer=0": 1, "customer=1": 1, "customer=2": 1}
		if diff := cmp.Diff(want, running.most); diff != "" {
			t.Error(diff)
		}
	})
}

func TestARunThatWaitsCanBeCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan struct{})
		launcher := newLauncher(t, runs.LauncherConfig{Limits: runs.Limits{Runs: 1}}, memory(), waiting(begun)...)
		first, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		<-begun
		second, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := second.Status(); got != history.StatusQueued {
			t.Errorf("the second run is %s", got)
		}
		second.Cancel("not needed")
		if err := second.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("the second run ended with %v", err)
		}
		if got := find(t, launcher.Store(), second.ID()); got.Status != history.StatusCancelled || got.Duration != 0 {
			t.Errorf("it is %s after %s", got.Status, got.Duration)
		}
		first.Cancel("the test is over")
		_ = first.Wait(t.Context())
	})
}

func TestWorkEndsWithItsContextAndWithItsLauncher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), one()...)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- launcher.Work(ctx, runs.WorkOptions{}) }()
		synctest.Wait()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		go func() { ended <- launcher.Work(t.Context(), runs.WorkOptions{}) }()
		synctest.Wait()
		if err := launcher.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, runs.ErrClosed) {
			t.Error(err)
		}
		if err := launcher.Work(t.Context(), runs.WorkOptions{}); !errors.Is(err, runs.ErrClosed) {
			t.Error(err)
		}
	})
}

// counts counts what goes on at the same time, by name.
type counts struct {
	mu        sync.Mutex
	now, most map[string]int
}

func newCounts() *counts { return &counts{now: make(map[string]int), most: make(map[string]int)} }

func (c *counts) add(names []string, by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		c.now[name] += by
		c.most[name] = max(c.most[name], c.now[name])
	}
}

// unset removes an environment variable that t.Setenv brings back.
func unset(t *testing.T, name string) error {
	t.Helper()
	return os.Unsetenv(name)
}

// unsure stores events, and says that it does not know whether it has.
type unsure struct {
	history.Store
	left atomic.Int32 // how often it does so with the start of a run
}

func (u *unsure) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	stored, err := u.Store.Append(ctx, events...)
	if len(events) > 0 && events[0].Type() == history.TypeRunStarting && u.left.Add(-1) >= 0 {
		return nil, errors.New("the connection was lost")
	}
	return stored, err
}

func TestDrainEndsWorkAndLeavesWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan struct{})
		launcher := newLauncher(t, runs.LauncherConfig{Limits: runs.Limits{Runs: 1}}, memory(), waiting(begun)...)
		first, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		<-begun
		prepared, err := launcher.Prepare(runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		queued, err := prepared.Queue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		worked := make(chan error, 1)
		go func() { worked <- launcher.Work(t.Context(), runs.WorkOptions{}) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		drained := make(chan struct{})
		go func() {
			defer close(drained)
			_ = launcher.Drain(ctx)
		}()
		time.Sleep(time.Minute)
		select {
		case <-drained:
		default:
			t.Error("Drain has not returned after a minute")
		}
		select {
		case err := <-worked:
			if !errors.Is(err, runs.ErrClosed) {
				t.Errorf("Work returned %v", err)
			}
		default:
			t.Error("Work has not returned after a minute")
		}
		if got := find(t, launcher.Store(), queued).Status; got != isQueued {
			t.Errorf("the queued run is %s", got)
		}
		if got := find(t, launcher.Store(), first.ID()).Status; got != isCancelled {
			t.Errorf("the run that was executed is %s", got)
		}
	})
}

func TestARunIsExecutedAlsoIfItsClaimIsNotKnownToBeStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &unsure{Store: history.NewMemoryStore()}
		store.left.Store(3)
		launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: locks.NewMemory()}, memory(), one()...)
		id := queue(t, launcher, runs.Request{Selection: "*"})
		workUntilEmpty(t, launcher)
		if got := find(t, store, id); got.Status != history.StatusSucceeded {
			t.Errorf("the run is %s", got.Status)
		}
	})
}

// away are locks that cannot be taken for a while, as those of a database that is
// restarted.
type away struct {
	*locks.Memory
	until time.Time
}

func (a *away) TryLock(ctx context.Context, name string) (locks.Lock, error) {
	if strings.HasPrefix(name, "pool/") && time.Now().Before(a.until) {
		return nil, errors.New("the server is away")
	}
	return a.Memory.TryLock(ctx, name)
}

func TestAStepWaitsForLocksThatAreAway(t *testing.T) {
	t.Parallel()
	for wait, want := range map[time.Duration]history.Status{20 * time.Second: isSucceeded, time.Hour: isFailed} {
		t.Run(fmt.Sprintf("for %s: %s", wait, want), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				lockers := &away{locks.NewMemory(), time.Now().Add(wait)}
				launcher := newLauncher(t, runs.LauncherConfig{Store: history.NewMemoryStore(), Locks: lockers}, memory(),
					assets.New("left", func() left { return 1 }, assets.Pool("warehouse")))
				record, err := run(t, launcher, runs.Request{Selection: "*"})
				if record.Status != want || want == isFailed && !strings.Contains(err.Error(), "the server is away") {
					t.Errorf("the run is %s: %v", record.Status, err)
				}
			})
		})
	}
}

func TestAQueuedRunKeepsItsTimeout(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		timeout time.Duration
		want    history.Status
	}{
		"of the launch":                  {time.Second, isFailed},
		"of the job":                     {0, isFailed},
		"none, although the job has one": {-1, isSucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.NewJob("nightly", assets.Timeout(2*time.Second), assets.RetryRun(1, nil),
					assets.NewOp("left", func(ctx context.Context) (left, error) {
						select {
						case <-ctx.Done():
							return 0, context.Cause(ctx)
						case <-time.After(time.Minute):
							return 1, nil
						}
					})))
				queue(t, launcher, runs.Request{Job: "nightly", Timeout: test.timeout})
				began := time.Now()
				workUntilEmpty(t, launcher)
				for i, status := range statusesOf(t, launcher.Store()) { // also of the repetition
					if status != test.want {
						t.Errorf("run %d is %s", i+1, status)
					}
				}
				if took := time.Since(began); test.timeout > 0 && took > 2*test.timeout+time.Second {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// blind is a history of which no runs can be read.
type blind struct{ history.Store }

func (blind) Runs(context.Context, history.RunQuery) ([]history.Record, error) {
	return nil, errors.New("the file is damaged")
}

func TestARunDoesNotWaitForAPlaceInAHistoryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		launcher := newLauncher(t, runs.LauncherConfig{Store: blind{history.NewMemoryStore()}, Limits: runs.Limits{Runs: 1}},
			memory(), assets.New("quick", func() error { return nil }))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		err = handle.Wait(t.Context())
		if want := "waiting for a place: queued runs could not be looked for: the file is damaged"; err == nil || err.Error() != want || time.Since(began) > time.Minute {
			t.Errorf("got %v after %s, want %s", err, time.Since(began), want)
		}
	})
}
