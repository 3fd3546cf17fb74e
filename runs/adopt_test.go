package runs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/clustertest"
	"github.com/fxrun/fxrun/runs"
)

// adopting has a launcher adopt runs until the test, or stop, ends that.
func adopting(t testing.TB, launcher *runs.Launcher) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- launcher.Adopt(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, runs.ErrClosed) {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// orphan is a run with a step under way whose owner was killed.
type orphan struct {
	*machines
	id     string
	step   *slowStep
	list   []assets.Definition
	worker *runs.Launcher
}

// orphaned launches a run on a cluster with one worker, and kills the process of its owner
// while a step is under way.
func orphaned(t testing.TB, request runs.Request, options ...assets.Option) orphan {
	t.Helper()
	return orphanedOn(t, newMachines(t), request, options...)
}

func orphanedOn(t testing.TB, m *machines, request runs.Request, options ...assets.Option) orphan {
	t.Helper()
	o := orphan{machines: m, step: newSlowStep(1)}
	o.list = append(o.step.definitions(options...), assets.New("right", func() error { return nil }, assets.After("left")))
	owner, process := o.launcher(runs.LauncherConfig{}, o.list...)
	o.worker, _ = o.launcher(runs.LauncherConfig{}, o.list...)
	o.cluster.Add(o.worker)
	o.id = o.launch(owner, request).ID()
	<-o.step.begun
	process.Kill()
	return o
}

// end waits for the end of the run in the history.
func (o orphan) end(t testing.TB) history.Record {
	t.Helper()
	for range 1000 {
		record, err := history.Find(t.Context(), o.store, o.id)
		if err != nil {
			t.Fatal(err)
		}
		if record.Status.Finished() {
			return record
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the run does not end: %v", o.told(o.id))
	return history.Record{}
}

func TestARunGoesOnWhenItsOwnerIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := orphaned(t, runs.Request{})
		adopter, _ := o.launcher(runs.LauncherConfig{}, o.list...)
		adopting(t, adopter)
		time.Sleep(time.Second)
		if record := find(t, o.store, o.id); record.Status != history.StatusRunning || !strings.HasPrefix(record.Owner, adopter.Name()+"@") {
			t.Errorf("the run is %s of %s", record.Status, record.Owner)
		}
		run, ok := adopter.Active(o.id)
		if !ok {
			t.Fatal("the adopter does not execute the run")
		}
		close(o.step.release)
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		o.wants(o.id, "left 1 started", "adopted", "left 1 materialized", "left 1 succeeded", "right 1 started", "right 1 materialized", "right 1 succeeded", "succeeded")
		if took := ended(t, o.store, o.id).Duration; took < time.Second || took > 2*time.Second {
			t.Errorf("the run took %s", took)
		}
	})
}

func TestARunThatEndedWhileNobodyOwnedItGetsItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := orphaned(t, runs.Request{})
		close(o.step.release)
		o.cluster.Wait()
		adopter, _ := o.launcher(runs.LauncherConfig{}, o.list...)
		adopting(t, adopter)
		if record := o.end(t); record.Status != history.StatusSucceeded {
			t.Errorf("the run has %s: %s", record.Status, record.Error)
		}
	})
}

// unanswering is a store that does not store adoptions, and gives no answer about them, until it is
// back. Like a database it does nothing for a context that has ended.
type unanswering struct {
	history.Store
	asked chan struct{} // holds something once it was asked
	back  atomic.Bool
}

func (u *unanswering) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if events[0].Type() == history.TypeRunAdopted && !u.back.Load() {
		select {
		case u.asked <- struct{}{}:
		default:
		}
		return nil, errors.New("the database is away")
	}
	return u.Store.Append(ctx, events...)
}

func TestAdoptEndsAlthoughTheHistoryWasAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := orphaned(t, runs.Request{})
		store := &unanswering{Store: o.store, asked: make(chan struct{}, 1)}
		o.store = store
		adopter, _ := o.launcher(runs.LauncherConfig{}, o.list...)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- adopter.Adopt(ctx) }()
		<-store.asked
		cancel()
		store.back.Store(true)
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("it asks for ever")
		}
		close(o.step.release)
		if record := o.end(t); record.Status != history.StatusSucceeded {
			t.Errorf("the run has %s: %s", record.Status, record.Error)
		}
	})
}

func TestOneOfManyLaunchersAdoptsARun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := orphaned(t, runs.Request{})
		var launchers []*runs.Launcher
		for range 5 {
			launcher, _ := o.launcher(runs.LauncherConfig{}, o.list...)
			launchers = append(launchers, launcher)
		}
		for _, launcher := range launchers {
			adopting(t, launcher)
		}
		time.Sleep(time.Second)
		owners := 0
		for _, launcher := range launchers {
			if _, ok := launcher.Active(o.id); ok {
				owners++
			}
		}
		if owners != 1 {
			t.Errorf("%d launchers execute the run", owners)
		}
		close(o.step.release)
		o.end(t)
		o.wants(o.id, "left 1 started", "adopted", "left 1 materialized", "left 1 succeeded", "right 1 started", "right 1 materialized", "right 1 succeeded", "succeeded")
	})
}

func TestAnAdoptedRunIsRepeatedByItsPolicy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		var count atomic.Int32
		begun, release := make(chan struct{}), make(chan struct{})
		list := []assets.Definition{assets.New("left", func() error {
			if count.Add(1) > 1 {
				return nil
			}
			close(begun)
			<-release
			return errBoom
		})}
		owner, process := m.launcher(runs.LauncherConfig{}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		id := m.launch(owner, runs.Request{RetryRun: &runs.RunRetry{Times: 1}}).ID()
		<-begun
		process.Kill()
		adopter, _ := m.launcher(runs.LauncherConfig{}, list...)
		adopting(t, adopter)
		time.Sleep(time.Second)
		run, ok := adopter.Active(id)
		if !ok {
			t.Fatal("the adopter does not execute the run")
		}
		close(release)
		if err := run.Wait(t.Context()); err == nil {
			t.Error("the run succeeded")
		}
		again := run.RetriedBy()
		if again == nil {
			t.Fatal("the run is not repeated")
		}
		if err := again.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		m.wants(again.ID(), "left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded")
	})
}

func TestARequestToCancelARunThatNobodyOwnsIsObeyedByWhoAdoptsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		begun := make(chan struct{})
		list := []assets.Definition{assets.New("left", func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return context.Cause(ctx)
		})}
		owner, process := m.launcher(runs.LauncherConfig{}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		id := m.launch(owner, runs.Request{}).ID()
		<-begun
		process.Kill()
		other, _ := m.launcher(runs.LauncherConfig{Executor: runs.InProcess(runs.InProcessConfig{})}, list...)
		record := find(t, m.store, id)
		if liveness, err := other.Liveness(t.Context(), record); liveness != runs.LivenessGone || err != nil {
			t.Errorf("the owner is %s, %v", liveness, err)
		}
		if err := other.RequestCancel(t.Context(), record, history.RunCancelRequested{Reason: "enough"}); err != nil {
			t.Fatal(err)
		}
		adopter, _ := m.launcher(runs.LauncherConfig{}, list...)
		adopting(t, adopter)
		record = orphan{machines: m, id: id}.end(t)
		if record.Status != history.StatusCancelled || !strings.Contains(record.Error.Message, "enough") {
			t.Errorf("the run has %s: %s", record.Status, record.Error)
		}
		m.wants(id, "left 1 started", "adopted", "left 1 cancelled", "cancelled")
	})
}

func TestALauncherLeavesARunAloneThatItCannotAdopt(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]struct {
		executor func(o orphan) runs.Executor
		list     func(o orphan) []assets.Definition
		adopts   bool
		says     string
	}{
		"because it has another executor": {executor: func(orphan) runs.Executor { return runs.InProcess(runs.InProcessConfig{}) }, adopts: true},
		"because it has another cluster": {
			executor: func(orphan) runs.Executor { return clustertest.New("another", 1, clustertest.Faults{}).Executor() }, adopts: true,
			says: "and this process names another",
		},
		"because it adopts nothing": {},
		"because its definitions differ": {
			list: func(o orphan) []assets.Definition {
				return append(o.step.definitions(assets.Retry(1, nil)), assets.New("right", func() error { return nil }, assets.After("left")))
			},
			adopts: true, says: "the definitions of this program differ",
		},
		"because it lacks a step": {
			list: func(o orphan) []assets.Definition { return o.step.definitions() }, adopts: true, says: "right",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := orphaned(t, runs.Request{})
				list, executor, owner := o.list, runs.Executor(nil), find(t, o.store, o.id).Owner
				if config.list != nil {
					list = config.list(o)
				}
				if config.executor != nil {
					executor = config.executor(o)
				}
				launcher, _ := o.launcher(runs.LauncherConfig{Executor: executor}, list...)
				stop := func() {}
				if config.adopts {
					stop = adopting(t, launcher)
				} else {
					settles := o.launch(launcher, runs.Request{Selection: "right"}) // which looks for lost runs
					if err := settles.Wait(t.Context()); err != nil {
						t.Error(err)
					}
				}
				time.Sleep(time.Minute)
				if record := find(t, o.store, o.id); record.Status != history.StatusRunning || record.Owner != owner {
					t.Errorf("the run of %s is %s: %s", record.Owner, record.Status, record.Error)
				}
				if _, err := launcher.RetryRequest(t.Context(), o.id, runs.RetryOptions{}); err == nil || !strings.Contains(err.Error(), "it is running") {
					t.Errorf("repeating the run gave %v", err)
				}
				var said []string
				for _, event := range o.log(o.id) {
					if line, ok := event.Data.(history.LogWritten); ok {
						said = append(said, line.Message+": "+line.Attrs.Get("error").(string))
					}
				}
				if config.says == "" && len(said) > 0 || config.says != "" && (len(said) != 1 || !strings.Contains(said[0], config.says)) {
					t.Errorf("the log says %q", said)
				}
				stop()
				adopter, _ := o.launcher(runs.LauncherConfig{}, o.list...)
				adopting(t, adopter)
				close(o.step.release)
				if record := o.end(t); record.Status != history.StatusSucceeded {
					t.Errorf("the run has %s: %s", record.Status, record.Error)
				}
			})
		})
	}
}

func TestAClosedLauncherLeavesRunsToOthers(t *testing.T) {
	t.Parallel()
	for name, closing := range map[string]func(launcher *runs.Launcher) error{
		"Drain": func(launcher *runs.Launcher) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			return launcher.Drain(ctx)
		},
		"Close": func(launcher *runs.Launcher) error {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			return launcher.Close(ctx)
		},
	} {
		t.Run("by "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, step := newMachines(t), newSlowStep(1)
				list := step.definitions()
				owner, _ := m.launcher(runs.LauncherConfig{}, list...)
				worker, _ := m.launcher(runs.LauncherConfig{}, list...)
				m.cluster.Add(worker)
				run := m.launch(owner, runs.Request{})
				<-step.begun
				began := time.Now()
				if err := closing(owner); err != nil || time.Since(began) > time.Second {
					t.Errorf("closing took %s and gave %v", time.Since(began), err)
				}
				if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrLeft) {
					t.Errorf("the run here ended with %v", err)
				}
				if record := find(t, m.store, run.ID()); record.Status != history.StatusRunning || !record.CancelRequested.IsZero() {
					t.Errorf("the run is %+v", record)
				}
				adopter, _ := m.launcher(runs.LauncherConfig{}, list...)
				adopting(t, adopter)
				time.Sleep(time.Second)
				second, _ := m.launcher(runs.LauncherConfig{}, list...) // adopts it from the first one
				if err := adopter.Close(context.Background()); err != nil {
					t.Error(err)
				}
				adopting(t, second)
				time.Sleep(time.Second)
				close(step.release)
				if record := (orphan{machines: m, id: run.ID()}).end(t); record.Status != history.StatusSucceeded {
					t.Errorf("the run has %s: %s", record.Status, record.Error)
				}
				m.wants(run.ID(), "left 1 started", "adopted", "adopted", "left 1 materialized", "left 1 succeeded", "succeeded")
			})
		})
	}
}

func TestAnOwnerThatWasTakenForGoneLeavesItsRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, step := newMachines(t), newSlowStep(1)
		list := step.definitions()
		owner, process := m.launcher(runs.LauncherConfig{}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		run := m.launch(owner, runs.Request{})
		<-step.begun
		process.LoseLocks()
		adopter, _ := m.launcher(runs.LauncherConfig{}, list...)
		adopting(t, adopter)
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrLeft) {
			t.Errorf("the run of the first owner ended with %v", err)
		}
		close(step.release)
		if record := (orphan{machines: m, id: run.ID()}).end(t); record.Status != history.StatusSucceeded {
			t.Errorf("the run has %s: %s", record.Status, record.Error)
		}
	})
}

func TestTheTimeoutOfAnAdoptedRunGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		begun := make(chan struct{})
		list := []assets.Definition{assets.New("left", func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return context.Cause(ctx)
		})}
		owner, process := m.launcher(runs.LauncherConfig{}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		id := m.launch(owner, runs.Request{Timeout: time.Minute}).ID()
		<-begun
		process.Kill()
		time.Sleep(50 * time.Second)
		adopter, _ := m.launcher(runs.LauncherConfig{}, list...)
		adopting(t, adopter)
		record := (orphan{machines: m, id: id}).end(t)
		m.wants(id, "left 1 started", "adopted", "left 1 cancelled", "failed")
		if record.Status != history.StatusFailed || !strings.Contains(record.Error.Message, "timed out after 1m0s") || record.Duration > 61*time.Second {
			t.Errorf("the run has %s after %s: %s", record.Status, record.Duration, record.Error)
		}
	})
}

func TestAnAdoptedRunTakesItsPlacesIfTheyAreFree(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]bool{"free": false, "taken": true} {
		t.Run("which are "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o := orphaned(t, runs.Request{})
				if taken {
					lock, err := o.locks.TryLock(t.Context(), "runs/0")
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = lock.Unlock() }()
				}
				adopter, _ := o.launcher(runs.LauncherConfig{Limits: runs.Limits{Runs: 1}}, o.list...)
				adopting(t, adopter)
				time.Sleep(time.Second)
				if held, err := o.locks.Held(t.Context(), "runs/0"); !held || err != nil {
					t.Errorf("the place is held: %t, %v", held, err)
				}
				close(o.step.release)
				if record := o.end(t); record.Status != history.StatusSucceeded {
					t.Errorf("the run has %s: %s", record.Status, record.Error)
				}
			})
		})
	}
}

func TestADrainReachesTheCluster(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, step := newMachines(t), newSlowStep(1)
		list := append(step.definitions(), assets.New("right", func() error { return nil }, assets.After("left")))
		owner, _ := m.launcher(runs.LauncherConfig{}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		run := m.launch(owner, runs.Request{})
		<-step.begun
		run.Drain("somebody asks", time.Hour)
		time.Sleep(time.Second)
		close(step.release)
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("the run ended with %v", err)
		}
		m.wants(run.ID(), "left 1 started", "left 1 materialized", "left 1 succeeded", "cancelled")
	})
}

func TestAClosedLauncherLeavesARunThatIsBeingCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		begun, release := make(chan struct{}), make(chan struct{})
		list := []assets.Definition{assets.New("left", func(ctx context.Context) error {
			close(begun)
			<-release // whatever has become of the run
			return ctx.Err()
		})}
		owner, _ := m.launcher(runs.LauncherConfig{}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		run := m.launch(owner, runs.Request{})
		<-begun
		run.Cancel("enough")
		time.Sleep(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := owner.Close(ctx); err != nil {
			t.Errorf("closing the launcher gave %v", err)
		}
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrLeft) {
			t.Errorf("the run ended with %v", err)
		}
		adopter, _ := m.launcher(runs.LauncherConfig{}, list...)
		adopting(t, adopter)
		time.Sleep(10 * time.Second)
		close(release)
		if record := (orphan{machines: m, id: run.ID()}).end(t); record.Status != history.StatusCancelled {
			t.Errorf("the run has %s: %s", record.Status, record.Error)
		}
	})
}

// slowEnd is the store as a process sees it that is slow to record the end of a run.
type slowEnd struct{ history.Store }

func (s slowEnd) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	if len(events) == 1 && events[0].Type() == history.TypeRunFinished {
		time.Sleep(100 * time.Millisecond)
	}
	return s.Store.Append(ctx, events...)
}

func TestAnOwnerThatIsLateToRecordTheEndReturnsTheEndThatAnotherHasRecorded(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		fails  error
		status history.Status
	}{
		"a success": {nil, history.StatusSucceeded},
		"a failure": {errBoom, history.StatusFailed},
	} {
		t.Run("which is "+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMachines(t)
				begun, release := make(chan struct{}), make(chan struct{})
				list := []assets.Definition{assets.New("left", func() error {
					close(begun)
					<-release
					return want.fails
				})}
				store := m.store
				m.store = slowEnd{store}
				owner, process := m.launcher(runs.LauncherConfig{}, list...)
				m.store = store
				worker, _ := m.launcher(runs.LauncherConfig{}, list...)
				m.cluster.Add(worker)
				var last history.Event
				run := m.launch(owner, runs.Request{Observe: func(event history.Event) { last = event }})
				<-begun
				process.LoseLocks()
				adopter, _ := m.launcher(runs.LauncherConfig{}, list...)
				adopting(t, adopter)
				synctest.Wait()
				close(release) // before the owner has found out that it is none
				err := run.Wait(t.Context())
				if want.fails == nil && err != nil || want.fails != nil && (err == nil || !strings.Contains(err.Error(), "boom")) || errors.Is(err, history.ErrTransition) {
					t.Errorf("the run of the first owner ended with %v", err)
				}
				if finished, ok := last.Data.(history.RunFinished); !ok || finished.Status != want.status {
					t.Errorf("the observer was told %+v at last", last)
				}
				m.wants(run.ID(), append([]string{"left 1 started", "adopted"}, map[bool][]string{
					true: {"left 1 materialized", "left 1 succeeded", "succeeded"}, false: {"left 1 failed, retry false", "failed"},
				}[want.fails == nil]...)...)
			})
		})
	}
}
