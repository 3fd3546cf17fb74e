package processes

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

type stepExecutor struct{ remote }

func (x stepExecutor) Execute(ctx context.Context, execution *runs.Execution) error {
	by := newStarter()
	defer by.close()
	environment := os.Environ() // the same for all steps of the run
	return execution.Schedule(ctx, x.config.MaxParallel, func(ctx context.Context, step *assets.Step) error {
		request, err := execution.Request(step)
		if err != nil {
			return err
		}
		request.Attempts = 1
		for ; ; request.Attempt++ {
			p := &process{config: x.config, execution: execution, step: step.Key, timeout: step.Timeout}
			got := p.execute(ctx, by, environment, task{Request: request, Secrets: request.Secrets})
			if got.died {
				got.err = fmt.Errorf("executing step %s: %w", step.Key, got.err)
				got.record(ctx, execution, step, request.Attempt)
			}
			failed, _ := got.seen.end.(history.StepFailed)
			if !failed.Retry {
				return got.err
			}
			if !backoff.Wait(ctx, failed.RetryDelay) {
				return errors.Join(got.err, record(ctx, execution, history.StepCancelled{Step: step.Key}))
			}
		}
	})
}

// record records the end of an attempt whose process has died, unless the process has
// told it before.
func (e *executed) record(ctx context.Context, execution *runs.Execution, step *assets.Step, attempt int) {
	if e.seen.end != nil {
		return
	}
	if e.seen.attempt == 0 {
		if ctx.Err() != nil {
			return // the attempt has not begun
		}
		_ = record(ctx, execution, history.StepStarted{Step: step.Key, Attempt: attempt})
	}
	if ctx.Err() != nil {
		_ = record(ctx, execution, history.StepCancelled{Step: step.Key, Duration: e.elapsed, Usage: e.usage})
		return
	}
	again, wait, err := runs.NextAttempt(step, attempt, e.err)
	e.err = err
	failed := history.StepFailed{
		Step: step.Key, Attempt: attempt, Error: history.FailureOf(err), Duration: e.elapsed, Usage: e.usage, Retry: again, RetryDelay: wait,
	}
	e.seen.end = failed
	_ = record(ctx, execution, failed)
}

// record records an event, also after the run was cancelled. If the history can't be
// kept, the run ends by that.
func record(ctx context.Context, execution *runs.Execution, data history.EventData) error {
	return execution.Record(context.WithoutCancel(ctx), history.Event{RunID: execution.RunID(), Data: data})
}
