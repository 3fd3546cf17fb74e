package runs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// Executor decides where and when the steps of a run are executed.
type Executor interface {
	// Execute executes every step of the plan, each after all of its Needs
	// have succeeded, and returns when none is executing any more: nil if all
	// succeeded, else the errors of those that failed, joined. Each step is
	// given to exactly one of [Execution.Step] and [Execution.Skip]; when ctx
	// has ended, steps that have not begun are left alone.
	Execute(ctx context.Context, execution *Execution) error
}

// Execution is the run that an [Executor] executes. It is safe for concurrent
// use.
type Execution struct{ run *Run }

// Plan returns the steps, in an order in which they may be executed.
func (e *Execution) Plan() *assets.Plan { return e.run.launch.plan }

// Step executes one step in this process: it loads the inputs, calls the
// function and stores the output, and records what happens. Its error, which
// names the asset, is why the step failed or was cancelled; a panic comes back
// as a *container.PanicError.
func (e *Execution) Step(ctx context.Context, step *assets.Step) error {
	r := e.run
	r.record(StepStarted{Step: step.Asset, Attempt: 1})
	began := time.Now()
	materialized, err := r.materialize(ctx, step)
	took := time.Since(began)
	switch {
	case err == nil:
		r.record(materialized, StepSucceeded{Step: step.Asset, Duration: took})
		return r.log.failure()
	case ctx.Err() != nil:
		r.record(StepCancelled{Step: step.Asset, Duration: took})
	default:
		r.record(StepFailed{Step: step.Asset, Attempt: 1, Error: FailureOf(err), Duration: took})
	}
	return fmt.Errorf("materializing %s: %w", step.Asset, err)
}

// Skip records that a step will not be executed because steps upstream of it
// did not succeed.
func (e *Execution) Skip(step *assets.Step, upstream []string) {
	e.run.record(StepSkipped{
		Step: step.Asset, Upstream: upstream,
		Because: "upstream " + strings.Join(upstream, ", ") + " did not succeed",
	})
}

// stepExecution is one step of a run, while it is executed.
type stepExecution struct {
	run   *Run
	step  *assets.Step
	child *container.Child // of the step's own resources; nil without any
}

// materialize computes an asset and stores it.
func (r *Run) materialize(ctx context.Context, step *assets.Step) (materialized AssetMaterialized, err error) {
	child, err := r.stepChild(ctx, step)
	if err != nil {
		return materialized, err
	}
	if child != nil {
		defer func() { err = errors.Join(err, child.Close(err)) }()
	}
	execution := &stepExecution{run: r, step: step, child: child}
	return execution.materialize(ctx)
}

func (x *stepExecution) materialize(ctx context.Context) (materialized AssetMaterialized, err error) {
	r, step := x.run, x.step
	inputs, err := x.load(ctx)
	if err != nil {
		return materialized, err
	}
	stepContext := assets.NewContext(assets.ContextConfig{
		Run:    container.RunInfo{ID: r.launch.id, Tags: r.launch.tags, Launched: r.began},
		Asset:  step.Asset,
		Logger: r.logger(step.Asset),
		Progress: func(done, total int64) {
			r.record(StepProgress{Step: step.Asset, Rows: done, Total: total})
		},
	})
	call := assets.Call{Context: ctx, Step: stepContext, Arguments: x.arguments(step.Target()), Inputs: inputs}
	value, err := callStep(step, call)
	if err != nil {
		return materialized, err
	}
	materialized = AssetMaterialized{Asset: step.Asset, Step: step.Asset}
	if step.Output != nil {
		if ctx.Err() != nil { // the function paid no heed to it
			return materialized, ctx.Err()
		}
		materialized.IOManager = step.IO
		materialized.Metadata, err = x.store(ctx, value)
		if err != nil {
			return materialized, err
		}
		if size, ok := materialized.Metadata["bytes"].(int64); ok {
			materialized.Size = size
		}
	}
	for name, about := range stepContext.Metadata() {
		if materialized.Metadata == nil {
			materialized.Metadata = make(Values)
		}
		materialized.Metadata[name] = about // the function's word over the IO manager's
	}
	return materialized, nil
}

// errGoexit is given where a function ends its goroutine in place of
// returning.
var errGoexit = errors.New("it ended its goroutine without returning")

// callStep calls the step's function in a goroutine of its own, so that a
// panic or an end of the goroutine is an error of the step. It waits for as
// long as the function goes on: its resources must not be stopped under it.
func callStep(step *assets.Step, call assets.Call) (value reflect.Value, err error) {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		err = errGoexit
		defer func() {
			if recovered := recover(); recovered != nil {
				err = container.Recovered(recovered)
			}
		}()
		value, err = step.Call(call)
	}()
	<-returned
	return value, err
}

// upstreamOf returns those of a step's needs that did not succeed.
func upstreamOf(step *assets.Step, succeeded map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(step.Needs), func(key string) bool { return succeeded[key] })
}
