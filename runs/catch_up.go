package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
)

// followEvery is the time between two looks at what workers have recorded. A store tells
// nobody of what other processes append.
const followEvery = 200 * time.Millisecond

// progressLooks is how many of these looks there are for one look at the progress of steps, which is in
// no log, but in the record of the run.
const progressLooks = 5

// Begin records that the steps of the run may start, unless that is recorded. It is for a
// [Cluster], whose workers record the steps by themselves, and cannot before. For other
// executors the first event of a step does it.
func (e *Execution) Begin(ctx context.Context) error {
	var err error
	e.starting.do(func() { err = e.site.events.append(context.WithoutCancel(ctx), history.RunStarted{}) })
	if isRefusal(err) {
		record, found := history.Find(context.WithoutCancel(ctx), e.site.launcher.config.Store, e.RunID())
		if found == nil && record.Status == history.StatusRunning {
			return nil // an owner that was taken for gone has recorded it
		}
	}
	return err
}

// Owned returns a context that ends, with [ErrLeft] as its cause, when this process leaves the
// run on a [Cluster] to others. It does so also if the context of the run has ended by another
// cause before: a run that is being cancelled may be left too, and whoever adopts it goes on
// with that.
func (e *Execution) Owned() context.Context { return e.owned }

// CatchUp reads what the workers of a [Cluster] have recorded since the last call. The
// observer of the run is told of it, the log lines are written to the logger of the launcher,
// and steps that need a step which did not succeed are recorded as skipped. It is safe to
// call it at any time.
func (e *Execution) CatchUp(ctx context.Context) error {
	if e.log == nil {
		return nil
	}
	err := e.log.catchUp(ctx)
	e.skipBlocked()
	return err
}

// Follow calls [Execution.CatchUp] five times a second until ctx ends. The observer of the run is also
// told once a second how far the running steps have come.
func (e *Execution) Follow(ctx context.Context) {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	told := make(map[string]history.Progress)
	for looks := 1; ; looks++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = e.CatchUp(ctx) // what cannot be read now may be readable the next time
			if looks%progressLooks == 0 {
				e.tellProgress(ctx, told)
			}
		}
	}
}

// tellProgress tells the observer of the run how far steps have come that workers execute. told is what
// it was told before.
func (e *Execution) tellProgress(ctx context.Context, told map[string]history.Progress) {
	if e.log == nil || e.log.observe == nil || !e.isRunning() {
		return
	}
	record, err := history.Find(ctx, e.site.launcher.config.Store, e.RunID())
	if err != nil {
		return // it may be readable the next time
	}
	var events []history.Event
	for _, step := range record.Steps {
		state, now := e.stateOf(step.Key), step.Progress
		if now == (history.Progress{}) || now == told[step.Key] || !state.running || state.attempt != step.Attempt {
			continue
		}
		told[step.Key] = now
		events = append(events, history.Event{RunID: e.RunID(), Time: now.Time, Data: history.StepProgress{
			Step: step.Key, Rows: now.Rows, Total: now.Total, Message: now.Message,
		}})
	}
	if len(events) > 0 {
		e.log.tellAlso(ctx, events)
	}
}

// isRunning reports whether a step is being executed.
func (e *Execution) isRunning() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, state := range e.steps {
		if state.running {
			return true
		}
	}
	return false
}

// Cancelled says that somebody has cancelled the run in the cluster, and why. The context of
// the run ends, and the run ends as cancelled.
func (e *Execution) Cancelled(reason string) { e.abort(cancelledBecause(reason)) }

// Settle ends the steps of a run that has ended in its [Cluster], and returns the error of the
// run: nil if all steps have succeeded, else err joined with the errors of all steps that have
// failed. err says why steps have no end, and may be nil.
//
// A step that has started and has no end in the history has failed with err, or was cancelled
// if ctx has ended. A step that needs one which did not succeed is skipped. Other steps that
// have not started are left to the end of the run.
func (e *Execution) Settle(ctx context.Context, err error) error {
	read := errors.Join(e.CatchUp(ctx), e.readStates(ctx))
	if read != nil {
		return errors.Join(err, read)
	}
	for _, step := range e.Plan().Steps {
		if e.stateOf(step.Key).running {
			e.endForeign(ctx, step, err)
		}
	}
	e.skipBlocked()
	return errors.Join(err, e.failures(err == nil))
}

// failures returns the errors of the steps that have failed. If there is none, and all steps
// should have succeeded, it returns that a step has ended in another way.
func (e *Execution) failures(all bool) error {
	var errs []error
	var other error
	for _, step := range e.Plan().Steps {
		state := e.stateOf(step.Key)
		switch failed := state.failure.Err(); {
		case !state.ended || state.succeeded:
		case failed != nil:
			errs = append(errs, fmt.Errorf("executing step %s: %w", step.Key, failed))
		case other == nil:
			other = fmt.Errorf("executing step %s: it was cancelled or skipped", step.Key)
		}
	}
	if all && len(errs) == 0 {
		return other
	}
	return errors.Join(errs...)
}

// endForeign records the end of a step of which no worker has recorded it. A worker that does
// so at the same time comes first, or is refused.
func (e *Execution) endForeign(ctx context.Context, step *assets.Step, err error) {
	state := e.stateOf(step.Key)
	if err == nil {
		err = errors.New("its worker has not recorded its end")
	}
	var end history.EventData = history.StepFailed{Step: step.Key, Attempt: state.attempt, Error: history.FailureOf(err)}
	if ctx.Err() != nil {
		end = history.StepCancelled{Step: step.Key, Attempt: state.attempt}
	}
	if e.recordEnd(ctx, end) != nil {
		_ = e.readStates(ctx) // the worker was first
	}
}

// recordEnd records the end of a step, waits until it is stored, and keeps it.
func (e *Execution) recordEnd(ctx context.Context, end history.EventData) error {
	if err := e.site.events.appendAs(context.WithoutCancel(ctx), appending{wait: true}, []history.EventData{end}); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.follow(history.Event{RunID: e.RunID(), Data: end})
	return nil
}

// skipBlocked records as skipped the steps that need a step which has ended without success.
func (e *Execution) skipBlocked() {
	for _, step := range e.Plan().Steps { // those upstream come first
		var upstream []string
		e.mu.Lock()
		state := e.state(step.Key)
		if !state.ended && !state.running {
			for _, need := range step.Needs {
				if needed := e.state(need); needed.ended && !needed.succeeded {
					upstream = append(upstream, need)
				}
			}
		}
		e.mu.Unlock()
		if len(upstream) > 0 {
			_ = e.recordEnd(context.WithoutCancel(e.site.ctx), skipped(step, upstream))
		}
	}
}

// stateOf returns a copy of what is known of a step.
func (e *Execution) stateOf(key string) stepState {
	e.mu.Lock()
	defer e.mu.Unlock()
	return *e.state(key)
}

// readStates takes over the states of the steps as the record of the run has them.
func (e *Execution) readStates(ctx context.Context) error {
	record, err := history.Find(context.WithoutCancel(ctx), e.site.launcher.config.Store, e.RunID())
	if err == nil {
		e.keepStates(record)
	}
	return err
}

func (e *Execution) keepStates(record history.Record) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, step := range record.Steps {
		state := e.state(step.Key)
		state.attempt, state.failure = step.Attempt, step.Error
		state.running = step.Status == history.StepStatusRunning
		state.ended, state.succeeded = step.Status.Finished(), step.Status == history.StepStatusSucceeded
	}
}

// hear takes what others have recorded of the run.
func (e *Execution) hear(events []history.Event) {
	for _, event := range events {
		if line, ok := event.Data.(history.LogWritten); ok {
			e.site.relay(event.Time, line)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, event := range events {
		e.follow(event)
	}
}
