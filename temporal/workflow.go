package temporal

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/fxrun/fxrun/history"
)

const (
	// maxEvents is how many events the history of a workflow may have, with those that running steps
	// will add, before the run goes on in another workflow. Temporal terminates a workflow with more
	// than 51,200 events.
	maxEvents = 45_000
	// maxSize is how large the history of a workflow may become before the run goes on in another
	// one. Temporal terminates a workflow with more than 50 MB.
	maxSize = 40 << 20
	// stepEvents is about how many events one attempt at a step takes in the history.
	stepEvents = 6
	// maxRefusals is how many workers in a row may be unable to execute the run, which takes about a
	// minute. While a new version is deployed, a run may meet many workers of the other one.
	maxRefusals = 16
	// maxOccupied is how many workers in a row may already hold a place for the run.
	maxOccupied = 10
	// maxErrors is how many times in a row workers may fail to hold a place, as when they
	// can't reach the history, or can't write into it.
	maxErrors = 120
	// patience is how long steps wait, from the first place of a run that is spread, for its other places.
	patience = 2 * time.Second
	// forever is longer than any step. Temporal wants a limit.
	forever = 10 * 365 * 24 * time.Hour
)

// flow is a workflow under way: it places a run on workers, and has them execute the steps. All
// that it does follows from the plan and from what activities and signals tell it, so it does the same
// when Temporal has it repeated from its history.
type flow struct {
	ctx      workflow.Context // goes on after the workflow was cancelled
	plan     plan
	schedule *schedule
	waits    []wait

	placements []*placement // that have not ended
	numbered   int          // placements that were ever asked for
	most       int          // how many are asked for at the same time
	refusals   int          // in a row
	occupied   int          // in a row
	errors     int          // in a row, with no step that has ended between
	begun      bool         // a worker has taken one of them
	patient    bool         // others may be taken soon
	resting    bool         // some time passes before the next one is asked for

	deadline  time.Time // of the run; zero for none
	continues bool      // no more steps begin here, and the run goes on in another workflow
	stopped   bool      // no more steps begin
	cancelled bool      // by Temporal's client, so by the launcher or by a person
	result    result
}

// wait is something that will happen, and what is done then.
type wait struct {
	future workflow.Future
	of     *placement // that it concerns; nil for none
	then   func(workflow.Future)
}

// runWorkflow is the workflow of a run.
func runWorkflow(ctx workflow.Context, p plan) (result, error) {
	own, _ := workflow.NewDisconnectedContext(ctx)
	f := &flow{ctx: own, plan: p, schedule: newSchedule(p.Steps), most: p.Placements}
	f.limit()
	f.resume()
	for f.proceed(ctx.Err() != nil); !f.ended(); f.proceed(ctx.Err() != nil) {
		f.next(ctx)
	}
	f.close()
	if f.goesOn() {
		f.catchSignals()
		f.cancelled = ctx.Err() != nil
	}
	if f.goesOn() {
		return result{}, workflow.NewContinueAsNewError(ctx, workflowName, f.remaining())
	}
	return f.end()
}

// proceed begins what can begin.
func (f *flow) proceed(cancelled bool) {
	if cancelled && !f.cancelled {
		f.cancelled = true
		if !f.result.TimedOut {
			f.stop("the run was cancelled")
		}
	}
	if f.stopped || f.isLong() { // which may become true while steps begin
		return
	}
	for !f.resting && f.accepting() < min(f.most, len(f.schedule.ready)+f.schedule.running) {
		f.ask()
	}
	for len(f.schedule.ready) > 0 {
		at := f.leastLoaded()
		if at == nil {
			return
		}
		if f.isLong() {
			return
		}
		f.begin(at)
	}
}

// limit ends the run at its deadline, also if no process owns it that would cancel it then.
func (f *flow) limit() {
	if f.plan.Timeout <= 0 {
		return
	}
	f.deadline = workflow.Now(f.ctx).Add(f.plan.Timeout)
	f.after(workflow.NewTimer(f.ctx, f.plan.Timeout), nil, func(workflow.Future) {
		if !f.cancelled && f.result.Fault == "" {
			f.result.TimedOut = true
			f.stop("the run timed out")
		}
	})
}

// ended reports whether nothing is executed any more, and nothing more will begin.
func (f *flow) ended() bool {
	for _, p := range f.placements {
		if len(p.running) > 0 {
			return false
		}
	}
	return f.stopped || f.continues || f.schedule.open == 0
}

// next waits for the next thing that happens.
func (f *flow) next(ctx workflow.Context) {
	selector := workflow.NewSelector(f.ctx)
	for _, one := range f.waits {
		selector.AddFuture(one.future, func(future workflow.Future) {
			f.waits = slices.DeleteFunc(f.waits, func(other wait) bool { return other.future == future })
			one.then(future)
		})
	}
	selector.AddReceive(workflow.GetSignalChannel(f.ctx, placedSignal), func(from workflow.ReceiveChannel, _ bool) {
		var told placed
		from.Receive(f.ctx, &told)
		f.placed(told)
	})
	selector.AddReceive(workflow.GetSignalChannel(f.ctx, leavingSignal), func(from workflow.ReceiveChannel, _ bool) {
		var told leaving
		from.Receive(f.ctx, &told)
		if p := f.placement(told.Placement); p != nil {
			p.leaving = true
		}
	})
	selector.AddReceive(workflow.GetSignalChannel(f.ctx, drainSignal), func(from workflow.ReceiveChannel, _ bool) {
		from.Receive(f.ctx, nil)
		f.stopped, f.result.Drained = true, true
	})
	if !f.cancelled {
		selector.AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) {})
	}
	selector.Select(f.ctx)
}

// after calls a function when a future is ready.
func (f *flow) after(future workflow.Future, of *placement, then func(workflow.Future)) {
	f.waits = append(f.waits, wait{future, of, then})
}

// begin begins the first ready step at a placement.
func (f *flow) begin(at *placement) {
	step, attempt := f.schedule.begin()
	at.running = append(at.running, step)
	ctx := workflow.WithActivityOptions(at.ctx, workflow.ActivityOptions{
		TaskQueue: at.told.Queue, StartToCloseTimeout: forever, HeartbeatTimeout: f.plan.Heartbeat, Priority: f.priority(),
		RetryPolicy: &temporal.RetryPolicy{ // of an attempt that could not begin, for instance because the history was not there
			InitialInterval: 200 * time.Millisecond, MaximumInterval: 5 * time.Second, MaximumAttempts: maxErrors,
			NonRetryableErrorTypes: []string{leavingError, unopenedError, refusedError, overError},
		},
	})
	input := stepInput{Placement: at.number, Step: f.plan.Steps[step].Key, Attempt: attempt}
	f.after(workflow.ExecuteActivity(ctx, stepName, input), at, func(future workflow.Future) {
		at.running = slices.DeleteFunc(at.running, func(other int) bool { return other == step })
		var output stepOutput
		err := future.Get(f.ctx, &output)
		f.attempted(at, step, attempt, output, err)
	})
}

// attempted goes on after an attempt at a step.
func (f *flow) attempted(at *placement, step, attempt int, output stepOutput, err error) {
	if err == nil {
		f.errors = 0
	}
	switch {
	case err == nil && output.Status == history.StepStatusPending:
		f.retry(step, output)
	case err == nil:
		f.schedule.end(step, output.Status == history.StepStatusSucceeded)
	case typeOf(err) == leavingError:
		at.leaving = true
		f.schedule.again(step, attempt)
	case isLost(err):
		f.schedule.again(step, attempt)
	case typeOf(err) == unopenedError, typeOf(err) == overError:
		f.schedule.again(step, attempt) // it has not begun
		f.fail(textOf(err))
	default:
		f.schedule.end(step, false)
		if len(f.result.Refused) < maxRefused {
			f.result.Refused = append(f.result.Refused, refused{f.plan.Steps[step].Key, textOf(err)})
		}
	}
}

// retry has another attempt made, after the time that the retries of the step ask for.
func (f *flow) retry(step int, output stepOutput) {
	if output.Delay <= 0 {
		f.schedule.again(step, output.Attempt+1)
		return
	}
	f.later(step, output.Attempt+1, output.Delay)
}

// later has an attempt at a step made after a time.
func (f *flow) later(step, attempt int, wait time.Duration) {
	f.schedule.later(step, attempt, workflow.Now(f.ctx).Add(wait))
	f.after(workflow.NewTimer(f.ctx, wait), nil, func(workflow.Future) { f.schedule.again(step, attempt) })
}

// stop has no more steps begin, and cancels those that are running.
func (f *flow) stop(reason string) {
	f.stopped = true
	for _, p := range f.placements {
		if len(p.running) == 0 {
			continue
		}
		ctx := workflow.WithActivityOptions(p.ctx, f.control(p))
		f.after(workflow.ExecuteActivity(ctx, cancelName, cancelInput{Placement: p.number, Reason: reason, TimedOut: f.result.TimedOut}), p, func(workflow.Future) {})
	}
}

// fail ends the run because it can't be executed.
func (f *flow) fail(fault string) {
	if f.result.Fault == "" && !f.cancelled {
		f.result.Fault = fault
		f.stop("the run can't go on: " + fault)
	}
}

// close has the workers close what they have opened, and waits for it.
func (f *flow) close() {
	input := closeInput{Cancelled: f.cancelled && !f.result.TimedOut, TimedOut: f.result.TimedOut, Continues: f.goesOn()}
	if err := f.failure(); err != nil && !input.Continues {
		input.Failure = err.Error()
	}
	f.stopped = true
	f.waits = slices.DeleteFunc(f.waits, func(one wait) bool { return one.of == nil }) // timers
	for _, p := range slices.Clone(f.placements) {
		if p.told.Queue == "" { // no worker has opened anything
			f.leave(p)
			continue
		}
		input.Placement = p.number
		ctx := workflow.WithActivityOptions(p.ctx, f.control(p))
		f.after(workflow.ExecuteActivity(ctx, closeName, input), p, func(workflow.Future) {})
	}
	for len(f.waits) > 0 {
		f.next(f.ctx)
	}
}

// control returns the options of activities that every worker executes at once. One whose order or
// end is lost on the way is given again. It may be executed twice, and ends with its placement.
func (f *flow) control(p *placement) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		TaskQueue: p.told.Queue, StartToCloseTimeout: f.plan.Heartbeat, Priority: temporal.Priority{PriorityKey: 1},
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, MaximumInterval: 5 * time.Second},
	}
}

func (f *flow) priority() temporal.Priority { return temporal.Priority{PriorityKey: f.plan.Priority} }

// failure returns why the run is no success.
func (f *flow) failure() error {
	failed := f.schedule.failed()
	switch {
	case f.result.TimedOut:
		return errors.New("the run timed out")
	case f.cancelled:
		return errors.New("the run was cancelled")
	case f.result.Fault != "":
		return errors.New(f.result.Fault)
	case len(failed) > 0:
		var keys []string
		for _, step := range failed[:min(len(failed), 10)] {
			keys = append(keys, f.plan.Steps[step].Key)
		}
		text := strings.Join(keys, ", ")
		if len(failed) > 10 {
			text += fmt.Sprintf(" and %d more", len(failed)-10)
		}
		return errors.New(cut("failed steps: " + text))
	case f.schedule.open > 0:
		return errors.New("the run was told to drain before all steps had begun")
	}
	return nil
}

// end returns what the workflow ends with: Temporal's own pages show it too.
func (f *flow) end() (result, error) {
	f.result.Failed = len(f.schedule.failed())
	f.result.Drained = f.result.Drained && f.schedule.open > 0
	err := f.failure()
	switch {
	case f.cancelled && !f.result.TimedOut:
		return f.result, temporal.NewCanceledError(f.result)
	case err != nil:
		return f.result, temporal.NewNonRetryableApplicationError(err.Error(), failedError, nil, f.result)
	}
	return f.result, nil
}

// typeOf returns the type of an activity's error, or "" if the activity did not give one.
func typeOf(err error) string {
	if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return failed.Type()
	}
	return ""
}

// textOf returns the text of an activity's error, without what Temporal says around it.
func textOf(err error) string {
	if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return cut(failed.Message())
	}
	return cut(err.Error())
}

// isLost reports whether an activity has ended because its worker is gone.
func isLost(err error) bool {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	return ok && timeout.TimeoutType() == enums.TIMEOUT_TYPE_HEARTBEAT
}
