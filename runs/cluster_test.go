package runs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
	"github.com/fxrun/fxrun/internal/clustertest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

// machines are processes with one store and one place of locks.
type machines struct {
	t       testing.TB
	store   history.Store
	locks   locks.Locker
	open    func() locks.Locker // for one process; nil gives locks
	cluster *clustertest.Cluster
}

func newMachines(t testing.TB) *machines {
	return &machines{t: t, store: history.NewMemoryStore(), locks: locks.NewMemory(), cluster: clustertest.New("one", 10, clustertest.Faults{})}
}

// launcher is a launcher in a process of its own.
func (m *machines) launcher(config runs.LauncherConfig, list ...assets.Definition) (*runs.Launcher, *clustertest.Process) {
	return m.launcherWith(config, nil, list...)
}

func (m *machines) launcherWith(config runs.LauncherConfig, resources []container.Definition, list ...assets.Definition) (*runs.Launcher, *clustertest.Process) {
	locker := m.locks
	if m.open != nil {
		locker = m.open()
	}
	process := clustertest.NewProcess(m.store, locker)
	config.Store, config.Locks = process, process
	if config.Executor == nil {
		config.Executor = process.Executor(m.cluster.Executor())
	}
	return newLauncher(m.t, config, resources, list...), process
}

// log returns the log of a run, which has no gap and is that of its record.
func (m *machines) log(id string) []history.Event {
	m.t.Helper()
	log, err := m.store.Events(m.t.Context(), history.EventQuery{RunID: id})
	if err != nil {
		m.t.Fatal(err)
	}
	var sum history.Record
	for i, event := range log {
		if event.Seq != int64(i+1) {
			m.t.Errorf("event %d of the log has the sequence number %d", i+1, event.Seq)
		}
		if err := sum.Apply(event); err != nil {
			m.t.Errorf("the log does not apply: %v", err)
		}
	}
	record, err := history.Find(m.t.Context(), m.store, id)
	if err != nil {
		m.t.Fatal(err)
	}
	for i := range record.Steps {
		record.Steps[i].Progress = history.Progress{}
	}
	if diff := cmp.Diff(sum, record); diff != "" {
		m.t.Errorf("the record is not the sum of the log (-log +record):\n%s", diff)
	}
	return log
}

// told returns what the log says of attempts, ends and owners.
func (m *machines) told(id string) []string {
	m.t.Helper()
	var lines []string
	for _, event := range m.log(id) {
		switch data := event.Data.(type) {
		case history.StepStarted:
			lines = append(lines, fmt.Sprintf("%s %d started", data.Step, data.Attempt))
		case history.StepSucceeded:
			lines = append(lines, fmt.Sprintf("%s %d succeeded", data.Step, data.Attempt))
		case history.StepFailed:
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %d failed, retry %t %s", data.Step, data.Attempt, data.Retry, data.Interrupted)))
		case history.StepCancelled:
			lines = append(lines, fmt.Sprintf("%s %d cancelled", data.Step, data.Attempt))
		case history.StepSkipped:
			lines = append(lines, data.Step+" skipped")
		case history.AssetMaterialized:
			lines = append(lines, fmt.Sprintf("%s %d materialized", data.Step, data.Attempt))
		case history.RunAdopted:
			lines = append(lines, "adopted")
		case history.RunFinished:
			lines = append(lines, string(data.Status))
		default: // it is of no interest here
		}
	}
	return lines
}

func (m *machines) wants(id string, want ...string) {
	m.t.Helper()
	if diff := cmp.Diff(want, m.told(id)); diff != "" {
		m.t.Errorf("the log tells something else (-want +got):\n%s", diff)
	}
}

func (m *machines) launch(launcher *runs.Launcher, request runs.Request) *runs.Run {
	m.t.Helper()
	if request.Selection == "" && request.Job == "" {
		request.Selection = "*"
	}
	run, err := launcher.Launch(m.t.Context(), request)
	if err != nil {
		m.t.Fatal(err)
	}
	return run
}

// safeBuffer is safe for concurrent use.
type safeBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *safeBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *safeBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

// held is a cluster whose runs begin, and then wait until the test lets them end. The test
// has workers execute the steps.
type held struct {
	begun chan string
	end   chan error
}

func newHeld() held { return held{make(chan string, 1), make(chan error, 1)} }

func (held) SecretsApart() bool { return false }

func (held) Place(string) history.Cluster { return history.Cluster{Name: "held"} }

func (h held) Execute(ctx context.Context, execution *runs.Execution) error {
	if err := execution.Begin(ctx); err != nil {
		return err
	}
	h.begun <- execution.RunID()
	select {
	case err := <-h.end:
		return execution.Settle(ctx, err)
	case <-ctx.Done():
		return execution.Settle(ctx, context.Cause(ctx))
	}
}

// heldRun launches a run that is held, and returns its ID and what ends it.
func (m *machines) heldRun(list ...assets.Definition) (id string, end func() error) {
	m.t.Helper()
	cluster := newHeld()
	owner, _ := m.launcher(runs.LauncherConfig{Executor: cluster}, list...)
	run := m.launch(owner, runs.Request{})
	id = <-cluster.begun
	return id, func() error {
		cluster.end <- nil
		return run.Wait(m.t.Context())
	}
}

func TestARunOnAClusterIsRecordedWithItsWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		resources := new(recorded)
		list := []assets.Definition{
			assets.New("first", func(_ *cache, step *assets.Context) error { step.Logger().Info("first at work"); return nil }),
			assets.New("second", func() error { return errBoom }, assets.After("first")),
			assets.New("third", func() error { return nil }, assets.After("second")),
		}
		var lines safeBuffer
		owner, _ := m.launcherWith(runs.LauncherConfig{Logger: lines.logger()}, resources.resources(), list...)
		worker, _ := m.launcherWith(runs.LauncherConfig{}, resources.resources(), list...)
		m.cluster.Add(worker)
		var observed []history.Event
		run := m.launch(owner, runs.Request{Observe: func(event history.Event) { observed = append(observed, event) }})
		err := run.Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), "executing step second") || !strings.Contains(err.Error(), "boom") {
			t.Errorf("the run ended with %v", err)
		}
		m.wants(run.ID(), "first 1 started", "first 1 materialized", "first 1 succeeded", "second 1 started", "second 1 failed, retry false", "third skipped", "failed")
		record := find(t, m.store, run.ID())
		if record.Cluster != (history.Cluster{Name: "clustertest", Place: "one"}) || record.Steps[0].Worker != worker.Name() {
			t.Errorf("the record is %+v", record)
		}
		for _, event := range m.log(run.ID()) {
			if started, ok := event.Data.(history.ResourceStarted); ok && started.Worker != worker.Name() {
				t.Errorf("a resource has started on %q", started.Worker)
			}
		}
		if diff := cmp.Diff([]string{"start database", "start cache", "stop cache", "stop database"}, resources.all()); diff != "" {
			t.Errorf("the resources differ (-want +got):\n%s", diff)
		}
		if !strings.Contains(lines.String(), "first at work") {
			t.Errorf("the logger of the owner got %q", lines.String())
		}
		if diff := cmp.Diff(m.log(run.ID()), observed); diff != "" {
			t.Errorf("the observer was told something else (-log +told):\n%s", diff)
		}
	})
}

func TestAnAttemptIsExecutedOnceHoweverOftenItIsAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { onceOnTwoWorkers(t, newMachines(t)) })
}

// onceOnTwoWorkers has two workers asked for one attempt many times at once.
func onceOnTwoWorkers(t *testing.T, m *machines) {
	t.Helper()
	var executed atomic.Int32
	list := []assets.Definition{assets.New("left", func() error {
		executed.Add(1)
		time.Sleep(200 * time.Millisecond) // while others ask
		return nil
	})}
	id, end := m.heldRun(list...)
	var workers []*clustertest.Worker
	for range 2 {
		launcher, _ := m.launcher(runs.LauncherConfig{}, list...)
		workers = append(workers, m.cluster.Add(launcher))
	}
	var asked sync.WaitGroup
	for i := range 10 {
		asked.Go(func() {
			done, err := workers[i%2].Attempt(t.Context(), id, "left", 1)
			if err != nil || done.Status != history.StepStatusSucceeded || done.Attempt != 1 {
				t.Errorf("the answer is %+v, %v", done, err)
			}
		})
	}
	asked.Wait()
	for _, worker := range workers {
		worker.Stop(runs.ErrWorkerLeaving)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if executed.Load() != 1 {
		t.Errorf("the step was executed %d times", executed.Load())
	}
	m.wants(id, "left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded")
}

// slowStep is a step whose first attempts wait until they are let go.
type slowStep struct {
	stuck   int32 // so many attempts
	count   atomic.Int32
	begun   chan struct{}
	release chan struct{}
}

func newSlowStep(attempts int32) *slowStep {
	return &slowStep{stuck: attempts, begun: make(chan struct{}, 10), release: make(chan struct{})}
}

func (s *slowStep) definitions(options ...assets.Option) []assets.Definition {
	return []assets.Definition{assets.New("left", func() error {
		if s.count.Add(1) <= s.stuck {
			s.begun <- struct{}{}
			<-s.release
		}
		return nil
	}, options...)}
}

func TestALostAttemptIsMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, step := newMachines(t), newSlowStep(1)
		id, end := m.heldRun(step.definitions()...)
		first, process := m.launcher(runs.LauncherConfig{}, step.definitions()...)
		second, _ := m.launcher(runs.LauncherConfig{}, step.definitions()...)
		one, other := m.cluster.Add(first), m.cluster.Add(second)
		var asked sync.WaitGroup
		asked.Go(func() {
			if _, err := one.Attempt(t.Context(), id, "left", 1); !errors.Is(err, clustertest.ErrLost) {
				t.Errorf("the attempt on the lost worker gave the error %v", err)
			}
		})
		<-step.begun
		process.Kill()
		one.Lose()
		done, err := other.Attempt(t.Context(), id, "left", 1)
		if err != nil || done.Status != history.StepStatusSucceeded || done.Attempt != 2 || done.Lost != 1 {
			t.Errorf("the answer is %+v, %v", done, err)
		}
		close(step.release)
		asked.Wait()
		one.Stop(clustertest.ErrLost)
		other.Stop(nil)
		if err := end(); err != nil {
			t.Error(err)
		}
		m.wants(id, "left 1 started", "left 1 failed, retry true lost", "left 2 started", "left 2 materialized", "left 2 succeeded", "succeeded")
		for _, event := range m.log(id) {
			if failed, ok := event.Data.(history.StepFailed); ok && !strings.Contains(failed.Error.Message, "the worker "+first.Name()+", which executed it, was lost") {
				t.Errorf("the attempt has failed by %q", failed.Error.Message)
			}
		}
	})
}

func TestAStepThatLosesThreeWorkersHasFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, step := newMachines(t), newSlowStep(10)
		list := step.definitions(assets.Retry(5, nil))
		id, end := m.heldRun(list...)
		var lost []*clustertest.Worker
		var asked sync.WaitGroup
		for range 3 {
			launcher, process := m.launcher(runs.LauncherConfig{}, list...)
			worker := m.cluster.Add(launcher)
			asked.Go(func() { _, _ = worker.Attempt(t.Context(), id, "left", 1) })
			<-step.begun
			process.Kill()
			worker.Lose()
			lost = append(lost, worker)
		}
		launcher, _ := m.launcher(runs.LauncherConfig{}, list...)
		last := m.cluster.Add(launcher)
		done, err := last.Attempt(t.Context(), id, "left", 1)
		if err != nil || done.Status != history.StepStatusFailed || done.Attempt != 3 || done.Lost != 3 {
			t.Errorf("the answer is %+v, %v", done, err)
		}
		close(step.release)
		asked.Wait()
		for _, worker := range append(lost, last) {
			worker.Stop(nil)
		}
		if err := end(); err == nil || !strings.Contains(err.Error(), "the step may be what ends its workers") {
			t.Errorf("the run ended with %v", err)
		}
		m.wants(id, "left 1 started", "left 1 failed, retry true lost", "left 2 started", "left 2 failed, retry true lost", "left 3 started", "left 3 failed, retry false lost", "failed")
	})
}

func TestWhatALostWorkerStillTellsIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { zombie(t, newMachines(t)) })
}

// zombie has a worker go on with a step that another worker has taken and executed.
func zombie(t *testing.T, m *machines) {
	t.Helper()
	step := newSlowStep(1)
	id, end := m.heldRun(step.definitions()...)
	first, process := m.launcher(runs.LauncherConfig{}, step.definitions()...)
	second, _ := m.launcher(runs.LauncherConfig{}, step.definitions()...)
	one, other := m.cluster.Add(first), m.cluster.Add(second)
	var asked sync.WaitGroup
	asked.Go(func() {
		if done, err := one.Attempt(t.Context(), id, "left", 1); !errors.Is(err, history.ErrTransition) {
			t.Errorf("the attempt that was taken for lost gave %+v, %v", done, err)
		}
	})
	<-step.begun
	process.LoseLocks()
	if done, err := other.Attempt(t.Context(), id, "left", 1); err != nil || done.Status != history.StepStatusSucceeded {
		t.Errorf("the answer is %+v, %v", done, err)
	}
	close(step.release)
	asked.Wait()
	one.Stop(nil)
	other.Stop(nil)
	if err := end(); err != nil {
		t.Error(err)
	}
	m.wants(id, "left 1 started", "left 1 failed, retry true lost", "left 2 started", "left 2 materialized", "left 2 succeeded", "succeeded")
}

func TestAnAttemptThatHasFailedIsAnsweredAndNotMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		list := []assets.Definition{assets.New("left", func(step *assets.Context) error {
			if step.Attempt() < 3 {
				return errBoom
			}
			return nil
		}, assets.Retry(2, func(int) time.Duration { return time.Minute }))}
		id, end := m.heldRun(list...)
		launcher, _ := m.launcher(runs.LauncherConfig{}, list...)
		worker := m.cluster.Add(launcher)
		ask := func(attempt int) runs.Attempted {
			done, err := worker.Attempt(t.Context(), id, "left", attempt)
			if err != nil {
				t.Fatal(err)
			}
			return done
		}
		want := runs.Attempted{Status: history.StepStatusPending, Attempt: 1, Delay: time.Minute, Failure: history.Failure{Message: "boom"}}
		if diff := cmp.Diff(want, ask(1)); diff != "" {
			t.Errorf("the first answer differs (-want +got):\n%s", diff)
		}
		time.Sleep(20 * time.Second)
		want.Delay = 40 * time.Second
		if diff := cmp.Diff(want, ask(1)); diff != "" {
			t.Errorf("the same question is answered differently (-want +got):\n%s", diff)
		}
		if done := ask(2); done.Attempt != 2 || done.Status != history.StepStatusPending {
			t.Errorf("the second answer is %+v", done)
		}
		if done := ask(3); done.Status != history.StepStatusSucceeded {
			t.Errorf("the third answer is %+v", done)
		}
		if done := ask(3); done.Status != history.StepStatusSucceeded || done.Attempt != 3 {
			t.Errorf("the third answer is %+v when asked again", done)
		}
		worker.Stop(nil)
		if err := end(); err != nil {
			t.Error(err)
		}
		m.wants(id, "left 1 started", "left 1 failed, retry true", "left 2 started", "left 2 failed, retry true", "left 3 started", "left 3 materialized", "left 3 succeeded", "succeeded")
	})
}

// clockAhead is the store as a process sees it whose clock is ahead.
type clockAhead struct {
	history.Store
	by time.Duration
}

func (s clockAhead) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	shifted := slices.Clone(events)
	for i := range shifted {
		shifted[i].Time = shifted[i].Time.Add(s.by)
	}
	return s.Store.Append(ctx, shifted...)
}

func TestTheClockOfAnotherWorkerMakesNoWaitLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		list := []assets.Definition{assets.New("left", func(step *assets.Context) error {
			if step.Attempt() < 2 {
				return errBoom
			}
			return nil
		}, assets.Retry(1, func(int) time.Duration { return time.Minute }))}
		id, end := m.heldRun(list...)
		right, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.store = clockAhead{m.store, time.Hour}
		ahead, _ := m.launcher(runs.LauncherConfig{}, list...)
		one, other := m.cluster.Add(ahead), m.cluster.Add(right)
		if done, err := one.Attempt(t.Context(), id, "left", 1); err != nil || done.Delay != time.Minute {
			t.Errorf("the answer is %+v, %v", done, err)
		}
		if done, err := other.Attempt(t.Context(), id, "left", 1); err != nil || done.Delay != time.Minute {
			t.Errorf("the answer of a worker whose clock is right is %+v, %v", done, err)
		}
		if done, err := other.Attempt(t.Context(), id, "left", 2); err != nil || done.Status != history.StepStatusSucceeded {
			t.Errorf("the second answer is %+v, %v", done, err)
		}
		one.Stop(nil)
		other.Stop(nil)
		if err := end(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnAttemptThatWasCancelledBeforeItBeganOpensNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		var opened atomic.Int32
		resources := []container.Definition{container.Provide("database", func() *database {
			opened.Add(1)
			return new(database)
		})}
		list := []assets.Definition{assets.New("left", func(*database) error { return nil })}
		cluster := newHeld()
		owner, _ := m.launcherWith(runs.LauncherConfig{Executor: cluster}, resources, list...)
		run := m.launch(owner, runs.Request{})
		id := <-cluster.begun
		launcher, _ := m.launcherWith(runs.LauncherConfig{}, resources, list...)
		worker := m.cluster.Add(launcher)
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(runs.ErrCancelled)
		if done, err := worker.Attempt(ctx, id, "left", 1); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("the attempt gave %+v, %v", done, err)
		}
		if opened.Load() > 0 {
			t.Error("the resource of a step that never began was made")
		}
		if done, err := worker.Attempt(t.Context(), id, "left", 1); err != nil || done.Status != history.StepStatusSucceeded {
			t.Errorf("the next answer is %+v, %v", done, err)
		}
		worker.Stop(nil)
		cluster.end <- nil
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAWorkerThatLeavesHasItsStepsMadeElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		var count atomic.Int32
		begun := make(chan struct{})
		list := []assets.Definition{assets.New("left", func(ctx context.Context) error {
			if count.Add(1) == 1 {
				close(begun)
				<-ctx.Done()
			}
			return ctx.Err()
		})}
		owner, _ := m.launcher(runs.LauncherConfig{}, list...)
		first, _ := m.launcher(runs.LauncherConfig{}, list...)
		leaving := m.cluster.Add(first)
		run := m.launch(owner, runs.Request{})
		<-begun
		second, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(second)
		leaving.Stop(runs.ErrWorkerLeaving)
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		m.wants(run.ID(), "left 1 started", "left 1 failed, retry true stopped", "left 2 started", "left 2 materialized", "left 2 succeeded", "succeeded")
		if worker := find(t, m.store, run.ID()).Steps[0].Worker; worker != second.Name() {
			t.Errorf("the step was executed by %s, want %s", worker, second.Name())
		}
	})
}

func TestAStepIsCancelledOnItsWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		begun := make(chan struct{})
		list := []assets.Definition{assets.New("left", func(ctx context.Context) error {
			close(begun)
			<-ctx.Done()
			return context.Cause(ctx)
		})}
		owner, _ := m.launcher(runs.LauncherConfig{}, list...)
		launcher, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(launcher)
		run := m.launch(owner, runs.Request{})
		<-begun
		run.Cancel("enough")
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("the run ended with %v", err)
		}
		m.wants(run.ID(), "left 1 started", "left 1 cancelled", "cancelled")
	})
}

func TestResourcesThatCannotStartOnAWorkerFailTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		broken := []container.Definition{container.Provide("database", func(lc fx.Lifecycle) *database {
			lc.Append(fx.StartHook(func() error { return errBoom }))
			return new(database)
		})}
		list := []assets.Definition{assets.New("left", func(*database) error { return nil })}
		owner, _ := m.launcherWith(runs.LauncherConfig{}, broken, list...)
		launcher, _ := m.launcherWith(runs.LauncherConfig{}, broken, list...)
		m.cluster.Add(launcher)
		err := m.launch(owner, runs.Request{}).Wait(t.Context())
		if err == nil || !strings.Contains(err.Error(), "database") || !strings.Contains(err.Error(), "boom") {
			t.Errorf("the run ended with %v", err)
		}
	})
}

func TestWhatALostWorkerHasStartedIsNamedAtTheEndOfTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		step := newSlowStep(1)
		list := []assets.Definition{assets.New("left", func(*cache) error {
			if step.count.Add(1) == 1 {
				step.begun <- struct{}{}
				<-step.release
			}
			return nil
		})}
		owner, _ := m.launcherWith(runs.LauncherConfig{}, new(recorded).resources(), list...)
		first, process := m.launcherWith(runs.LauncherConfig{}, new(recorded).resources(), list...)
		lost := m.cluster.Add(first)
		run := m.launch(owner, runs.Request{})
		<-step.begun
		process.Kill()
		second, _ := m.launcherWith(runs.LauncherConfig{}, new(recorded).resources(), list...)
		m.cluster.Add(second)
		lost.Lose()
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		close(step.release)
		lost.Stop(nil)
		want := []history.LeftResource{{Resource: "database", Worker: first.Name()}, {Resource: "cache", Worker: first.Name()}}
		if diff := cmp.Diff(want, ended(t, m.store, run.ID()).Left); diff != "" {
			t.Errorf("what is left differs (-want +got):\n%s", diff)
		}
	})
}

func TestAStopThatFailsOnAWorkerFailsTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		broken := []container.Definition{container.Provide("database", func(lc fx.Lifecycle) *database {
			lc.Append(fx.StopHook(func() error { return errBoom }))
			return new(database)
		})}
		list := []assets.Definition{assets.New("left", func(*database) error { return nil })}
		owner, _ := m.launcherWith(runs.LauncherConfig{}, broken, list...)
		launcher, _ := m.launcherWith(runs.LauncherConfig{}, broken, list...)
		m.cluster.Add(launcher)
		run := m.launch(owner, runs.Request{})
		if err := run.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "boom") {
			t.Errorf("the run ended with %v", err)
		}
		m.wants(run.ID(), "left 1 started", "left 1 materialized", "left 1 succeeded", "failed")
	})
}

func TestStepsWithoutAnEndAreSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, step := newMachines(t), newSlowStep(1)
		list := append(step.definitions(), assets.New("right", func() error { return nil }, assets.After("left")))
		cluster := newHeld()
		owner, _ := m.launcher(runs.LauncherConfig{Executor: cluster}, list...)
		run := m.launch(owner, runs.Request{})
		id := <-cluster.begun
		launcher, process := m.launcher(runs.LauncherConfig{}, list...)
		worker := m.cluster.Add(launcher)
		var asked sync.WaitGroup
		asked.Go(func() { _, _ = worker.Attempt(t.Context(), id, "left", 1) })
		<-step.begun
		process.Kill()
		worker.Lose()
		cluster.end <- errors.New("somebody has terminated it")
		if err := run.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "somebody has terminated it") {
			t.Errorf("the run ended with %v", err)
		}
		close(step.release)
		asked.Wait()
		worker.Stop(nil)
		m.wants(id, "left 1 started", "left 1 failed, retry false", "right skipped", "failed")
	})
}

func TestARunWithACancelledStepHasNotSucceeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		list := []assets.Definition{assets.New("left", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})}
		id, end := m.heldRun(list...)
		launcher, _ := m.launcher(runs.LauncherConfig{}, list...)
		worker := m.cluster.Add(launcher)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := worker.Attempt(ctx, id, "left", 1); !errors.Is(err, context.Canceled) {
			t.Errorf("an attempt that was cancelled before gave %v", err)
		}
		ctx, cancel = context.WithTimeoutCause(t.Context(), time.Second, context.Canceled)
		defer cancel()
		if done, err := worker.Attempt(ctx, id, "left", 1); err != nil || done.Status != history.StepStatusCancelled {
			t.Errorf("the answer is %+v, %v", done, err)
		}
		worker.Stop(nil)
		if err := end(); err == nil || !strings.Contains(err.Error(), "executing step left: it was cancelled or skipped") {
			t.Errorf("the run ended with %v", err)
		}
		m.wants(id, "left 1 started", "left 1 cancelled", "failed")
	})
}

func TestARunIsCancelledThatSomebodyCancelsInTheCluster(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		owner, _ := m.launcher(runs.LauncherConfig{Executor: cancelling{newHeld()}}, newSlowStep(0).definitions()...)
		run := m.launch(owner, runs.Request{})
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) || !strings.Contains(err.Error(), "by its command line") {
			t.Errorf("the run ended with %v", err)
		}
		m.wants(run.ID(), "cancelled")
	})
}

// cancelling is a cluster in which somebody cancels each run.
type cancelling struct{ held }

func (c cancelling) Execute(ctx context.Context, execution *runs.Execution) error {
	execution.Cancelled("by its command line")
	return execution.Settle(ctx, nil)
}

func TestARunTimesOutThatTheClusterEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		began := time.Now()
		cluster := ending{held: newHeld(), deadline: make(chan time.Time, 1)}
		owner, _ := m.launcher(runs.LauncherConfig{Executor: cluster}, newSlowStep(0).definitions()...)
		run := m.launch(owner, runs.Request{Timeout: time.Minute})
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrTimedOut) || !strings.Contains(err.Error(), "after 1m0s") {
			t.Errorf("the run ended with %v", err)
		}
		if deadline := <-cluster.deadline; !deadline.Equal(began.Add(time.Minute)) {
			t.Errorf("the deadline is %s after the beginning", deadline.Sub(began))
		}
		m.wants(run.ID(), "failed")
	})
}

// ending is a cluster whose clock is ahead: it ends each run at its deadline.
type ending struct {
	held
	deadline chan time.Time
}

func (c ending) Execute(ctx context.Context, execution *runs.Execution) error {
	if deadline, ok := execution.Deadline(); ok {
		c.deadline <- deadline
		execution.TimedOut()
	}
	return execution.Settle(ctx, nil)
}

// unsureStore is the store as a process sees it whose connection is lost at some appends, after the store
// has taken the events or before.
type unsureStore struct {
	history.Store
	mu   sync.Mutex
	lose []lostAppend // in order
}

type lostAppend struct {
	at    history.EventType
	taken bool
}

func (s *unsureStore) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := func(event history.Event) bool { return event.Type() == s.lose[0].at }
	if len(s.lose) == 0 || !slices.ContainsFunc(events, is) {
		return s.Store.Append(ctx, events...)
	}
	taken := s.lose[0].taken
	s.lose = s.lose[1:]
	if taken {
		if _, err := s.Store.Append(ctx, events...); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the connection was lost")
}

func TestAWorkerWhoseConnectionToTheHistoryIsLost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lose []lostAppend
		want []string
	}{
		"makes the attempt whose start the history has taken": {
			[]lostAppend{{history.TypeStepStarted, true}},
			[]string{"left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded"},
		},
		"makes the attempt whose start the history has not taken": {
			[]lostAppend{{history.TypeStepStarted, false}},
			[]string{"left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded"},
		},
		"makes no attempt again whose end the history has taken": {
			[]lostAppend{{history.TypeStepSucceeded, true}},
			[]string{"left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded"},
		},
		"has lost an attempt whose end the history has not taken": {
			[]lostAppend{{history.TypeStepSucceeded, false}},
			[]string{"left 1 started", "left 1 failed, retry true lost", "left 2 started", "left 2 materialized", "left 2 succeeded", "succeeded"},
		},
		"has lost that attempt too if it asked for its start once more": {
			[]lostAppend{{history.TypeStepSucceeded, false}, {history.TypeStepStarted, false}},
			[]string{"left 1 started", "left 1 failed, retry true lost", "left 2 started", "left 2 materialized", "left 2 succeeded", "succeeded"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, step := newMachines(t), newSlowStep(0)
				id, end := m.heldRun(step.definitions()...)
				store := m.store
				m.store = &unsureStore{Store: store, lose: test.lose}
				launcher, _ := m.launcher(runs.LauncherConfig{}, step.definitions()...)
				m.store = store
				for range test.lose {
					worker := m.cluster.Add(launcher)
					if done, err := worker.Attempt(t.Context(), id, "left", 1); err == nil {
						t.Errorf("the lost connection is no error: %+v", done)
					}
					worker.Stop(nil)
				}
				worker := m.cluster.Add(launcher)
				if done, err := worker.Attempt(t.Context(), id, "left", 1); err != nil || done.Status != history.StepStatusSucceeded {
					t.Errorf("the answer is %+v, %v", done, err)
				}
				worker.Stop(nil)
				if err := end(); err != nil {
					t.Error(err)
				}
				m.wants(id, test.want...)
			})
		})
	}
}

func TestTheStartOfResourcesIsGivenUpWhenNoAttemptWaitsForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		starting := make(chan struct{})
		slow := []container.Definition{container.Provide("database", func(lc fx.Lifecycle) *database {
			lc.Append(fx.StartHook(func(ctx context.Context) error {
				close(starting)
				<-ctx.Done()
				return ctx.Err()
			}))
			return new(database)
		})}
		list := []assets.Definition{
			assets.New("left", func(*database) error { return nil }), assets.New("right", func(*database) error { return nil }),
		}
		cluster := newHeld()
		owner, _ := m.launcherWith(runs.LauncherConfig{Executor: cluster}, slow, list...)
		run := m.launch(owner, runs.Request{})
		id := <-cluster.begun
		launcher, _ := m.launcherWith(runs.LauncherConfig{}, slow, list...)
		worker := m.cluster.Add(launcher)
		var asked sync.WaitGroup
		ask := func(step string) (cancel context.CancelCauseFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			asked.Go(func() {
				if done, err := worker.Attempt(ctx, id, step, 1); !errors.Is(err, runs.ErrWorkerLeaving) || errors.Is(err, runs.ErrUnopened) {
					t.Errorf("the attempt gave %+v, %v", done, err)
				}
			})
			return cancel
		}
		left, right := ask("left"), ask("right")
		<-starting
		synctest.Wait()
		began := time.Now()
		left(runs.ErrCancelled)
		time.Sleep(time.Second)
		synctest.Wait()
		if started := slices.ContainsFunc(m.log(id), func(event history.Event) bool { return event.Type() == history.TypeResourceStarted }); started {
			t.Error("the start was given up although an attempt still waits for it")
		}
		right(runs.ErrCancelled)
		asked.Wait()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the attempts ended after %s", took)
		}
		worker.Stop(nil)
		cluster.end <- nil
		if err := run.Wait(t.Context()); err == nil {
			t.Error("the run succeeded without its steps")
		}
	})
}

func TestTheObserverOfARunIsToldOfTheProgressOfStepsOnWorkers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		list := []assets.Definition{assets.New("left", func(at *assets.Context) error {
			for i := range int64(3) {
				at.Progress(i+1, 3)
				time.Sleep(2 * time.Second)
			}
			return nil
		})}
		owner, _ := m.launcher(runs.LauncherConfig{}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		var told []history.StepProgress
		running := false
		run := m.launch(owner, runs.Request{Observe: func(event history.Event) {
			switch data := event.Data.(type) {
			case history.StepStarted:
				running = true
			case history.StepSucceeded:
				running = false
			case history.StepProgress:
				told = append(told, data)
				if !running {
					t.Errorf("the observer is told of progress while the step is not running: %+v", data)
				}
			default: // it is of no interest here
			}
		}})
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		want := []history.StepProgress{{Step: "left", Rows: 1, Total: 3}, {Step: "left", Rows: 2, Total: 3}, {Step: "left", Rows: 3, Total: 3}}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("the observer was told something else (-want +got):\n%s", diff)
		}
	})
}

func TestAWorkerRefusesWhatItCannotExecute(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	ctx := t.Context()
	worker, _ := m.launcher(runs.LauncherConfig{}, newSlowStep(0).definitions()...)
	if _, err := worker.RecordedRequest(ctx, "nothing"); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("a run that does not exist gave %v", err)
	}
	id, end := m.heldRun(newSlowStep(0).definitions()...)
	request, err := worker.RecordedRequest(ctx, id)
	if err != nil || !slices.Equal(request.Steps, []string{"left"}) {
		t.Fatalf("the request is %+v, %v", request, err)
	}
	other, _ := m.launcher(runs.LauncherConfig{}, newSlowStep(0).definitions(assets.Retry(1, nil))...)
	if err := other.ExecuteRun(ctx, request, nil, runs.RunOptions{}); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "the definitions of this program differ") {
		t.Errorf("another program gave %v", err)
	}
	empty, _ := m.launcher(runs.LauncherConfig{}, assets.New("other", func() error { return nil }))
	if _, err := empty.RecordedRequest(ctx, id); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("a program without the step gave %v", err)
	}
	at := m.cluster.Add(worker)
	if _, err := at.Attempt(ctx, id, "left", 1); err != nil {
		t.Error(err)
	}
	at.Stop(nil)
	if request, err = worker.RecordedRequest(ctx, id); err != nil || len(request.Steps) != 0 || request.Steps == nil {
		t.Errorf("without steps the request is %+v, %v", request, err)
	}
	if err := end(); err != nil {
		t.Error(err)
	}
	if _, err := worker.RecordedRequest(ctx, id); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "it has ended") {
		t.Errorf("a run that has ended gave %v", err)
	}
}

func TestALostAttemptUsesUpNoRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		var count atomic.Int32
		begun, release := make(chan struct{}), make(chan struct{})
		var waits []int
		list := []assets.Definition{assets.New("left", func() error {
			switch count.Add(1) {
			case 1:
				close(begun)
				<-release
			case 2:
				return errBoom
			}
			return nil
		}, assets.Retry(1, func(attempt int) time.Duration { waits = append(waits, attempt); return 0 }))}
		owner, _ := m.launcher(runs.LauncherConfig{}, list...)
		first, process := m.launcher(runs.LauncherConfig{}, list...)
		lost := m.cluster.Add(first)
		run := m.launch(owner, runs.Request{})
		<-begun
		process.Kill()
		second, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(second)
		lost.Lose()
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		close(release)
		lost.Stop(nil)
		m.wants(run.ID(), "left 1 started", "left 1 failed, retry true lost", "left 2 started", "left 2 failed, retry true",
			"left 3 started", "left 3 materialized", "left 3 succeeded", "succeeded")
		if diff := cmp.Diff([]int{1}, waits); diff != "" {
			t.Errorf("the wait is that before other attempts (-want +got):\n%s", diff)
		}
	})
}

func TestARunOnAClusterHasTheStepsThatItWasQueuedWith(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		before, _ := m.launcher(runs.LauncherConfig{}, assets.New("left", func() error { return nil }))
		id := queue(t, before, runs.Request{Selection: "*"})
		list := []assets.Definition{assets.New("left", func() error { return nil }), assets.New("right", func() error { return nil })}
		owner, _ := m.launcher(runs.LauncherConfig{}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		workUntilEmpty(t, owner)
		m.wants(id, "left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded")
	})
}

func TestARepetitionOnAClusterTakesTheValuesOfTheEarlierRun(t *testing.T) {
	t.Parallel()
	m := newMachines(t)
	var fails atomic.Bool
	fails.Store(true)
	list := []assets.Definition{
		assets.New("left", func() left { return 7 }),
		assets.New("middle", func(l left) (middle, error) {
			if fails.Load() {
				return 0, errBoom
			}
			return middle(l), nil
		}),
	}
	folder := []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: t.TempDir(), Shared: true})}
	owner, _ := m.launcherWith(runs.LauncherConfig{}, folder, list...)
	for range 2 {
		worker, _ := m.launcherWith(runs.LauncherConfig{}, folder, list...)
		m.cluster.Add(worker)
	}
	first := m.launch(owner, runs.Request{})
	if err := first.Wait(t.Context()); err == nil {
		t.Error("the run succeeded")
	}
	fails.Store(false)
	request, err := owner.RetryRequest(t.Context(), first.ID(), runs.RetryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second := m.launch(owner, request)
	if err := second.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	m.wants(second.ID(), "middle 1 started", "middle 1 materialized", "middle 1 succeeded", "succeeded")
	if got, err := runs.Value[middle](t.Context(), owner, "middle"); got != 7 || err != nil {
		t.Errorf("the value is %d, %v", got, err)
	}
}

// readCounter counts what is read of single runs.
type readCounter struct {
	history.Store
	logs, records atomic.Int32
}

func (s *readCounter) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	if !slices.Contains(query.Types, history.TypeRunCancelRequested) { // which every run looks for once a second
		s.logs.Add(1)
	}
	return s.Store.Events(ctx, query)
}

func (s *readCounter) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	if query.ID != "" {
		s.records.Add(1)
	}
	return s.Store.Runs(ctx, query)
}

func TestARunInThisProcessReadsNothingThatOnlyClustersNeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &readCounter{Store: history.NewMemoryStore()}
		launcher := newLauncher(t, runs.LauncherConfig{Store: store}, nil, assets.New("left", func() error { time.Sleep(time.Minute); return nil }))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*", Observe: func(history.Event) {}})
		if err != nil {
			t.Fatal(err)
		}
		if err := handle.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if logs, records := store.logs.Load(), store.records.Load(); logs != 0 || records != 0 {
			t.Errorf("the run has read %d times from its log, and %d times its record", logs, records)
		}
	})
}

func TestAnObserverIsToldWhatWorkersHaveRecordedBeforeWhatTheOwnerRecords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, cluster, list := newMachines(t), newHeld(), newSlowStep(0).definitions()
		owner, _ := m.launcher(runs.LauncherConfig{Executor: cluster}, list...)
		var observed []history.Event
		run := m.launch(owner, runs.Request{Observe: func(event history.Event) { observed = append(observed, event) }})
		id := <-cluster.begun
		launcher, _ := m.launcher(runs.LauncherConfig{}, list...)
		worker := m.cluster.Add(launcher)
		if _, err := worker.Attempt(t.Context(), id, "left", 1); err != nil {
			t.Error(err)
		}
		worker.Stop(nil)
		run.Drain("enough", time.Hour) // which the owner records before it looks for what the worker did
		time.Sleep(time.Second)
		cluster.end <- nil
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(m.log(id), observed); diff != "" {
			t.Errorf("the observer was told something else (-log +told):\n%s", diff)
		}
	})
}

// begunBefore records that the run has started before its cluster does.
type begunBefore struct {
	runs.Cluster
	store history.Store
}

func (x begunBefore) Execute(ctx context.Context, execution *runs.Execution) error {
	event := history.Event{RunID: execution.RunID(), Time: time.Now(), Data: history.RunStarted{}}
	if _, err := x.store.Append(ctx, event); err != nil {
		return err
	}
	return x.Cluster.Execute(ctx, execution)
}

func TestARunOnAClusterGoesOnIfAnotherOwnerHasRecordedItsStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		list := []assets.Definition{assets.New("left", func() error { return nil })}
		owner, _ := m.launcher(runs.LauncherConfig{Executor: begunBefore{m.cluster.Executor(), m.store}}, list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		m.cluster.Add(worker)
		run := m.launch(owner, runs.Request{})
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		m.wants(run.ID(), "left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded")
	})
}
