package temporal

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// step is the activity that makes one attempt at a step.
func (p *process) step(ctx context.Context, input stepInput) (stepOutput, error) {
	held := p.place(activity.GetInfo(ctx).WorkflowExecution.ID, input.Placement)
	if held == nil {
		return stepOutput{}, errorOf(leavingError, errors.New("the worker has no place for the run any more"))
	}
	step, ok := held.step(input.Step)
	if !ok {
		output, err := p.recorded(ctx, held.run, input)
		return output, answer(err)
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-held.leaving:
	}
	attempted, err := held.attempt(step, input.Attempt)
	if err != nil {
		return stepOutput{}, answer(err)
	}
	return stepOutput{Status: attempted.Status, Attempt: attempted.Attempt, Delay: attempted.Delay, Error: cut(attempted.Failure.Message)}, nil
}

// recorded returns how a step has ended that had ended before this process took part in the run.
func (p *process) recorded(ctx context.Context, run string, input stepInput) (stepOutput, error) {
	record, err := history.Find(ctx, p.launcher.Store(), run)
	if err != nil {
		return stepOutput{}, err
	}
	step, ok := record.Step(input.Step)
	if !ok {
		return stepOutput{}, fmt.Errorf("run %s has no step %q", run, input.Step)
	}
	return stepOutput{Status: step.Status, Attempt: step.Attempt, Error: cut(step.Error.Message)}, nil
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

// close is the activity that has closed what was opened for a run.
func (p *process) close(ctx context.Context, input closeInput) error {
	held := p.place(activity.GetInfo(ctx).WorkflowExecution.ID, input.Placement)
	if held == nil {
		return nil // it is closed
	}
	switch {
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
		held.cancelAttempts(fmt.Errorf("%w: %s", runs.ErrCancelled, input.Reason))
	}
	return nil
}
