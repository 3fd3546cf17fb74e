package temporal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	enums "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/temporaltest"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// stage is a launcher of a program, with a server of Temporal.
type stage struct {
	program
	t        testing.TB
	server   *temporaltest.Server
	launcher *runs.Launcher
	cluster  *temporal.Cluster
	work     func(context.Context, *runs.Launcher) error
}

// newStage returns a stage whose history is in memory, for a worker in this process.
func newStage(t testing.TB, change func(*program)) *stage {
	t.Helper()
	return newStageAt(t, temporaltest.New(t), change)
}

func newStageAt(t testing.TB, server *temporaltest.Server, change func(*program)) *stage {
	t.Helper()
	s := &stage{t: t, server: server}
	s.program = program{
		Folder: t.TempDir(), Address: s.server.Address(), Queue: "test", Heartbeat: 5 * time.Second, Drain: time.Minute, MaxRuns: 10,
		store: history.NewMemoryStore(), locker: locks.NewMemory(),
	}
	if change != nil {
		change(&s.program)
	}
	launcher, cluster, closeAll, err := s.newLauncher(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.launcher, s.cluster, s.work = launcher, cluster, cluster.Work
	t.Cleanup(func() {
		if err := closeAll(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// inDatabase has the history in a database, so that workers can be other processes.
func inDatabase(t testing.TB) func(*program) {
	address := database.Database(t)
	return func(p *program) { p.Database = address }
}

// startWork executes steps in this process until stop.
func (s *stage) startWork() (stop func()) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- s.work(ctx, s.launcher) }()
	return func() {
		cancel()
		if err := <-over; err != nil {
			s.t.Error(err)
		}
	}
}

func (s *stage) touch(name string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.Folder, name), nil, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) remove(name string) {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.Folder, name)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) launch(request runs.Request) *runs.Run {
	s.t.Helper()
	run, err := s.launcher.Launch(s.t.Context(), request)
	if err != nil {
		s.t.Fatal(err)
	}
	return run
}

// await waits until something is true.
func (s *stage) await(what string, is func() bool) {
	s.t.Helper()
	deadline, stop := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer stop()
	for !is() {
		select {
		case <-deadline.Done():
			s.t.Fatalf("waited in vain: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// awaitNote waits until steps or resources have noted something a number of times.
func (s *stage) awaitNote(beginning string, times int) []string {
	s.t.Helper()
	s.await(fmt.Sprint("the note ", beginning), func() bool { return len(s.notes(beginning)) >= times })
	return s.notes(beginning)
}

func (s *stage) record(id string) history.Record {
	s.t.Helper()
	record, err := history.Find(s.t.Context(), s.launcher.Store(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return record
}

// awaitEnd waits until the history says that a run has ended.
func (s *stage) awaitEnd(id string) history.Record {
	s.t.Helper()
	s.await("the end of run "+id, func() bool { return s.record(id).Status.Finished() })
	return s.record(id)
}

func eventsOf[T history.EventData](s *stage, id string) (found []T) {
	s.t.Helper()
	events, err := s.launcher.Store().Events(s.t.Context(), history.EventQuery{RunID: id})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, event := range events {
		if data, ok := event.Data.(T); ok {
			found = append(found, data)
		}
	}
	return found
}

// wantNotes checks what steps and resources have noted, without the numbers of processes.
func (s *stage) wantNotes(beginning string, want ...string) {
	s.t.Helper()
	var got []string
	for _, line := range s.notes(beginning) {
		words := strings.Fields(line)
		got = append(got, strings.Join(words[:len(words)-1], " "))
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("got the notes %q, want %q", got, want)
	}
}

// holder returns the process that executes a step, of those that were started.
func (s *stage) holder(note string, processes ...*exec.Cmd) (holder *exec.Cmd, others []*exec.Cmd) {
	s.t.Helper()
	for _, process := range processes {
		if strings.HasSuffix(note, fmt.Sprintf(" %d", process.Process.Pid)) {
			holder = process
		} else {
			others = append(others, process)
		}
	}
	if holder == nil {
		s.t.Fatalf("the note %q is of none of the processes", note)
	}
	return holder, others
}

func TestARunIsExecutedByAWorker(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	stop := s.startWork()
	defer stop()
	run := s.launch(runs.Request{Selection: "+third"})
	if err := run.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantNotes("began", "began first", "began second", "began third")
	if notes := s.notes("closed"); len(notes) != 1 || !strings.HasSuffix(notes[0], "success") {
		t.Errorf("the resource has noted %q", notes)
	}
	record := s.record(run.ID())
	if want := "http://temporal.example/namespaces/default/workflows/" + run.ID(); record.Cluster.Page != want {
		t.Errorf("the page of the run is %q, want %q", record.Cluster.Page, want)
	}
	for _, step := range record.Steps {
		if step.Worker != s.launcher.Name() {
			t.Errorf("step %s was executed by %q", step.Key, step.Worker)
		}
	}
}

func TestARunFails(t *testing.T) {
	t.Parallel()
	t.Run("if a step fails, and skips the steps that need it", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		defer s.startWork()()
		s.touch("fail-second")
		run := s.launch(runs.Request{Selection: "+third"})
		if err := run.Wait(t.Context()); err == nil || err.Error() != "executing step second: it was told to fail" {
			t.Errorf("got %v", err)
		}
		if third, _ := s.record(run.ID()).Step("third"); third.Status != history.StepStatusSkipped {
			t.Errorf("the last step is %s", third.Status)
		}
	})
	t.Run("if it takes longer than its timeout", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		defer s.startWork()()
		s.touch("hold-first")
		run := s.launch(runs.Request{Selection: "+third", Timeout: 15 * time.Second})
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrTimedOut) {
			t.Errorf("got %v", err)
		}
		s.wantNotes("began", "began first")
		s.wantNotes("cancelled", "cancelled first")
	})
	t.Run("if it takes longer than its timeout, and no process looks after it", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, func(p *program) { p.executor = func(c *temporal.Cluster) runs.Executor { return heedless{c} } })
		defer s.startWork()()
		s.touch("hold-first")
		run := s.launch(runs.Request{Selection: "+third", Timeout: 15 * time.Second})
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrTimedOut) {
			t.Errorf("got %v", err)
		}
		s.wantNotes("cancelled", "cancelled first")
		if notes := s.notes("closed"); len(notes) != 1 || !strings.HasSuffix(notes[0], "the run timed out") {
			t.Errorf("the resource has noted %q", notes)
		}
		record := s.record(run.ID())
		first, _ := record.Step("first")
		if record.Status != history.StatusFailed || !strings.Contains(record.Error.Message, "the run timed out after 15s") || first.Status != history.StepStatusCancelled {
			t.Errorf("the run is %s: %s; the step is %s", record.Status, record.Error.Message, first.Status)
		}
	})
	t.Run("if a resource can't be started, and no step begins", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		defer s.startWork()()
		run := s.launch(runs.Request{Selection: "+third", Config: container.RunConfig{Resources: map[string]any{"warehouse": map[string]any{"table": "missing"}}}})
		if err := run.Wait(t.Context()); err == nil || strings.Count(err.Error(), "there is no such table") != 1 {
			t.Errorf("got %v", err)
		}
		s.wantNotes("began")
	})
	t.Run("if a resource panics, and the worker goes on", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		defer s.startWork()()
		run := s.launch(runs.Request{Selection: "+third", Config: container.RunConfig{Resources: map[string]any{"warehouse": map[string]any{"table": "panics"}}}})
		if err := run.Wait(t.Context()); err == nil || strings.Count(err.Error(), "the table is upside down") != 1 {
			t.Errorf("got %v", err)
		}
		s.wantNotes("began")
		if err := s.launch(runs.Request{Selection: "small"}).Wait(t.Context()); err != nil {
			t.Errorf("the next run has failed: %v", err)
		}
	})
	t.Run("if the workflow is terminated, and the worker stops what it has started", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		defer s.startWork()()
		s.touch("hold-first")
		run := s.launch(runs.Request{Selection: "+third"})
		s.awaitNote("began first", 1)
		if err := s.client().TerminateWorkflow(t.Context(), run.ID(), "", "Ann says so"); err != nil {
			t.Fatal(err)
		}
		if err := run.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "was ended in Temporal") || errors.Is(err, runs.ErrCancelled) {
			t.Errorf("got %v", err)
		}
		s.awaitNote("closed", 1)
	})
	t.Run("if Temporal can't be reached", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		if err := s.server.Kill(); err != nil {
			t.Fatal(err)
		}
		run := s.launch(runs.Request{Selection: "small"})
		if err := run.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "reaching Temporal at "+s.Address) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("if Temporal has no such namespace, and the error says what was asked", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, func(p *program) { p.Namespace = "elsewhere" })
		run := s.launch(runs.Request{Selection: "small"})
		want := "starting the workflow of run " + run.ID() + ": Temporal at " + s.Address + ", namespace elsewhere: "
		if err := run.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	})
	t.Run("if all workers have another history", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		other := *s
		other.store = history.NewMemoryStore()
		launcher, cluster, closeAll, err := other.newLauncher(nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := closeAll(); err != nil {
				t.Error(err)
			}
		})
		other.launcher, other.work = launcher, cluster.Work
		defer other.startWork()()
		run := s.launch(runs.Request{Selection: "small"})
		if err := run.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "has another history than the launcher of the run") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("if all workers have other definitions", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, inDatabase(t))
		older := s.program
		older.Retries = 1
		older.start(t, "worker")
		run := s.launch(runs.Request{Selection: "+third"})
		if err := run.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "the definitions of this program differ") {
			t.Errorf("got %v", err)
		}
		s.wantNotes("began")
	})
}

func TestARunIsCancelled(t *testing.T) {
	t.Parallel()
	for name, cancel := range map[string]func(s *stage, run *runs.Run) error{
		"by its launcher": func(_ *stage, run *runs.Run) error {
			run.Cancel("Ann says so")
			return nil
		},
		"by a request in the history": func(s *stage, run *runs.Run) error {
			return s.launcher.RequestCancel(s.t.Context(), s.record(run.ID()), history.RunCancelRequested{Reason: "Ann says so"})
		},
		"by a client of Temporal": func(s *stage, run *runs.Run) error {
			return s.client().CancelWorkflow(s.t.Context(), run.ID(), "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, nil)
			defer s.startWork()()
			s.touch("hold-second")
			run := s.launch(runs.Request{Selection: "+third"})
			s.awaitNote("began second", 1)
			if err := cancel(s, run); err != nil {
				t.Fatal(err)
			}
			if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
				t.Errorf("got %v", err)
			}
			s.wantNotes("began", "began first", "began second")
			if notes := s.notes("closed"); len(notes) != 1 || !strings.Contains(notes[0], "cancelled") {
				t.Errorf("the resource has noted %q", notes)
			}
			record := s.record(run.ID())
			if second, _ := record.Step("second"); second.Status != history.StepStatusCancelled || record.Status != history.StatusCancelled {
				t.Errorf("the step is %s, and the run %s", second.Status, record.Status)
			}
		})
	}
}

func TestARunIsCancelledWhileItsStepWaits(t *testing.T) {
	t.Parallel()
	cancelled := func(t *testing.T, run *runs.Run) {
		t.Helper()
		run.Cancel("Ann says so")
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := run.Wait(ctx); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("got %v", err)
		}
	}
	t.Run("for a step of another run to end", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, func(p *program) { p.Parallel = 1 })
		defer s.startWork()()
		s.touch("hold-other")
		busy := s.launch(runs.Request{Selection: "other"})
		s.awaitNote("began other", 1)
		waiting := s.launch(runs.Request{Selection: "+third"})
		at := s.client()
		s.await("the step at the worker", func() bool {
			described, err := at.DescribeWorkflowExecution(t.Context(), waiting.ID(), "")
			return err == nil && slices.ContainsFunc(described.GetPendingActivities(), func(pending *workflowpb.PendingActivityInfo) bool {
				return pending.GetActivityType().GetName() == temporal.StepName && pending.GetState() == enums.PENDING_ACTIVITY_STATE_STARTED
			})
		})
		cancelled(t, waiting)
		s.remove("hold-other")
		if err := busy.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		s.wantNotes("began", "began other")
		if notes := s.notes("opened"); len(notes) != 1 {
			t.Errorf("the resource was opened %d times: a run without a step needs none", len(notes))
		}
	})
	t.Run("for a resource that starts slowly", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		defer s.startWork()()
		run := s.launch(runs.Request{Selection: "first", Config: container.RunConfig{Resources: map[string]any{"warehouse": map[string]any{"table": "slow"}}}})
		s.awaitNote("opening", 1)
		cancelled(t, run)
		s.wantNotes("began")
		if text := s.record(run.ID()).Error.Message; strings.Contains(text, "warehouse") {
			t.Errorf("the end of the start counts as a fault: %s", text)
		}
	})
	t.Run("for what another process has", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		defer s.startWork()()
		lock, err := s.locker.TryLock(t.Context(), "attempt/taken/other")
		if err != nil {
			t.Fatal(err)
		}
		run := s.launch(runs.Request{ID: "taken", Selection: "other"})
		s.awaitNote("opened", 1)
		cancelled(t, run)
		s.wantNotes("began")
		if err := lock.Unlock(); err != nil {
			t.Error(err)
		}
	})
}

// heedless is a cluster whose launchers do nothing when the context of a run ends.
type heedless struct{ *temporal.Cluster }

func (h heedless) Execute(ctx context.Context, execution *runs.Execution) error {
	return h.Cluster.Execute(context.WithoutCancel(ctx), execution)
}

func TestARunThatWasCancelledBeforeItsLauncherHasFoundItsWorkflowIsCancelledThere(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(p *program) {
		p.executor = func(c *temporal.Cluster) runs.Executor { return late{c} }
	})
	defer s.startWork()()
	s.touch("hold-first")
	run := s.launch(runs.Request{Selection: "first"})
	s.awaitNote("began first", 1)
	run.Cancel("Ann says so")
	if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	s.wantNotes("cancelled", "cancelled first")
}

// late is a cluster whose launchers execute a run a second time, after its context has ended, as a process
// does that takes over a run which is to be cancelled.
type late struct{ *temporal.Cluster }

func (l late) Execute(ctx context.Context, execution *runs.Execution) error {
	first, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = l.Cluster.Execute(first, execution)
	}()
	<-ctx.Done()
	stop(runs.ErrLeft)
	<-ended
	return l.Cluster.Execute(ctx, execution)
}

// client returns a client of Temporal.
func (s *stage) client() client.Client {
	s.t.Helper()
	made, err := client.NewLazyClient(client.Options{HostPort: s.Address})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(made.Close)
	return made
}

func TestARunGoesOn(t *testing.T) {
	t.Parallel()
	t.Run("at another worker after kill -9, and repeats no step that has ended", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, inDatabase(t))
		workers := []*exec.Cmd{s.start(t, "worker"), s.start(t, "worker")}
		s.touch("hold-second")
		run := s.launch(runs.Request{Selection: "+third"})
		holder, _ := s.holder(s.awaitNote("began second", 1)[0], workers...)
		if err := holder.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		s.awaitNote("began second", 2)
		s.remove("hold-second")
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		s.wantNotes("began", "began first", "began second", "began second", "began third")
		failed := eventsOf[history.StepFailed](s, run.ID())
		if len(failed) != 1 || !failed[0].Retry || !strings.Contains(failed[0].Error.Message, "lost") {
			t.Errorf("the history says why a step was repeated: %+v", failed)
		}
	})
	t.Run("at another worker when one drains", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, inDatabase(t))
		workers := []*exec.Cmd{s.start(t, "worker"), s.start(t, "worker")}
		s.touch("hold-first")
		run := s.launch(runs.Request{Selection: "+third"})
		first := s.awaitNote("began first", 1)[0]
		holder, _ := s.holder(first, workers...)
		if err := holder.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		s.remove("hold-first")
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		s.wantNotes("began", "began first", "began second", "began third")
		if err := holder.Wait(); err != nil {
			t.Errorf("the worker that was told to end: %v", err)
		}
		if strings.HasSuffix(s.notes("began third")[0], fmt.Sprint(" ", holder.Process.Pid)) {
			t.Error("the worker that was told to end has executed all steps")
		}
	})
	t.Run("at another worker when the time to drain is over, with the step that was cancelled", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, func(p *program) {
			inDatabase(t)(p)
			p.Drain = time.Millisecond
		})
		workers := []*exec.Cmd{s.start(t, "worker"), s.start(t, "worker")}
		s.touch("hold-first")
		run := s.launch(runs.Request{Selection: "+third"})
		holder, _ := s.holder(s.awaitNote("began first", 1)[0], workers...)
		if err := holder.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		s.awaitNote("began first", 2)
		s.remove("hold-first")
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		failed := eventsOf[history.StepFailed](s, run.ID())
		if len(failed) != 1 || !failed[0].Retry {
			t.Errorf("the history says why a step was repeated: %+v", failed)
		}
		if notes := s.notes("closed"); len(notes) != 2 || !strings.Contains(notes[0], runs.ErrWorkerLeaving.Error()) || !strings.HasSuffix(notes[1], "success") {
			t.Errorf("the resources have noted %q", notes)
		}
	})
	t.Run("after Temporal was killed and started again", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		defer s.startWork()()
		s.touch("hold-second")
		run := s.launch(runs.Request{Selection: "+third"})
		s.awaitNote("began second", 1)
		if err := s.server.Kill(); err != nil {
			t.Fatal(err)
		}
		s.awaitNote("cancelled second", 1) // by the worker, which can't reach Temporal
		if err := s.server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.awaitNote("began second", 2)
		s.remove("hold-second")
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		s.wantNotes("began", "began first", "began second", "began second", "began third")
	})
	t.Run("in another workflow when the history of its own has become too long", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		temporal.Continue(s.cluster, 18)
		defer s.startWork()()
		run := s.launch(runs.Request{Selection: "+third"})
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		s.wantNotes("began", "began first", "began second", "began third")
		notes := s.notes("closed")
		if len(notes) < 2 || !strings.Contains(notes[0], "the run goes on in another workflow") || !strings.HasSuffix(notes[len(notes)-1], "success") {
			t.Errorf("the resource has noted %q", notes)
		}
	})
	t.Run("in another workflow, and can be cancelled there", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		temporal.Continue(s.cluster, 18)
		defer s.startWork()()
		s.touch("hold-third")
		run := s.launch(runs.Request{Selection: "+third"})
		s.awaitNote("began third", 1)
		if notes := s.notes("closed"); len(notes) == 0 {
			t.Error("the third step was begun in the first workflow")
		}
		run.Cancel("Ann says so")
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("got %v", err)
		}
		s.wantNotes("cancelled", "cancelled third")
	})
	t.Run("after its launcher was told to end, whose place a worker takes", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, inDatabase(t))
		s.start(t, "worker")
		s.touch("hold-second")
		owner := s.start(t, "launcher")
		s.awaitNote("began second", 1)
		if err := owner.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = owner.Wait() // which says that the run has not ended
		s.remove("hold-second")
		if record := s.awaitEnd("launched"); record.Status != history.StatusSucceeded {
			t.Errorf("the run is %s: %s", record.Status, record.Error.Message)
		}
		s.wantNotes("began", "began first", "began second", "began third")
	})
	t.Run("after its launcher was killed, whose place a worker takes", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, inDatabase(t))
		s.start(t, "worker")
		s.touch("hold-second")
		owner := s.start(t, "launcher")
		s.awaitNote("began second", 1)
		if err := owner.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = owner.Wait()
		s.remove("hold-second")
		if record := s.awaitEnd("launched"); record.Status != history.StatusSucceeded {
			t.Errorf("the run is %s: %s", record.Status, record.Error.Message)
		}
		s.wantNotes("began", "began first", "began second", "began third")
		if adopted := eventsOf[history.RunAdopted](s, "launched"); len(adopted) != 1 {
			t.Errorf("the run was adopted %d times", len(adopted))
		}
	})
}

func TestAWorkerEndsWhileResourcesStartSlowly(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(p *program) { p.Drain = time.Millisecond })
	stop := s.startWork()
	run := s.launch(runs.Request{Selection: "first", Config: container.RunConfig{Resources: map[string]any{"warehouse": map[string]any{"table": "slow"}}}})
	s.awaitNote("opening", 1)
	stop()
	if record := s.record(run.ID()); record.Status != history.StatusRunning {
		t.Errorf("the run that waits for another worker is %s: %s", record.Status, record.Error.Message)
	}
	again := s.startWork()
	s.awaitNote("opening", 2)
	run.Cancel("Ann says so")
	if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	again()
}

// deaf is a store that refuses a number of starts of steps.
type deaf struct {
	history.Store
	left *atomic.Int32
}

func (d deaf) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	starts := func(event history.Event) bool { return event.Type() == history.TypeStepStarted }
	if slices.ContainsFunc(events, starts) && d.left.Add(-1) >= 0 {
		return nil, errors.New("permission denied")
	}
	return d.Store.Append(ctx, events...)
}

func TestTemporalIsToldOfAWorkerThatCannotKeepTheHistory(t *testing.T) {
	t.Parallel()
	left := new(atomic.Int32)
	left.Store(2)
	s := newStage(t, func(p *program) { p.store = deaf{p.store, left} })
	defer s.startWork()()
	run := s.launch(runs.Request{Selection: "small"})
	if err := run.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	var told []string
	for events := s.client().GetWorkflowHistory(t.Context(), run.ID(), "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); events.HasNext(); {
		event, err := events.Next()
		if err != nil {
			t.Fatal(err)
		}
		if failed := event.GetActivityTaskFailedEventAttributes(); failed != nil {
			told = append(told, failed.GetFailure().GetMessage())
		}
	}
	// A worker that is slow to give up the place answers the step once more, without it.
	told = slices.DeleteFunc(told, func(text string) bool { return strings.Contains(text, "no place for the run") })
	denied := func(text string) bool { return strings.Contains(text, "permission denied") }
	if len(told) != 2 || !denied(told[0]) || !denied(told[1]) {
		t.Errorf("Temporal was told %q", told)
	}
}

func TestARunWaitsForAWorker(t *testing.T) {
	t.Parallel()
	t.Run("and says so in its log, and is executed when one comes", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, func(p *program) { p.Heartbeat = time.Second })
		run := s.launch(runs.Request{Selection: "small"})
		s.await("a warning", func() bool {
			lines := eventsOf[history.LogWritten](s, run.ID())
			return len(lines) > 0 && lines[0].Message == "the run waits for a worker with a free place"
		})
		defer s.startWork()()
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("and can be cancelled before one comes", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, func(p *program) { p.Heartbeat = time.Second })
		run := s.launch(runs.Request{Selection: "small"})
		run.Cancel("Ann says so")
		if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("that waits for Temporal", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, nil)
		if err := s.server.Kill(); err != nil {
			t.Fatal(err)
		}
		defer s.startWork()()
		if err := s.server.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.launch(runs.Request{Selection: "small"}).Wait(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("that has no more places than it is told", func(t *testing.T) {
		t.Parallel()
		s := newStage(t, func(p *program) { p.MaxRuns = 2 })
		defer s.startWork()()
		s.touch("hold-other")
		var all []*runs.Run
		for range 6 {
			all = append(all, s.launch(runs.Request{Selection: "other"}))
		}
		s.awaitNote("began", 2)
		s.remove("hold-other")
		for _, run := range all {
			if err := run.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		open, most := 0, 0
		for _, line := range s.notes("") {
			switch {
			case strings.HasPrefix(line, "opened"):
				open++
			case strings.HasPrefix(line, "closed"):
				open--
			}
			most = max(most, open)
		}
		if most != 2 {
			t.Errorf("%d containers were open at the same time", most)
		}
	})
}

func TestARunOfAHigherPriorityGoesFirst(t *testing.T) {
	t.Parallel()
	var settings []string
	for _, setting := range []string{
		"matching.useNewMatcher=true",
		// The order holds within a partition of the task queue, and a worker asks a random one of four.
		"matching.numTaskqueueReadPartitions=1", "matching.numTaskqueueWritePartitions=1",
	} {
		settings = append(settings, "--dynamic-config-value", setting)
	}
	server := temporaltest.NewWith(t, temporaltest.Options{Arguments: settings})
	s := newStageAt(t, server, func(p *program) { p.MaxRuns, p.Parallel = 1, 1 })
	defer s.startWork()()
	s.touch("hold-other")
	running := s.launch(runs.Request{Selection: "other"})
	s.awaitNote("began other", 1)
	var waiting []*runs.Run
	at := s.client()
	for _, next := range []runs.Request{
		{Selection: "+third", Priority: -1}, {Selection: "+second"}, {Selection: "first", Priority: 1},
	} {
		run := s.launch(next)
		waiting = append(waiting, run)
		s.await("the run in the task queue", func() bool {
			described, err := at.DescribeWorkflowExecution(t.Context(), run.ID(), "")
			return err == nil && len(described.GetPendingActivities()) > 0
		})
	}
	s.remove("hold-other")
	for _, run := range append(waiting, running) {
		if err := run.Wait(t.Context()); err != nil {
			t.Error(err)
		}
	}
	s.wantNotes("began", "began other", "began first", "began first", "began second", "began first", "began second", "began third")
}

func TestARunIsSpread(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(p *program) {
		inDatabase(t)(p)
		p.Placement, p.Parallel = "spread=2", 1
	})
	s.start(t, "worker")
	s.start(t, "worker")
	s.touch("hold-first")
	s.touch("hold-other")
	run := s.launch(runs.Request{Selection: "first or other"})
	notes := s.awaitNote("began", 2)
	s.remove("hold-first")
	s.remove("hold-other")
	if err := run.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if strings.Fields(notes[0])[2] == strings.Fields(notes[1])[2] {
		t.Errorf("both steps were executed by one worker: %q", notes)
	}
	if notes := s.notes("closed"); len(notes) != 2 {
		t.Errorf("the resources have noted %q", notes)
	}
}

func TestSecretsAreNotGivenLiterally(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	_, err := s.launcher.Launch(t.Context(), runs.Request{Selection: "+third", Config: container.RunConfig{
		Resources: map[string]any{"warehouse": map[string]any{"password": "hunter2"}},
	}})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "give {env: NAME}") {
		t.Errorf("got %v", err)
	}
}
