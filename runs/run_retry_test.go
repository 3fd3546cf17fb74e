package runs_test

import (
	"context"
	"errors"
	"math"
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
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

// failing is a job of which the second step fails a number of times.
func failing(times int32, parts ...assets.JobPart) (list []assets.Definition, lefts *atomic.Int32) {
	lefts = new(atomic.Int32)
	var middles atomic.Int32
	return []assets.Definition{
		assets.New("left", func() left { return left(lefts.Add(1)) }),
		assets.New("middle", func(left) (middle, error) {
			if middles.Add(1) <= times {
				return 0, errors.New("the service is away")
			}
			return 2, nil
		}),
		assets.NewJob("nightly", append(parts, assets.Select("*"))...),
	}, lefts
}

// statusesOf returns the statuses of all runs, the oldest first.
func statusesOf(t testing.TB, store history.Store) []history.Status {
	t.Helper()
	found, err := store.Runs(t.Context(), history.RunQuery{})
	if err != nil {
		t.Fatal(err)
	}
	var statuses []history.Status
	for i := range found {
		statuses = append(statuses, found[len(found)-1-i].Status)
	}
	return statuses
}

const (
	isFailed    = history.StatusFailed
	isSucceeded = history.StatusSucceeded
	isQueued    = history.StatusQueued
	isCancelled = history.StatusCancelled
)

func TestAFailedRunIsRepeatedByItsPolicy(t *testing.T) {
	t.Parallel()
	backoff := func(attempt int) time.Duration { return time.Duration(attempt) * time.Minute }
	for name, test := range map[string]struct {
		parts   []assets.JobPart
		request runs.Request
		fails   int32
		want    []history.Status
		after   time.Duration
	}{
		"of the job, with its waits": {
			parts: []assets.JobPart{assets.RetryRun(3, backoff)}, fails: 2, want: []history.Status{isFailed, isFailed, isSucceeded}, after: 3 * time.Minute,
		},
		"of the job, at most so many times": {
			parts: []assets.JobPart{assets.RetryRun(1, nil)}, fails: 9, want: []history.Status{isFailed, isFailed},
		},
		"of the launch": {
			request: runs.Request{RetryRun: &runs.RunRetry{Times: 5, Wait: time.Second, MaxWait: 3 * time.Second}}, fails: 4,
			want: []history.Status{isFailed, isFailed, isFailed, isFailed, isSucceeded}, after: (1 + 2 + 3 + 3) * time.Second,
		},
		"of the launch, and not of the job": {
			parts: []assets.JobPart{assets.RetryRun(3, nil)}, request: runs.Request{RetryRun: &runs.RunRetry{}}, fails: 1, want: []history.Status{isFailed},
		},
		"with what another process could not know": {
			parts: []assets.JobPart{assets.RetryRun(1, nil)}, request: runs.Request{Options: []fx.Option{fx.Options()}}, fails: 1,
			want: []history.Status{isFailed, isSucceeded},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				list, lefts := failing(test.fails, test.parts...)
				launcher := newLauncher(t, runs.LauncherConfig{}, memory(), list...)
				began := time.Now()
				test.request.Job = "nightly"
				handle, err := launcher.Launch(t.Context(), test.request)
				if err != nil {
					t.Fatal(err)
				}
				first, last := handle, handle
				for ; handle != nil; handle = last.RetriedBy() {
					last = handle
					_ = handle.Wait(t.Context())
				}
				if diff := cmp.Diff(test.want, statusesOf(t, launcher.Store())); diff != "" {
					t.Error(diff)
				}
				if took := time.Since(began); took < test.after || took > test.after+time.Duration(len(test.want))*time.Second {
					t.Errorf("it took %s, want %s", took, test.after)
				}
				if n := lefts.Load(); n != 1 {
					t.Errorf("the step that has succeeded was executed %d times", n)
				}
				if last == first {
					return
				}
				tags := find(t, launcher.Store(), last.ID()).Tags
				if tags[runs.TagFirstRun] != first.ID() || tags[runs.TagRetryOf] == "" {
					t.Errorf("the links are %v", tags)
				}
			})
		})
	}
}

func TestTheWaitOfALaunchDoublesUpToItsBound(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	for name, test := range map[string]struct {
		retry   runs.RunRetry
		attempt int
		want    time.Duration
	}{
		"a wait of years has no bound but its own":    {runs.RunRetry{Wait: year, MaxWait: 9 * year}, 4, 8 * year},
		"a wait beyond the bound is the bound":        {runs.RunRetry{Wait: year, MaxWait: 9 * year}, 5, 9 * year},
		"a bound below the first wait is each wait":   {runs.RunRetry{Wait: year, MaxWait: time.Hour}, 1, time.Hour},
		"without a bound a wait doubles":              {runs.RunRetry{Wait: time.Hour}, 11, 1024 * time.Hour},
		"a wait that would be too long is no shorter": {runs.RunRetry{Wait: year}, 1000, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, _ := failing(9)
			launcher := newLauncher(t, runs.LauncherConfig{}, memory(), list...)
			first, err := launcher.Launch(t.Context(), runs.Request{Job: "nightly"})
			if err != nil {
				t.Fatal(err)
			}
			_ = first.Wait(t.Context())
			request, err := launcher.RetryRequest(t.Context(), first.ID(), runs.RetryOptions{})
			if err != nil {
				t.Fatal(err)
			}
			test.retry.Times = test.attempt
			request.RetryRun, request.Retry.Attempt = &test.retry, test.attempt
			repeated, err := launcher.Launch(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			_ = repeated.Wait(t.Context())
			record := find(t, launcher.Store(), repeated.RetriedBy().ID())
			if wait := record.NotBefore.Sub(record.Queued).Round(time.Minute); wait != test.want.Round(time.Minute) {
				t.Errorf("got %s, want %s", wait, test.want)
			}
		})
	}
}

func TestTheEventsOfARepetitionMakeItsRecord(t *testing.T) {
	t.Parallel()
	list, _ := failing(2, assets.RetryRun(3, nil))
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), list...)
	var mu sync.Mutex
	observed := make(map[string][]history.Event)
	first, err := launcher.Launch(t.Context(), runs.Request{Job: "nightly", Observe: func(event history.Event) {
		mu.Lock()
		defer mu.Unlock()
		observed[event.RunID] = append(observed[event.RunID], event)
	}})
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for handle := first; handle != nil; handle = handle.RetriedBy() {
		_ = handle.Wait(t.Context())
		count++
		stored, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: handle.ID()})
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		if diff := cmp.Diff(stored, observed[handle.ID()]); diff != "" {
			t.Errorf("run %d was observed otherwise than it is stored (-stored +observed):\n%s", count, diff)
		}
		mu.Unlock()
	}
	if count != 3 {
		t.Errorf("there were %d runs", count)
	}
}

func TestSomeRunsAreNotRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body func(context.Context) (left, error)
		want []history.Status
	}{
		"one that fails for good": {func(context.Context) (left, error) { return 0, assets.Permanent(errors.New("no")) }, []history.Status{isFailed}},
		"one that is cancelled":   {func(ctx context.Context) (left, error) { <-ctx.Done(); return 0, ctx.Err() }, []history.Status{isCancelled}},
		"one that succeeds":       {func(context.Context) (left, error) { return 1, nil }, []history.Status{isSucceeded}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", test.body),
					assets.NewJob("nightly", assets.Select("*"), assets.RetryRun(3, nil)))
				handle, err := launcher.Launch(t.Context(), runs.Request{Job: "nightly"})
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				handle.Cancel("enough")
				_ = handle.Wait(t.Context())
				if again := handle.RetriedBy(); again != nil {
					t.Errorf("run %s repeats it", again.ID())
				}
				if diff := cmp.Diff(test.want, statusesOf(t, launcher.Store())); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestARepetitionOutlivesItsLauncher(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list, lefts := failing(1, assets.RetryRun(1, func(int) time.Duration { return time.Hour }))
		list = append(list, assets.New("right", func() right { return 1 }))
		one, other := shared(t, runs.LauncherConfig{IO: iomanagers.NewMemory()}, memory(), list...)
		handle, err := one.Launch(t.Context(), runs.Request{Job: "nightly"})
		if err != nil {
			t.Fatal(err)
		}
		_ = handle.Wait(t.Context())
		again := handle.RetriedBy()
		began := time.Now()
		if err := one.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if time.Since(began) > time.Minute {
			t.Errorf("closing took %s", time.Since(began))
		}
		if err := again.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "left in the queue") {
			t.Errorf("the handle says %v", err)
		}
		if diff := cmp.Diff([]history.Status{isFailed, isQueued}, statusesOf(t, other.Store())); diff != "" {
			t.Fatal(diff)
		}
		if _, err := run(t, other, runs.Request{Selection: "right"}); err != nil { // which settles what is lost
			t.Fatal(err)
		}
		workUntilEmpty(t, other)
		if got := find(t, other.Store(), again.ID()); got.Status != history.StatusSucceeded || got.Started.Sub(began) < 59*time.Minute {
			t.Errorf("the repetition is %s, started after %s", got.Status, got.Started.Sub(began))
		}
		if lefts.Load() != 1 {
			t.Errorf("the first step was executed %d times", lefts.Load())
		}
	})
}

func TestALostRunIsResumedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list, lefts := failing(0, assets.OnCrash(assets.CrashResume))
		one, other := shared(t, runs.LauncherConfig{}, memory(), list...)
		if _, err := run(t, one, runs.Request{Selection: "left"}); err != nil {
			t.Fatal(err)
		}
		first, err := one.Store().Runs(t.Context(), history.RunQuery{})
		if err != nil {
			t.Fatal(err)
		}
		_, place, _ := strings.Cut(first[0].Owner, "@")
		dead := "host/1/dead@" + place
		tags := map[string]string{runs.TagOnCrash: "resume", "team": "sales"}
		record(t, one.Store(), "lost", history.RunQueued{Job: "nightly", Selection: "*", Owner: dead, Steps: []string{"left", "middle"}, Tags: tags},
			history.RunStarting{Owner: dead}, history.RunStarted{}, history.StepStarted{Step: "left", Attempt: 1}, history.StepSucceeded{Step: "left"},
			history.StepStarted{Step: "middle", Attempt: 1})
		before := lefts.Load()
		for _, launcher := range []*runs.Launcher{one, other} {
			go func() { _ = launcher.Work(t.Context(), runs.WorkOptions{}) }()
		}
		time.Sleep(time.Minute)
		found, err := one.Store().Runs(t.Context(), history.RunQuery{Tags: map[string]string{runs.TagRetryOf: "lost"}})
		if err != nil || len(found) != 1 {
			t.Fatalf("the runs that repeat it are %v, %v", found, err)
		}
		rest := found[0]
		if rest.Status != isFailed && rest.Status != isSucceeded || len(rest.Steps) != 1 || rest.Tags["team"] != "sales" || rest.Tags[runs.TagResumes] != "1" {
			t.Errorf("the rest is %+v", rest)
		}
		if lefts.Load() != before {
			t.Error("the step that has succeeded was executed again")
		}
	})
}

func TestWorkSettlesLostRunsWithoutARunOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list, _ := failing(0, assets.OnCrash(assets.CrashResume))
		lockers, store := locks.NewMemory(), history.NewMemoryStore()
		launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: lockers}, memory(), list...)
		dead := "host/1/dead@" + placeOf(t, lockers)
		record(t, store, "lost", history.RunQueued{
			Job: "nightly", Selection: "*", Owner: dead, Steps: []string{"left", "middle"}, Tags: map[string]string{runs.TagOnCrash: "resume"},
		}, history.RunStarting{Owner: dead}, history.RunStarted{})
		if err := launcher.Work(t.Context(), runs.WorkOptions{UntilEmpty: true}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]history.Status{isFailed, isSucceeded}, statusesOf(t, store)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestALostRunIsNotResumed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		queued history.RunQueued
		more   []history.EventData
		want   string
	}{
		"when its policy does not say so":         {history.RunQueued{}, nil, ""},
		"when its launch is not known as a whole": {history.RunQueued{Incomplete: "a secret is missing"}, nil, "it is not resumed: a secret is missing"},
		"when it was resumed too often":           {history.RunQueued{Tags: map[string]string{runs.TagResumes: "3"}}, nil, "it was resumed 3 times already"},
		"when it was to be cancelled":             {history.RunQueued{}, []history.EventData{history.RunCancelRequested{}}, "its cancellation was requested"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				lockers, store := locks.NewMemory(), history.NewMemoryStore()
				dead := "host/1/dead@" + placeOf(t, lockers)
				launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: lockers}, memory(), one()...)
				test.queued.Owner, test.queued.Steps = dead, []string{"left"}
				if test.want != "" {
					if test.queued.Tags == nil {
						test.queued.Tags = make(map[string]string)
					}
					test.queued.Tags[runs.TagOnCrash] = "resume"
				}
				record(t, store, "lost", test.queued, history.RunStarting{Owner: dead})
				record(t, store, "lost", test.more...)
				if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
					t.Fatal(err)
				}
				if got := find(t, store, "lost"); got.Status != isFailed || !strings.Contains(got.Error.Message, test.want) {
					t.Errorf("the run %s: %s, want %q", got.Status, got.Error.Message, test.want)
				}
				if found, _ := store.Runs(t.Context(), history.RunQuery{}); len(found) != 2 {
					t.Errorf("there are %d runs", len(found))
				}
			})
		})
	}
}

func TestALaunchSaysWhatAnotherProcessWouldLack(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(tableConfig) left { return 1 }, assets.Config(tableConfig{})))
	config, err := container.RunConfig{}.Set("steps.left.config.password", "hunter2")
	if err != nil {
		t.Fatal(err)
	}
	done, err := run(t, launcher, runs.Request{Selection: "*", Config: config, OnCrash: assets.CrashResume})
	if err != nil {
		t.Fatal(err)
	}
	events, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: done.ID, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	queued := events[0].Data.(history.RunQueued)
	if !strings.Contains(queued.Incomplete, "steps.left.config.password is a secret") || queued.Tags[runs.TagOnCrash] != "resume" || queued.Takeable {
		t.Errorf("recorded is %+v", queued)
	}
}

func TestThePolicyForCrashesThatALaunchHasChosenIsThatOfItsRepetitions(t *testing.T) {
	t.Parallel()
	for _, policy := range []assets.CrashPolicy{"", assets.CrashGiveUp, assets.CrashResume} {
		list, _ := failing(9, assets.OnCrash(assets.CrashResume), assets.RetryRun(1, nil))
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), list...)
		first, err := run(t, launcher, runs.Request{Job: "nightly", OnCrash: policy})
		if err == nil {
			t.Fatal("it has not failed")
		}
		workUntilEmpty(t, launcher)
		repeated, err := launcher.Store().Runs(t.Context(), history.RunQuery{Tags: map[string]string{runs.TagRetryOf: first.ID}})
		if err != nil || len(repeated) != 1 {
			t.Fatal(repeated, err)
		}
		request, err := launcher.RetryRequest(t.Context(), first.ID, runs.RetryOptions{})
		if err != nil {
			t.Fatal(err)
		}
		again, _ := run(t, launcher, request)
		want := string(policy)
		if policy == "" {
			want = "resume" // as the job says
		}
		for _, record := range []history.Record{first, repeated[0], again} {
			if got := record.Tags[runs.TagOnCrash]; got != want {
				t.Errorf("a run of %q has the policy %q, want %q", policy, got, want)
			}
		}
	}
}

func TestAnUnknownPolicyForCrashesIsRefused(t *testing.T) {
	t.Parallel()
	list, _ := failing(0, assets.OnCrash(assets.CrashResume))
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), list...)
	_, err := launcher.Launch(t.Context(), runs.Request{Job: "nightly", OnCrash: "Resume"})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `its OnCrash is "Resume": there are assets.CrashGiveUp and assets.CrashResume`) {
		t.Errorf("got %v", err)
	}
}

func TestARunIsNotRepeatedByHandWhileItsPolicyRepeatsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		list, lefts := failing(1, assets.RetryRun(1, func(int) time.Duration { return time.Hour }))
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), list...)
		handle, err := launcher.Launch(t.Context(), runs.Request{Job: "nightly"})
		if err != nil {
			t.Fatal(err)
		}
		_ = handle.Wait(t.Context())
		by := handle.RetriedBy()
		_, err = launcher.RetryRequest(t.Context(), handle.ID(), runs.RetryOptions{})
		if want := "run " + by.ID() + " repeats it already"; !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := by.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err = launcher.RetryRequest(t.Context(), handle.ID(), runs.RetryOptions{All: true}); err != nil {
			t.Errorf("after the repetition: %v", err)
		}
		if lefts.Load() != 1 {
			t.Errorf("the first step was executed %d times", lefts.Load())
		}
	})
}
