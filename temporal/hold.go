package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
)

// hold is the activity that holds a place for a run in this process, until what was opened for the
// run is closed.
func (p *process) hold(ctx context.Context, input holdInput) (holdOutput, error) {
	info := activity.GetInfo(ctx)
	held, err := p.enter(info.WorkflowExecution.ID, input.Placement)
	if err != nil {
		return holdOutput{}, err
	}
	defer p.exit(held)
	go p.execute(held)
	stop := p.beat(held, info.TaskToken, input.Heartbeat)
	defer stop()
	select {
	case <-held.opened:
	case <-held.closed:
		return holdOutput{}, p.refusal(held.run, held.err)
	}
	if err := p.tellPlaced(ctx, input); err != nil {
		held.abandon(fmt.Errorf("%w: telling Temporal of a place for the run: %w", runs.ErrWorkerLeaving, err))
	}
	<-held.closed
	if err := held.notOpened(); err != nil { // the answer of the step may come later
		return holdOutput{}, errorOf(unopenedError, err)
	}
	output := holdOutput{Error: stopping(held)}
	if held.failed && held.err != nil && output.Error == "" {
		return output, temporal.NewApplicationError(cut(held.err.Error()), "")
	}
	return output, nil
}

// tellPlaced tells the workflow that this process has a place for the run. It gives up after the time of a
// heartbeat, because Temporal then gives the place to others. The timeout of the activity is years long. With that
// limit, the library of Temporal would soon wait for hours between two attempts.
func (p *process) tellPlaced(ctx context.Context, input holdInput) error {
	ctx, cancel := context.WithTimeout(ctx, input.Heartbeat)
	defer cancel()
	of := activity.GetInfo(ctx).WorkflowExecution
	telling := placed{Placement: input.Placement, Worker: p.launcher.Name(), Queue: p.queue, Parallel: p.config.parallel()}
	return p.client.SignalWorkflow(ctx, of.ID, of.RunID, placedSignal, telling)
}

// readWithin is how long a worker waits for the history before another one is asked.
const readWithin = 30 * time.Second

// execute executes the part of a run that has its place here.
func (p *process) execute(held *place) {
	defer close(held.closed)
	held.err = panics.Guard(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), readWithin)
		defer cancel()
		request, err := p.launcher.RecordedRequest(ctx, held.run)
		if err != nil {
			return err
		}
		return p.launcher.ExecuteRun(context.Background(), request, nil, runs.RunOptions{Executor: held})
	})
}

// refusal returns why a run can't be executed here.
func (p *process) refusal(run string, err error) error {
	if err == nil {
		err = errors.New("no step of the run is left to execute")
	}
	ctx, cancel := context.WithTimeout(context.Background(), readWithin)
	defer cancel()
	record, unread := history.Find(ctx, p.launcher.Store(), run)
	switch {
	case unread == nil && record.Status.Finished():
		return errorOf(overError, err)
	case errors.Is(err, container.ErrInvalid): // others may have other definitions
		return errorOf(refusedError, fmt.Errorf("the worker %s: %w", p.launcher.Name(), err))
	case errors.Is(err, history.ErrNotFound): // or another history
		return errorOf(refusedError, fmt.Errorf("the worker %s has another history than the launcher of the run: %w; "+
			"give all of them the same history, such as a PostgreSQL database by FXRUN_STORE, or each history a task queue of its own", p.launcher.Name(), err))
	}
	return temporal.NewApplicationError(cut(err.Error()), "")
}

// stopping returns why resources of a run could not be stopped, or "".
func stopping(held *place) string {
	if held.err == nil || held.outcome != nil && held.err.Error() == held.outcome.Error() {
		return ""
	}
	return cut(held.err.Error())
}

// errAlone and errUnwanted are why a worker stops what it executes, and leaves it to others.
var (
	errAlone    = fmt.Errorf("%w: it can't reach Temporal, which gives its steps to other workers", runs.ErrWorkerLeaving)
	errUnwanted = fmt.Errorf("%w: Temporal has ended the run, or has given its steps to another worker", runs.ErrWorkerLeaving)
)

// beat tells Temporal at regular times that this process is alive. If it can't tell it for as long as
// Temporal waits, or if Temporal no longer wants the place, the place is abandoned. The caller calls stop.
func (p *process) beat(held *place, token []byte, within time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		ticker := time.NewTicker(within / 5)
		defer ticker.Stop()
		for heard := time.Now(); ; {
			sent := time.Now()
			switch err := p.tell(ctx, token, within/3); {
			case ctx.Err() != nil:
				return
			case err == nil:
				heard = sent
			case isUnwanted(err):
				held.abandon(errUnwanted)
				return
			case time.Since(heard) >= within:
				held.abandon(errAlone)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	}()
	return func() {
		cancel()
		<-over
	}
}

// tell tells Temporal once that this process is alive.
func (p *process) tell(ctx context.Context, token []byte, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return p.client.RecordActivityHeartbeat(ctx, token)
}

// isUnwanted reports whether Temporal no longer wants an activity.
func isUnwanted(err error) bool {
	_, ok := errors.AsType[*serviceerror.NotFound](err)
	return ok || temporal.IsCanceledError(err)
}

// tellLeaving tells the workflow that no more steps begin at a place.
func (p *process) tellLeaving(left *place) {
	ctx, cancel := context.WithTimeout(context.Background(), p.config.Heartbeat)
	defer cancel()
	telling := leaving{Placement: left.number, Reason: errStopping.Error()}
	if err := p.client.SignalWorkflow(ctx, left.run, "", leavingSignal, telling); err != nil {
		p.logger.Warn("Temporal could not be told that this worker leaves a run", "run", left.run, "error", err)
	}
}
