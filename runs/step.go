package runs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/graph"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// stepExecution is one step of a run, while it is executed.
type stepExecution struct {
	site    *site
	step    *assets.Step
	attempt int // the first one to make; then the one under way
	last    int // the last one to make here; 0 for all that the retries allow
	free    int // attempts before that were interrupted, and do not use up the retries

	// Of the attempt under way:
	child    *container.Child // of the step's own resources; nil without any
	context  *assets.Context
	progress *progress
	own      []*ownInput      // streams that the function reads, which must be the run's own
	stored   []history.Values // by output: what is told of a value that is stored, else nil
	turn     storeTurn        // to store the outputs; ended when the end of the attempt is recorded
}

// execute tries the step until it succeeds or may not be tried again.
func (x *stepExecution) execute(ctx context.Context) error {
	for ; ; x.attempt++ {
		if err := x.site.events.append(context.WithoutCancel(ctx), history.StepStarted{Step: x.step.Key, Attempt: x.attempt}); err != nil {
			return x.failure(err) // the history can't be kept, which has ended the run
		}
		end := x.make(ctx)
		switch {
		case end.status == history.StepStatusSucceeded:
			return x.site.events.failure()
		case end.status != history.StepStatusPending || x.attempt == x.last:
			return x.failure(end.err)
		}
		if !backoff.Wait(ctx, end.wait) {
			x.site.record(history.StepCancelled{Step: x.step.Key})
			return x.failure(end.err)
		}
	}
}

// attemptEnd says how an attempt has ended.
type attemptEnd struct {
	status     history.StepStatus // pending if another attempt follows
	err        error              // why it has not succeeded
	wait       time.Duration      // before the next one
	unrecorded error              // why its end is not in the history, as far as that is waited for
}

// make makes the attempt that is recorded as started, and records its end.
func (x *stepExecution) make(ctx context.Context) attemptEnd {
	began := time.Now()
	inner, done := x.beginStep(ctx)
	materialized, err := x.bounded(inner)
	took := time.Since(began)
	stopped := ctx.Err() != nil && len(materialized) < len(x.step.Outputs)
	done(Outcome{Err: err, Status: statusOf(err, stopped)})
	switch {
	case err == nil:
		unrecorded := x.recordEnd(append(materialized, history.StepSucceeded{Step: x.step.Key, Attempt: x.attempt, Duration: took}))
		return attemptEnd{status: history.StepStatusSucceeded, unrecorded: unrecorded}
	case stopped && x.isInterrupted(ctx):
		unrecorded := x.recordEnd(append(materialized, history.StepFailed{
			Step: x.step.Key, Attempt: x.attempt, Error: history.FailureOf(err), Duration: took, Retry: true, Interrupted: history.InterruptionStopped,
		}))
		return attemptEnd{status: history.StepStatusPending, err: err, unrecorded: unrecorded}
	case stopped:
		unrecorded := x.recordEnd(append(materialized, history.StepCancelled{Step: x.step.Key, Attempt: x.attempt, Duration: took}))
		return attemptEnd{status: history.StepStatusCancelled, err: err, unrecorded: unrecorded}
	}
	again, wait, err := NextAttempt(x.step, x.attempt-x.free, err)
	unrecorded := x.recordEnd(append(materialized, history.StepFailed{
		Step: x.step.Key, Attempt: x.attempt, Error: history.FailureOf(err), Duration: took, Retry: again, RetryDelay: wait,
	}))
	end := attemptEnd{status: history.StepStatusFailed, err: err, wait: wait, unrecorded: unrecorded}
	if again {
		end.status = history.StepStatusPending
	}
	return end
}

// isInterrupted reports whether another attempt has to follow one that was stopped here.
func (x *stepExecution) isInterrupted(ctx context.Context) bool {
	return x.site.worker != "" && !isCancellation(context.Cause(ctx))
}

// recordEnd records the end of an attempt, and lets others store the same assets once that is
// recorded. A worker waits for that, since the history may have refused the end.
func (x *stepExecution) recordEnd(data []history.EventData) error {
	turn := x.turn
	x.turn = storeTurn{}
	return x.site.events.appendAs(context.WithoutCancel(x.site.ctx), appending{
		now: turn.isAwaited(), ordered: turn.pass, settled: turn.end, wait: x.site.worker != "",
	}, data)
}

// failure says which step went wrong, and in which attempt if there are several.
func (x *stepExecution) failure(err error) error {
	doing := "materializing"
	if x.step.Kind == assets.KindOp {
		doing = "executing"
	}
	if x.step.Retries > 0 {
		return fmt.Errorf("%s %s, attempt %d of %d: %w", doing, x.step.Key, x.attempt, x.step.Retries+1+x.free, err)
	}
	return fmt.Errorf("%s %s: %w", doing, x.step.Key, err)
}

// bounded makes one attempt within the step's timeout.
func (x *stepExecution) bounded(ctx context.Context) ([]history.EventData, error) {
	if x.step.Timeout == 0 {
		return x.try(ctx)
	}
	bounded, cancel := context.WithTimeout(ctx, x.step.Timeout)
	defer cancel()
	materialized, err := x.try(bounded)
	if err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded) {
		return materialized, fmt.Errorf("timed out after %s: %w", x.step.Timeout, err)
	}
	return materialized, err
}

// try makes one attempt, with a child of its own for what lives per step. It
// returns the records of the values that are stored, which they may be although
// the attempt has failed: the history must agree with what is stored.
func (x *stepExecution) try(ctx context.Context) (materialized []history.EventData, err error) {
	if x.child, err = x.site.stepChild(ctx, x.step); err != nil {
		return nil, err
	}
	x.stored = make([]history.Values, len(x.step.Outputs))
	x.progress = &progress{record: func(rows, total int64) {
		x.site.record(history.StepProgress{Step: x.step.Key, Rows: rows, Total: total})
	}}
	failed := panics.Guard(func() error { return x.materialize(ctx) })
	x.progress.flush()
	var stopped error
	if x.child != nil {
		stopped = panics.Guard(func() error { return x.child.Close(failed) })
	}
	for i, output := range x.step.Outputs {
		kept := failed == nil && stopped == nil // it stores its data itself
		if output.Type != nil {
			kept = x.stored[i] != nil && (stopped == nil && failed == nil || !x.storesPerStep(output.IO))
		}
		if kept && output.Kind == assets.KindAsset {
			materialized = append(materialized, x.materialized(output, x.stored[i]))
		}
	}
	return materialized, errors.Join(failed, stopped)
}

// stepBody calls the function of a step: see call in package assets.
type stepBody = func(ctx context.Context, about *assets.Context, arguments, inputs []reflect.Value) ([]reflect.Value, error)

// materialize computes the step's values and stores them.
func (x *stepExecution) materialize(ctx context.Context) error {
	inputs, err := x.load(ctx)
	if err != nil {
		return err
	}
	x.context = assets.NewContext(assets.ContextConfig{
		Run:      x.site.info(x.step.Key),
		Key:      x.step.Key,
		Attempt:  x.attempt,
		Logger:   x.site.loggerOf(x.step.Key)((*graph.Target)(x.step.Target()).ModuleLogger()),
		Progress: x.progress.told,
	})
	call := (*graph.Target)(x.step.Target()).Body().(stepBody)
	values, err := call(ctx, x.context, x.arguments(x.step.Target()), inputs)
	if err == nil {
		err = x.checkOwn()
	}
	if err != nil {
		return replaced(err)
	}
	if len(values) > 0 && ctx.Err() != nil { // the function ignored the end of its context
		return context.Cause(ctx)
	}
	return x.store(ctx, values)
}

// materialized is the record of an asset that was computed; about is what its IO
// manager told. What the function itself has told has priority.
func (x *stepExecution) materialized(output assets.Output, about history.Values) history.AssetMaterialized {
	event := history.AssetMaterialized{
		Asset: output.Key, Step: x.step.Key, Attempt: x.attempt, IOManager: output.IO, CodeVersion: output.CodeVersion, Metadata: about,
	}
	event.Size, _ = about["bytes"].(int64)
	for name, fact := range x.context.Metadata(output.Key) {
		if event.Metadata == nil {
			event.Metadata = make(history.Values)
		}
		event.Metadata[name] = fact
	}
	event.Metadata = event.Metadata.Settled()
	return event
}

// arguments returns what a target gets for a step: from the step's own child
// if it lives per step, else from the run's.
func (x *stepExecution) arguments(target *container.Target) []reflect.Value {
	if target.LivesPerStep() {
		return argumentsOf(x.child, target)
	}
	return argumentsOf(x.site.child, target)
}

// argumentsOf returns the values for the target's parameters, in order.
func argumentsOf(of *container.Child, target *container.Target) []reflect.Value {
	return (*child.Child)(of).Arguments((*graph.Target)(target))
}
