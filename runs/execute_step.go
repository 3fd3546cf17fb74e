package runs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

// ExecuteStep executes a step of a run that another process has launched. An
// executor has it called in the process where the step is to be executed.
// ExecuteStep makes the same plan from the definitions of this program, opens a
// child container with the resources that the step needs, executes the step with its
// retries as [Execution.Step] does, and closes the container. StepRequest.Attempts may
// limit the number of attempts. It gives all events to the recorder. It uses neither the
// store nor the executor of the launcher.
//
// ExecuteStep refuses a request that does not fit the definitions of this program,
// before anything is recorded. This error matches container.ErrInvalid. Any other
// error tells why the step failed, or why its resources could not be stopped. When
// ctx ends, the step is cancelled, and ExecuteStep returns after the step has ended.
func (l *Launcher) ExecuteStep(ctx context.Context, request StepRequest, recorder Recorder) error {
	launch, step, err := l.accept(request)
	if err != nil {
		return err
	}
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return l.visit(own, cancel, launch, request, recorder, func(s *site) error {
		s.step = step.Key
		if err := s.open(s.ctx); err != nil {
			return s.unopened(step, request.Attempt, err)
		}
		return panics.Guard(func() error {
			return (&stepExecution{site: s, step: step, attempt: request.Attempt, last: request.last()}).execute(own)
		})
	})
}

// visit makes a site for a run of another process, has steps executed there, and closes
// it.
func (l *Launcher) visit(ctx context.Context, cancel context.CancelCauseFunc, launch launch, request StepRequest, recorder Recorder,
	execute func(*site) error,
) error {
	s, closed, err := l.siteFor(ctx, cancel, launch, request, recorder)
	if err != nil {
		return err
	}
	defer closed()
	if err := l.enterStep(s, cancel); err != nil {
		return err
	}
	defer l.leaveStep(s)
	err = execute(s)
	err = errors.Join(err, s.close(err))
	if recording := s.events.failure(); recording != nil && !errors.Is(err, recording) {
		err = errors.Join(err, recording)
	}
	return fault.Masked(err, launch.child.Mask)
}

// siteFor makes the site of a run of another process. Without a recorder its events go into the
// store of this launcher. The caller calls closed at the end.
func (l *Launcher) siteFor(ctx context.Context, cancel context.CancelCauseFunc, launch launch, request StepRequest, recorder Recorder) (
	s *site, closed func(), err error,
) {
	if recorder != nil {
		sink := &recorderSink{recorder: recorder, runID: launch.id, mask: launch.child.Mask, abort: cancel}
		s = newSite(ctx, launch, l, request.Launched, sink)
		s.elsewhere = true
		s.outside = s.outsideHandler(slog.New(slog.DiscardHandler)) // the launching process writes the lines to its logger
		return s, sink.close, nil
	}
	if _, err := l.ownership.hold(ctx); err != nil { // so that others see whether this worker still exists
		return nil, nil, err
	}
	log := newRunLog(launch, l.config.Store, cancel)
	log.tolerant = true
	sink := workerSink{log, l.ownership.name}
	s = newSite(ctx, launch, l, request.Launched, sink)
	s.elsewhere, s.worker = true, l.ownership.name
	return s, sink.close, nil
}

// accept prepares what a request asks for, and refuses what does not fit the
// definitions.
func (l *Launcher) accept(request StepRequest) (launch, *assets.Step, error) {
	refused := func(err error) (launch, *assets.Step, error) {
		return launch{}, nil, request.refused(err)
	}
	switch {
	case request.Step == "":
		return refused(errors.New("the request names no step"))
	case request.Attempt < 1:
		return refused(fmt.Errorf("the request asks for attempt %d, and attempts are counted from 1", request.Attempt))
	}
	run, err := l.fitting(request) // what is wrong with other steps is of no interest here
	if err != nil {
		return refused(err)
	}
	at := slices.IndexFunc(run.job.Plan.Steps, func(step *assets.Step) bool { return step.Key == request.Step })
	if at < 0 {
		return refused(errors.New("the run has no such step"))
	}
	step := run.job.Plan.Steps[at]
	if request.Attempt > step.Retries+1 {
		return refused(fmt.Errorf("the request asks for attempt %d, and the last attempt of the step is number %d", request.Attempt, step.Retries+1))
	}
	own := &assets.Plan{Steps: []*assets.Step{step}, Known: run.job.Plan.Known}
	child, err := l.config.Container.Prepare(append(l.targets(own), container.Launch(run.config))...)
	if err != nil {
		return refused(err)
	}
	return launch{id: request.RunID, plan: own, tags: request.Tags, child: child, asked: Request{Retry: request.Retry}}, step, nil
}

// fitting is what was prepared for a request of the same definitions.
type fitting struct {
	job    assets.JobPlan
	config container.RunConfig
	whole  *container.Prepared // for all of its steps
	faults error               // of them
}

// fitting prepares a request, and refuses one of other definitions.
func (l *Launcher) fitting(request StepRequest) (f fitting, err error) {
	if request.RunID == "" {
		return f, errors.New("the request names no run")
	}
	if f.job, f.config, err = l.requested(request); err != nil {
		return f, err
	}
	f.whole, f.faults = l.config.Container.Prepare(append(l.targets(f.job.Plan), container.Launch(f.config))...)
	if fingerprint(f.job.Plan, f.whole.Preview()) != request.Plan {
		err = errors.New("the definitions of this program differ from those of the program that launched the run: build both from the same code")
	}
	return f, err
}

// refused says what could not be executed.
func (r StepRequest) refused(err error) error {
	what := "run " + r.RunID
	if r.Step != "" {
		what = fmt.Sprintf("step %s of run %s", r.Step, r.RunID)
	}
	return fault.Join("executing "+what, fault.Of(err))
}

// unopened records that the resources of a step could not be started.
func (s *site) unopened(step *assets.Step, attempt int, err error) error {
	x := &stepExecution{site: s, step: step, attempt: attempt}
	if s.ctx.Err() != nil {
		return x.failure(orCause(s.ctx, err))
	}
	s.record(history.StepStarted{Step: step.Key, Attempt: attempt},
		history.StepFailed{Step: step.Key, Attempt: attempt, Error: history.FailureOf(err)})
	return x.failure(err)
}

// enterStep takes a step in, unless the launcher is closed.
func (l *Launcher) enterStep(s *site, cancel context.CancelCauseFunc) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("executing steps of run %s: %w", s.launch.id, ErrClosed)
	}
	l.steps[s] = cancel
	l.ended.Add(1)
	return nil
}

func (l *Launcher) leaveStep(s *site) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.steps, s)
	l.ended.Done()
}
