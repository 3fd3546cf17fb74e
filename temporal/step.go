package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/fxrun/fxrun/runs"
)

// step is the activity that makes one attempt at a step.
func (p *process) step(ctx context.Context, input stepInput) (stepOutput, error) {
	held := p.place(activity.GetInfo(ctx).WorkflowExecution.ID, input.Placement)
	if held == nil {
		return stepOutput{}, errorOf(leavingError, errors.New("the worker has no place for the run any more"))
	}
	defer beatWhile(ctx)()
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-held.leaving:
	}
	attempted, err := held.attempt(input.Step, input.Attempt)
	if err != nil {
		return stepOutput{}, answer(err)
	}
	return stepOutput{Status: attempted.Status, Attempt: attempted.Attempt, Delay: attempted.Delay, Error: cut(attempted.Failure.Message)}, nil
}

// beatWhile tells Temporal that an activity goes on, until stop. If its end is then lost on the way,
// Temporal notices the silence, and asks for the attempt again, which the history answers.
func beatWhile(ctx context.Context) (stop func()) {
	within := activity.GetInfo(ctx).HeartbeatTimeout
	if within <= 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		ticker := time.NewTicker(within / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() {
		cancel()
		<-over
	}
}

// answer returns the error of the activity.
func answer(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, runs.ErrWorkerLeaving):
		return errorOf(leavingError, err)
	case errors.Is(err, runs.ErrUnopened):
		return errorOf(unopenedError, err)
	}
	return temporal.NewApplicationError(cut(err.Error()), "")
}

// errContinued is why the resources of a run are stopped before its next workflow.
var errContinued = fmt.Errorf("%w: the run goes on in another workflow of Temporal, because the history of the first one has become too long", runs.ErrWorkerLeaving)

// errTimedOut is why a run is stopped whose time is over.
var errTimedOut = fmt.Errorf("the run %w", runs.ErrTimedOut)

// close is the activity that has closed what was opened for a run.
func (p *process) close(ctx context.Context, input closeInput) error {
	held := p.place(activity.GetInfo(ctx).WorkflowExecution.ID, input.Placement)
	if held == nil {
		return nil // it is closed
	}
	switch {
	case input.Continues:
		held.close(errContinued)
	case input.TimedOut:
		held.close(errTimedOut)
	case input.Cancelled:
		held.close(runs.ErrCancelled)
	case input.Failure != "":
		held.close(errors.New(input.Failure))
	default:
		held.close(nil)
	}
	return nil
}

// cancel is the activity that cancels the steps of a run.
func (p *process) cancel(ctx context.Context, input cancelInput) error {
	if held := p.place(activity.GetInfo(ctx).WorkflowExecution.ID, input.Placement); held != nil {
		reason := fmt.Errorf("%w: %s", runs.ErrCancelled, input.Reason)
		if input.TimedOut {
			reason = errTimedOut
		}
		held.leave(reason) // attempts that wait, or could not begin, are not made
		held.cancelAttempts(reason)
	}
	return nil
}
