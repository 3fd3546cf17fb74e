package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

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
// retries as [Execution.Step] does, and closes the container. It gives all events to
// the recorder. It uses neither the store nor the executor of the launcher.
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
	sink := &recorderSink{recorder: recorder, runID: launch.id, mask: launch.child.Mask, abort: cancel}
	defer sink.close()
	s := newSite(own, launch, l, request.Launched, sink)
	s.step = step.Key
	if err := l.enterStep(s, cancel); err != nil {
		return err
	}
	defer l.leaveStep(s)
	err = s.open()
	if err != nil {
		err = s.unopened(step, request.Attempt, err)
	} else {
		err = panics.Guard(func() error {
			return (&stepExecution{site: s, step: step, attempt: request.Attempt}).execute(own)
		})
	}
	err = errors.Join(err, s.close(err))
	if recording := s.events.failure(); recording != nil && !errors.Is(err, recording) {
		err = errors.Join(err, recording)
	}
	return fault.Masked(err, launch.child.Mask)
}

// accept prepares what a request asks for, and refuses what does not fit the
// definitions.
func (l *Launcher) accept(request StepRequest) (launch, *assets.Step, error) {
	refused := func(err error) (launch, *assets.Step, error) {
		return launch{}, nil, fault.Join(fmt.Sprintf("executing step %s of run %s", request.Step, request.RunID), fault.Of(err))
	}
	switch {
	case request.RunID == "" || request.Step == "":
		return refused(errors.New("the request names no run or no step"))
	case request.Attempt < 1:
		return refused(fmt.Errorf("the request asks for attempt %d, and attempts are counted from 1", request.Attempt))
	}
	job, config, err := l.requested(request)
	if err != nil {
		return refused(err)
	}
	// What is wrong with steps other than this one is of no interest here.
	whole, _ := l.config.Container.Prepare(append(l.targets(job.Plan), container.Launch(config))...)
	if fingerprint(job.Plan, whole.Preview()) != request.Plan {
		return refused(errors.New("the definitions of this program differ from those of the program that launched the run: build both from the same code"))
	}
	at := slices.IndexFunc(job.Plan.Steps, func(step *assets.Step) bool { return step.Key == request.Step })
	if at < 0 {
		return refused(errors.New("the run has no such step"))
	}
	step := job.Plan.Steps[at]
	if request.Attempt > step.Retries+1 {
		return refused(fmt.Errorf("the request asks for attempt %d, and the last attempt of the step is number %d", request.Attempt, step.Retries+1))
	}
	own := &assets.Plan{Steps: []*assets.Step{step}, Known: job.Plan.Known}
	child, err := l.config.Container.Prepare(append(l.targets(own), container.Launch(config))...)
	if err != nil {
		return refused(err)
	}
	return launch{id: request.RunID, plan: own, tags: request.Tags, child: child, asked: Request{Retry: request.Retry}}, step, nil
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
		return fmt.Errorf("executing step %s of run %s: %w", s.step, s.launch.id, ErrClosed)
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

// recorderSink gives events to a recorder. After its first error nothing more
// is given, and the step ends.
type recorderSink struct {
	recorder Recorder
	runID    string
	mask     mask
	abort    context.CancelCauseFunc

	mu     sync.Mutex
	err    error
	users  panics.Worker // calls the recorder, until close
	closed bool
}

func (r *recorderSink) append(ctx context.Context, data ...history.EventData) error {
	events := make([]history.Event, len(data))
	for i, one := range data {
		events[i] = history.Event{RunID: r.runID, Time: time.Now(), Data: r.mask.event(one)}
	}
	r.mu.Lock() // events stay in the order in which they happened
	defer r.mu.Unlock()
	if r.err == nil {
		guard := r.users.Guard
		if r.closed { // a line that is logged after the step
			guard = panics.Guard
		}
		r.err = guard(func() error { return r.recorder.Record(ctx, events...) })
		if r.err != nil {
			r.err = fmt.Errorf("recording %s of run %s: %w", events[0].Type(), r.runID, r.err)
			r.abort(r.err)
		}
	}
	return r.err
}

func (r *recorderSink) failure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// close ends what the sink keeps running. It is called when the step has ended.
func (r *recorderSink) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.users.Close()
	r.closed = true
}
