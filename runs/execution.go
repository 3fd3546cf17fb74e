package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// Execution is the run that an [Executor] executes. It is safe for concurrent
// use.
type Execution struct {
	site  *site
	log   *runLog                 // of the run; nil where another process has it
	abort context.CancelCauseFunc // ends the run

	owned  context.Context // ends when the run is left to others
	disown context.CancelCauseFunc

	drained  drain
	deadline time.Time // of the run; zero for none

	opening  once
	unopened error // why the run's child container could not be opened here
	stopped  bool  // it could not because the execution here was ended, or because of the next
	isOpen   bool
	givenUp  bool                    // no attempt waited for it any more
	waiting  int                     // attempts that wait for it, until it is open
	awaited  context.Context         // ends when waiting is 0 again; nil before the first
	giveUp   context.CancelCauseFunc // ends awaited
	starting once

	requesting  once
	request     StepRequest // of all steps
	unrequested error       // why steps can't be handed to another process

	partial bool // other processes execute steps of the run too, and none of them has to end here

	mu    sync.Mutex
	here  sync.WaitGroup        // calls of Step that have not returned
	over  bool                  // the executor has returned
	steps map[string]*stepState // of those that the executor has done something about
	left  []history.LeftResource
}

// stepState is what is known of a step of an execution.
type stepState struct {
	executing int     // calls of Execution.Step under way
	places    *places // in the pools of the step, while it is executed
	attempt   int     // the last one that has started
	running   bool
	ended     bool
	succeeded bool
	failure   history.Failure // of the last attempt
}

func newExecution(s *site, abort context.CancelCauseFunc) *Execution {
	e := &Execution{site: s, abort: abort, drained: newDrain(), steps: make(map[string]*stepState, len(s.launch.plan.Steps))}
	e.owned, e.disown = context.WithCancelCause(context.WithoutCancel(s.ctx))
	return e
}

// execute has an executor execute the steps. It returns after all steps that are
// executed here have ended. It does not close what was opened for them.
func (e *Execution) execute(executor Executor) error {
	ctx := e.site.ctx
	err := panics.Guard(func() error { return executor.Execute(ctx, e) })
	if e.site.onCluster.Load() {
		err = errors.Join(err, e.CatchUp(ctx), e.readStates(ctx))
	}
	drained := e.drained.cause() != nil && ctx.Err() == nil && !e.partial
	err = errors.Join(err, e.end(err == nil && ctx.Err() == nil && !drained && !e.partial))
	if drained && len(e.unended()) > 0 {
		e.abort(e.drained.cause())
	}
	if unopened := e.notOpened(); unopened != nil && !e.isGivenUp() {
		err = unopened // which the executor may have met several times
	}
	if err == nil && e.endedTooLate(context.Cause(ctx)) {
		return nil
	}
	return orCause(ctx, err)
}

// endedTooLate reports whether all steps had succeeded before a cancellation or the timeout
// of the run had any effect. Such a run has succeeded: nothing of it is left to repeat.
func (e *Execution) endedTooLate(cause error) bool {
	if e.partial || !errors.Is(cause, ErrCancelled) && !errors.Is(cause, ErrTimedOut) {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return !slices.ContainsFunc(e.Plan().Steps, func(step *assets.Step) bool {
		state := e.steps[step.Key]
		return state == nil || !state.succeeded
	})
}

// RunID returns the ID of the run.
func (e *Execution) RunID() string { return e.site.launch.id }

// Priority returns the priority of the run: see [Request.Priority].
func (e *Execution) Priority() int { return priorityOf(e.site.launch.tags) }

// Plan returns the plan of the run. Its steps are in an order in which they may be
// executed.
func (e *Execution) Plan() *assets.Plan { return e.site.launch.plan }

// Step executes one step in this process. It loads the inputs, calls the function,
// stores the outputs, repeats a failed attempt as often as the retries of the step
// allow, and records all of this. Its error names the step and tells why the last
// attempt failed or was cancelled. A panic is returned as a *container.PanicError.
//
// The first call opens the child container of the run in this process. The run
// closes it after the executor has returned. If the container cannot be opened, the
// context of the run ends, the run fails, and no step begins.
func (e *Execution) Step(ctx context.Context, step *assets.Step) error {
	if e.partial {
		return fmt.Errorf("executing step %s: this is the execution of a worker of a cluster: call Attempt", step.Key)
	}
	if err := e.enter(step); err != nil {
		return err
	}
	defer e.leave(step)
	if e.needsPools(step) { // it is not called by Schedule
		if err := e.hold(ctx, step); err != nil {
			return fmt.Errorf("executing step %s: %w", step.Key, err)
		}
		defer e.leavePools([]*assets.Step{step})
	}
	e.openHere(e.site.ctx)
	if err := e.notOpened(); err != nil {
		return err
	}
	e.start()
	err := panics.ErrGoexit // unless it returns
	defer func() { e.finish(step, err) }()
	err = (&stepExecution{site: e.site, step: step, attempt: 1}).execute(ctx)
	return err
}

// openHere opens the child container of the run in this process, unless it is open. If ctx ends
// meanwhile, the start of its resources is given up.
func (e *Execution) openHere(ctx context.Context) {
	e.opening.do(func() {
		err := e.site.open(ctx)
		e.mu.Lock()
		if err == nil && ctx == e.awaited { // whose end is also that of what was opened
			err = context.Cause(ctx)
		}
		if e.isOpen = err == nil; e.isOpen {
			e.mu.Unlock()
			return
		}
		e.unopened, e.stopped = err, ctx.Err() != nil
		e.givenUp = e.stopped && e.site.ctx.Err() == nil
		givenUp := e.givenUp
		e.mu.Unlock()
		if !givenUp {
			e.abort(err)
		}
	})
}

// enter notes that a step begins here. It comes before the child container of the
// run is opened, since the run closes that container once every call has left.
func (e *Execution) enter(step *assets.Step) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.over {
		return fmt.Errorf("executing step %s: the executor has returned, and the resources of the run are being stopped", step.Key)
	}
	e.here.Add(1)
	e.state(step.Key).executing++
	return nil
}

// leave notes that a call of Step returns. What it has found out is noted before,
// because whoever waits for the call reads it next.
func (e *Execution) leave(step *assets.Step) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state(step.Key).executing--
	e.here.Done()
}

// notOpened returns why the run's child container could not be opened here.
func (e *Execution) notOpened() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.unopened
}

// isGivenUp reports whether the child container is not open because no attempt waited for it any more.
func (e *Execution) isGivenUp() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.givenUp
}

// finish notes that a step has ended here.
func (e *Execution) finish(step *assets.Step, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != panics.ErrGoexit { //nolint:errorlint // the step itself may fail by another goroutine's end
		state := e.state(step.Key)
		state.ended, state.succeeded = true, err == nil
	}
}

// state returns what is known of a step. The caller holds the lock.
func (e *Execution) state(key string) *stepState {
	state, ok := e.steps[key]
	if !ok {
		state = new(stepState)
		e.steps[key] = state
	}
	return state
}

// start records that the run's steps may start, before the first of them does.
func (e *Execution) start() {
	e.starting.do(func() { e.site.record(history.RunStarted{}) })
}

// Skip records that a step will not be executed because steps upstream of it
// did not succeed.
func (e *Execution) Skip(step *assets.Step, upstream []string) {
	e.start()
	e.site.record(skipped(step, upstream))
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state(step.Key).ended = true
}

func skipped(step *assets.Step, upstream []string) history.StepSkipped {
	return history.StepSkipped{Step: step.Key, Upstream: upstream, Because: "upstream " + strings.Join(upstream, ", ") + " did not succeed"}
}

// Record adds events of the run to its history, in the given order. An executor
// calls it with the events that come from the process that executes a step: an
// Execution is the [Recorder] of its run. The first event of a step also records that
// the steps of the run have started. Record ignores Seq, since the history numbers its events
// itself. An event without a time gets the present time.
//
// Record accepts events about steps and resources, log lines and materializations,
// of this run and of the steps of its plan. It refuses all others. When Record
// returns, an event that announces the start or the stop of a resource is stored, and
// so is a materialization. All other events are stored before the end of the run.
//
// A log line is also written to the logger of the launcher.
//
// If the history cannot be kept, Record returns an error and the run ends. The
// process that executes the step should then stop.
func (e *Execution) Record(ctx context.Context, events ...history.Event) error {
	if len(events) == 0 {
		return nil
	}
	times, data := make([]time.Time, len(events)), make([]history.EventData, len(events))
	for i, event := range events {
		if err := e.recordable(event); err != nil {
			return fmt.Errorf("recording %s of run %s: %w", event.Type(), e.RunID(), err)
		}
		times[i], data[i] = event.Time, event.Data
		if event.Time.IsZero() {
			times[i] = time.Now()
		}
	}
	if slices.ContainsFunc(events, func(event history.Event) bool { return event.Step() != "" }) {
		e.start()
	}
	materializes := func(event history.Event) bool { return event.Type() == history.TypeAssetMaterialized }
	if err := e.site.events.appendAs(ctx, appending{times: times, wait: slices.ContainsFunc(events, materializes)}, data); err != nil {
		return err
	}
	for i := range events {
		if line, ok := data[i].(history.LogWritten); ok {
			e.site.relay(times[i], line)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range events {
		e.follow(event)
	}
	return nil
}

// recordable says what is wrong with an event that an executor records.
func (e *Execution) recordable(event history.Event) error {
	if event.RunID != e.RunID() {
		return fmt.Errorf("%w: the event belongs to run %q", history.ErrInvalid, event.RunID)
	}
	switch event.Data.(type) {
	case nil:
		return fmt.Errorf("%w: the event has no data", history.ErrInvalid)
	case history.RunQueued, history.RunStarting, history.RunStarted, history.RunAdopted, history.RunFinished, history.RunCancelRequested, history.UnknownEvent:
		return fmt.Errorf("%w: an executor records only what happens to steps and resources", history.ErrInvalid)
	case history.LogWritten, history.ResourceStarting, history.ResourceStarted, history.ResourceStopping, history.ResourceStopped:
		if event.Step() == "" {
			return nil
		}
	case history.StepStarted, history.StepProgress, history.StepSucceeded, history.StepFailed, history.StepSkipped, history.StepCancelled,
		history.AssetMaterialized:
	}
	if !slices.ContainsFunc(e.Plan().Steps, func(step *assets.Step) bool { return step.Key == event.Step() }) {
		return fmt.Errorf("%w: the run has no step %q", history.ErrInvalid, event.Step())
	}
	return nil
}

// follow keeps what an event says of a step. The caller holds the lock.
func (e *Execution) follow(event history.Event) {
	if event.Step() == "" {
		return
	}
	state := e.state(event.Step())
	switch data := event.Data.(type) { //nolint:gochecksumtype // the others change no step
	case history.StepStarted:
		state.attempt, state.running = data.Attempt, true
	case history.StepSucceeded:
		state.running, state.ended, state.succeeded = false, true, true
	case history.StepFailed:
		state.running, state.ended, state.failure = false, !data.Retry, data.Error
	case history.StepSkipped, history.StepCancelled:
		state.running, state.ended = false, true
	}
}

// EndSteps records the end of all steps that have started and not ended, because the
// process that executed them has ended. They have failed with err, or were cancelled
// if ctx has ended. It is for an executor that has a process execute several steps.
func (e *Execution) EndSteps(ctx context.Context, err error) {
	for _, step := range e.Plan().Steps {
		e.mu.Lock()
		running := e.state(step.Key).running
		e.mu.Unlock()
		if running {
			_, _ = e.settle(ctx, step, err)
		}
	}
}

// LeaveBehind notes resources that a process has started for the run, and could not stop
// because it was killed or has crashed. The end of the run names them, for whoever cleans
// up.
func (e *Execution) LeaveBehind(resources ...history.LeftResource) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.left = append(e.left, resources...)
}

func (e *Execution) leftBehind() []history.LeftResource {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.left)
}

// settle gives a step its end in the history where whoever executed it has not,
// for instance because its process was killed. err is what executing it
// returned. settle returns whether the step has succeeded, and its error.
func (e *Execution) settle(ctx context.Context, step *assets.Step, err error) (succeeded bool, _ error) {
	e.mu.Lock()
	state, unopened := *e.state(step.Key), e.unopened
	e.mu.Unlock()
	switch {
	case unopened != nil:
		return false, err // the run's failure: no step has begun
	case state.succeeded, state.ended && err != nil:
		return state.succeeded, err
	case state.ended && state.failure != (history.Failure{}):
		return false, fmt.Errorf("executing step %s: %w", step.Key, state.failure.Err())
	case state.ended:
		return false, fmt.Errorf("executing step %s: it was cancelled or skipped", step.Key)
	case err == nil:
		err = fmt.Errorf("executing step %s: the executor has not recorded its end", step.Key)
	}
	at := func(data ...history.EventData) {
		for _, one := range data {
			_ = e.Record(context.WithoutCancel(ctx), history.Event{RunID: e.RunID(), Data: one})
		}
	}
	if ctx.Err() != nil {
		if state.attempt > 0 {
			at(history.StepCancelled{Step: step.Key})
		}
		return false, err
	}
	if !state.running {
		state.attempt++
		at(history.StepStarted{Step: step.Key, Attempt: state.attempt})
	}
	at(history.StepFailed{Step: step.Key, Attempt: state.attempt, Error: history.FailureOf(err)})
	return false, err
}

// end waits for the steps that are still executing here, since their resources
// must not be stopped under them. Its error says what the executor has left
// undone; if all says so, every step should have ended.
func (e *Execution) end(all bool) error {
	var errs []error
	e.mu.Lock()
	e.over = true
	var executing []string
	for key, state := range e.steps {
		if state.executing > 0 {
			executing = append(executing, key)
		}
	}
	e.mu.Unlock()
	slices.Sort(executing)
	for _, key := range executing {
		if e.partial {
			break // the process that executes the run elsewhere knows of them
		}
		errs = append(errs, fmt.Errorf("executing the run: the executor returned before step %s had ended", key))
	}
	e.here.Wait()
	if !all {
		return errors.Join(errs...)
	}
	for _, key := range e.unended() {
		errs = append(errs, fmt.Errorf("executing the run: the executor neither executed nor skipped step %s", key))
	}
	if len(errs) == 0 {
		e.start() // a plan without steps
	}
	return errors.Join(errs...)
}

// unended returns the keys of the steps that have not ended. It takes the lock, since
// an executor that has returned may have left goroutines that skip steps and record
// events.
func (e *Execution) unended() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []string
	for _, step := range e.Plan().Steps {
		if state := e.steps[step.Key]; state == nil || !state.ended {
			keys = append(keys, step.Key)
		}
	}
	return keys
}
