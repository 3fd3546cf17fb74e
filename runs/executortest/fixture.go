package executortest

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// step is one step of a run of the suite: an asset, in most clauses without a
// value.
type step struct {
	key     string
	needs   []string
	do      func(ctx context.Context) error // nil does nothing
	fn      any                             // in place of do
	options []assets.Option
}

// definition returns the asset of a step.
func (s step) definition() assets.Definition {
	fn := s.fn
	switch {
	case fn != nil:
	case s.do != nil:
		fn = s.do
	default:
		fn = func() error { return nil }
	}
	options := slices.Clone(s.options)
	for _, need := range s.needs {
		options = append(options, assets.After(need))
	}
	return assets.New(s.key, fn, options...)
}

// outcome is what is known of a run once it has ended.
type outcome struct {
	id       string
	executed error                // what Execute returned
	run      error                // why the run was no success
	returned []history.Event      // up to the return of Execute
	events   []history.Event      // all
	progress history.StepProgress // the last that was told
}

// returnedLine is the log line that marks the place in the history at which
// Execute returned.
const returnedLine = "the suite: Execute has returned"

// watched notes what an executor returns, and when.
type watched struct {
	runs.Executor
	err error // read after the end of the run
}

func (w *watched) Execute(ctx context.Context, execution *runs.Execution) error {
	w.err = w.Executor.Execute(ctx, execution)
	marker := history.Event{RunID: execution.RunID(), Data: history.LogWritten{Message: returnedLine}}
	return errors.Join(w.err, execution.Record(context.WithoutCancel(ctx), marker))
}

// watchedRemote is watched for an executor that is a runs.Remote.
type watchedRemote struct {
	*watched
	remote runs.Remote
}

func (w watchedRemote) SecretsApart() bool { return w.remote.SecretsApart() }

// watchedCluster is watched for an executor that is a runs.Cluster.
type watchedCluster struct {
	watchedRemote
	cluster runs.Cluster
}

func (w watchedCluster) Place(runID string) history.Cluster { return w.cluster.Place(runID) }

// watch has an executor watched.
func watch(executor runs.Executor) (runs.Executor, *watched) {
	watching := &watched{Executor: executor}
	switch executor := executor.(type) {
	case runs.Cluster:
		return watchedCluster{watchedRemote{watching, executor}, executor}, watching
	case runs.Remote:
		return watchedRemote{watching, executor}, watching
	default:
		return watching, watching
	}
}

// execute runs steps by the subject's executor. The run is cancelled when a step
// called cancelAt has started; "" cancels nothing.
func execute(t tester, subject Subject, cancelAt string, steps ...step) outcome {
	t.Helper()
	return launch(t, subject, runs.Request{Selection: "*"}, cancelAt, steps...)
}

// drain runs steps, and tells the run to drain when a step has started.
func drain(t tester, subject Subject, at string, steps ...step) outcome {
	t.Helper()
	return launchAnd(t, subject, runs.Request{Selection: "*"}, at, func(run *runs.Run) { run.Drain("the suite asks for it", time.Minute) }, steps...)
}

func launch(t tester, subject Subject, request runs.Request, cancelAt string, steps ...step) outcome {
	t.Helper()
	return launchAnd(t, subject, request, cancelAt, func(run *runs.Run) { run.Cancel("the suite asks for it") }, steps...)
}

// launchAnd runs steps, and does something with the run when a step has started.
func launchAnd(t tester, subject Subject, request runs.Request, at string, do func(*runs.Run), steps ...step) outcome {
	t.Helper()
	if subject.capture != nil {
		subject.capture(newLauncher(t, runs.LauncherConfig{}, subject.values, steps))
		runtime.Goexit()
	}
	values := t.TempDir() // where the values of both launchers are
	executor, watching := watch(subject.Executor)
	config := subject.config()
	elsewhere := config
	config.Executor = executor
	launcher := newLauncher(t, config, values, steps)
	ctx := context.WithoutCancel(t.Context())
	if subject.Elsewhere != nil {
		worker := newLauncher(t, elsewhere, values, steps)
		subject.Elsewhere(worker)
		defer func() {
			if err := worker.Close(ctx); err != nil {
				t.Errorf("closing the launcher that executes steps: %v", err)
			}
		}()
	}
	if subject.InProcesses != nil {
		subject.InProcesses(settingOf(subject, values))
	}
	var run *runs.Run
	var progress history.StepProgress
	launched := make(chan struct{})
	request.Observe = func(event history.Event) {
		if told, ok := event.Data.(history.StepProgress); ok {
			progress = told
		}
		if started, ok := event.Data.(history.StepStarted); ok && started.Step == at {
			<-launched
			do(run)
		}
	}
	run, err := launcher.Launch(ctx, request)
	close(launched)
	if err != nil {
		t.Fatalf("launching a run: %v", err)
	}
	got := outcome{id: run.ID(), run: run.Wait(ctx)}
	got.executed, got.progress = watching.err, progress
	if err := launcher.Close(ctx); err != nil {
		t.Errorf("closing the launcher: %v", err)
	}
	if got.events, err = launcher.Store().Events(ctx, history.EventQuery{RunID: run.ID()}); err != nil {
		t.Fatalf("reading the history: %v", err)
	}
	marker := slices.IndexFunc(got.events, func(event history.Event) bool {
		line, ok := event.Data.(history.LogWritten)
		return ok && line.Message == returnedLine
	})
	if marker < 0 {
		t.Fatalf("the history does not say when Execute returned: %v", got.run)
	}
	got.returned = got.events[:marker]
	return got
}

// config returns what the launchers of a run have in common.
func (s Subject) config() runs.LauncherConfig {
	if !s.Shared {
		return runs.LauncherConfig{}
	}
	return runs.LauncherConfig{Store: history.NewMemoryStore(), Locks: locks.NewMemory()}
}

// session is a resource that lives per step, and service one that lives per run.
type (
	session struct{}
	service struct{ config serviceConfig }
)

type serviceConfig struct {
	Table    string
	Password container.Secret[string]
}

func newLauncher(t tester, config runs.LauncherConfig, values string, steps []step) *runs.Launcher {
	t.Helper()
	c, err := container.New(
		iomanagers.Files(assets.DefaultIO, iomanagers.FilesConfig{Root: values, Shared: true}),
		container.Provide("service", func(config serviceConfig) *service { return &service{config} }, container.Config(serviceConfig{})),
		container.Provide("session", func(*service) *session { return new(session) }, container.PerStep()))
	if err != nil {
		t.Fatalf("making a container: %v", err)
	}
	var definitions []assets.Definition
	for _, s := range steps {
		definitions = append(definitions, s.definition())
	}
	g, err := assets.NewGraph(c, definitions...)
	if err != nil {
		t.Fatalf("making a graph: %v", err)
	}
	config.Container, config.Graph = c, g
	launcher, err := runs.NewLauncher(config)
	if err != nil {
		t.Fatalf("making a launcher: %v", err)
	}
	return launcher
}

// started returns how often each step has started.
func (o outcome) started() map[string]int {
	counts := make(map[string]int)
	for _, event := range o.events {
		if started, ok := event.Data.(history.StepStarted); ok {
			counts[started.Step]++
		}
	}
	return counts
}

// skipped returns how often each step was skipped.
func (o outcome) skipped() map[string]int {
	counts := make(map[string]int)
	for _, event := range o.events {
		if skipped, ok := event.Data.(history.StepSkipped); ok {
			counts[skipped.Step]++
		}
	}
	return counts
}

// endOf returns the step that an event ends, or "".
func endOf(event history.Event) string {
	switch data := event.Data.(type) { //nolint:gochecksumtype // the others end no step
	case history.StepSucceeded:
		return data.Step
	case history.StepFailed:
		return data.Step
	case history.StepCancelled:
		return data.Step
	}
	return ""
}

// executing returns the steps that have started and not ended.
func executing(events []history.Event) map[string]bool {
	steps := make(map[string]bool)
	for _, event := range events {
		if started, ok := event.Data.(history.StepStarted); ok {
			steps[started.Step] = true
		}
		delete(steps, endOf(event))
	}
	return steps
}
