package runs

import (
	"context"
	"errors"
	"slices"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// RunOptions say how [Launcher.ExecuteRun] executes a run.
type RunOptions struct {
	// Executor executes the steps. Defaults to [InProcess].
	Executor Executor
	// Drain is closed when no more steps should begin, as in [Execution.Draining]. Nil
	// never tells so.
	Drain <-chan struct{}
}

// ExecuteRun executes all steps of a run that another process has launched. An executor
// has it called in the process where the run is to be executed, with the result of
// [Execution.WholeRequest]. ExecuteRun makes the same plan from the definitions of this
// program, opens a child container for the run, has the steps executed, and closes the
// container. It gives all events of steps and resources to the recorder. It does not use
// the executor of the launcher.
//
// If the recorder is nil, this process is a worker of a [Cluster]: the events are written into
// the store of the launcher, with the name of the launcher as the worker. The executor of the
// options then executes any of the steps by [Execution.Attempt], and the error that it
// returns is the outcome of the run, which the resources get at their stop. See
// [Launcher.RecordedRequest].
//
// Its errors are those of [Launcher.ExecuteStep].
func (l *Launcher) ExecuteRun(ctx context.Context, request StepRequest, recorder Recorder, options RunOptions) error {
	launch, err := l.acceptRun(request)
	if err != nil {
		return err
	}
	if options.Executor == nil {
		options.Executor = InProcess(InProcessConfig{})
	}
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return l.visit(own, cancel, launch, request, recorder, func(s *site) error {
		execution := newExecution(s, cancel)
		execution.partial = recorder == nil
		execution.starting.do(func() {}) // the process that has launched the run records it
		defer execution.drainAfter(options.Drain)()
		return execution.execute(options.Executor)
	})
}

// drainAfter lets no more steps begin after asked is closed. The caller calls stop when
// the steps have ended.
func (e *Execution) drainAfter(asked <-chan struct{}) (stop func()) {
	over, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-asked:
			e.drained.begin(cancelledBecause("no more steps could start"))
		case <-over:
		}
	}()
	return func() {
		close(over)
		<-watched
	}
}

// acceptRun prepares what a request asks for, and refuses what does not fit the
// definitions.
func (l *Launcher) acceptRun(request StepRequest) (launch, error) {
	if request.Step != "" {
		return launch{}, request.refused(errors.New("the request is for one step"))
	}
	run, err := l.fitting(request)
	if err == nil {
		err = run.faults
	}
	if err != nil {
		return launch{}, request.refused(err)
	}
	accepted := launch{id: request.RunID, plan: run.job.Plan, tags: request.Tags, child: run.whole, asked: Request{Retry: request.Retry}}
	if request.Steps == nil {
		return accepted, nil
	}
	if err := hasSteps(run.job.Plan, request.Steps); err != nil {
		return launch{}, request.refused(err)
	}
	accepted.plan = &assets.Plan{Selection: run.job.Plan.Selection, Known: run.job.Plan.Known, Others: run.job.Plan.Others}
	for _, step := range run.job.Plan.Steps {
		if slices.Contains(request.Steps, step.Key) {
			accepted.plan.Steps = append(accepted.plan.Steps, step)
		}
	}
	if len(accepted.plan.Steps) == len(run.job.Plan.Steps) {
		return accepted, nil // what was prepared is for all of them
	}
	accepted.child, err = l.config.Container.Prepare(append(l.targets(accepted.plan), container.Launch(run.config))...)
	if err != nil {
		return launch{}, request.refused(err)
	}
	return accepted, nil
}
