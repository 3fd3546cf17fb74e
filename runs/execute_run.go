package runs

import (
	"context"
	"errors"
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
// container. It gives all events of steps and resources to the recorder. It uses neither
// the store nor the executor of the launcher.
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
	return launch{id: request.RunID, plan: run.job.Plan, tags: request.Tags, child: run.whole, asked: Request{Retry: request.Retry}}, nil
}
