package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
)

// maxLost is how many attempts at a step may be lost with their workers. What kills a worker
// each time would kill all of them.
const maxLost = 3

// mostStarts is how often the start of an attempt is recorded, if the history refuses it since
// the step has changed in the meantime. Only the owner of the run can change it then.
const mostStarts = 10

// Attempted says how a step stands after [Execution.Attempt].
type Attempted struct {
	// Status is the status of the step: succeeded, failed, skipped or cancelled. It is pending
	// if the attempt has failed and another one has to be made.
	Status history.StepStatus `json:"status"`
	// Attempt is the number of the last attempt that was made. It is higher than the one that
	// was asked for if attempts were lost.
	Attempt int `json:"attempt,omitempty"`
	// Delay is the time to wait before the next attempt, if Status is pending. The next
	// attempt has the number Attempt+1.
	Delay time.Duration `json:"delay_ns,omitempty"`
	// Failure is why the attempt failed or was cancelled, without the secrets of the run.
	Failure history.Failure `json:"failure,omitzero"`
	// Lost is how many attempts at the step were lost with their workers, as far as this call
	// had to find out.
	Lost int `json:"lost,omitempty"`
}

// Attempt makes one attempt at a step on a worker of a [Cluster], in an execution of
// [Launcher.ExecuteRun] without a recorder, and records it. However often it is called, on any
// number of workers at the same time, each attempt is executed once at most: Attempt holds a
// lock with the name of the step while it executes it, and begins only after the history has
// taken the start of the attempt. If the step has ended, or if the attempt has been made, it
// answers what the history says, also for a step that had ended before this execution began,
// and is not in its plan.
//
// If the history says that an attempt is under way, and nobody holds the lock, the worker of
// that attempt is gone. The attempt is then recorded as failed and lost, and the next one is
// made at once. It does not use up the retries of the step. With the third lost attempt the
// step has failed, since it may be the step that ends its workers.
//
// An error means that nothing was executed, or that the end of the attempt could not be
// recorded. The failure of the step is no error: see [Attempted]. After an error Attempt can
// be called again, here or on another worker, unless the error matches [ErrUnopened].
//
// If ctx ends, the step is cancelled. If it ends by another cause than a cancellation, as by
// [ErrWorkerLeaving], the attempt is recorded as failed and interrupted, and another one has
// to be made.
func (e *Execution) Attempt(ctx context.Context, step string, attempt int) (done Attempted, err error) {
	at := slices.IndexFunc(e.Plan().Steps, func(one *assets.Step) bool { return one.Key == step })
	switch {
	case e.site.worker == "":
		err = errors.New("this is not the execution of a worker: call Step")
	case at < 0:
		done, err = e.ended(ctx, step)
	default:
		done, err = e.attempt(ctx, e.Plan().Steps[at], attempt)
	}
	if err != nil {
		err = fmt.Errorf("attempting step %s: %w", step, err)
	}
	done.Failure = mask(e.site.launch.child.Mask).failure(done.Failure)
	return done, fault.Masked(err, e.site.launch.child.Mask)
}

func (e *Execution) attempt(ctx context.Context, step *assets.Step, attempt int) (Attempted, error) {
	if err := e.enter(step); err != nil {
		return Attempted{}, errors.Join(ErrWorkerLeaving, err)
	}
	defer e.leave(step)
	if ctx.Err() != nil { // a step that does not begin needs no resources
		return Attempted{}, context.Cause(ctx)
	}
	if err := e.openToAttempt(ctx); err != nil {
		return Attempted{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.site.ctx, func() { cancel(e.siteEnded()) })()
	held, err := e.lockAttempt(ctx, step)
	if err != nil {
		return Attempted{}, err
	}
	held.keep(func(err error) { cancel(fmt.Errorf("another worker may have taken the step: %w", err)) })
	defer func() {
		if err := held.release(); err != nil {
			e.site.launcher.warn("the lock of a step could not be given back", "run", e.RunID(), "step", step.Key, "error", err)
		}
	}()
	if e.needsPools(step) {
		if err := e.hold(ctx, step); err != nil {
			return Attempted{}, err
		}
		defer e.leavePools([]*assets.Step{step})
	}
	if e.drained.cause() != nil {
		return Attempted{}, ErrWorkerLeaving
	}
	if ctx.Err() != nil {
		return Attempted{}, context.Cause(ctx)
	}
	x, done, err := e.beginAttempt(ctx, step, attempt)
	if err != nil || x == nil {
		return done, err
	}
	starts, name := &e.site.launcher.starts, e.attemptLock(step)
	starts.executes(name, x.attempt)
	end := x.make(ctx)
	if end.unrecorded == nil {
		starts.forget(name)
	}
	done.Status, done.Attempt, done.Delay, done.Failure = end.status, x.attempt, end.wait, history.FailureOf(end.err)
	return done, end.unrecorded
}

// ended returns how a step has ended that is not in the plan of this execution.
func (e *Execution) ended(ctx context.Context, key string) (Attempted, error) {
	record, err := history.Find(ctx, e.site.launcher.config.Store, e.RunID())
	if err != nil {
		return Attempted{}, err
	}
	step, ok := record.Step(key)
	switch {
	case !ok:
		return Attempted{}, errors.New("the run has no such step")
	case !step.Status.Finished():
		return Attempted{}, errors.New("the execution of the run was not asked to execute it here")
	}
	return attemptEnds{}.answer(step), nil
}

// openToAttempt opens the child container of the run on this worker, unless it is open. If no attempt
// waits for that any more, it is given up, and no step begins here.
func (e *Execution) openToAttempt(ctx context.Context) error {
	if e.drained.cause() != nil || e.site.ctx.Err() != nil && e.notOpened() == nil {
		return errors.Join(ErrWorkerLeaving, context.Cause(e.site.ctx))
	}
	opening := e.wait()
	stop := context.AfterFunc(ctx, func() { e.waitNoMore(context.Cause(ctx)) })
	e.openHere(opening)
	stop()
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.unopened == nil:
		return nil
	case e.stopped:
		return errors.Join(ErrWorkerLeaving, e.unopened)
	default:
		return fmt.Errorf("%w: %w", ErrUnopened, e.unopened)
	}
}

// wait notes that an attempt waits for the child container. It returns a context that ends when none
// does any more before the container is open.
func (e *Execution) wait() context.Context {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.awaited == nil {
		e.awaited, e.giveUp = context.WithCancelCause(e.site.ctx)
	}
	e.waiting++
	return e.awaited
}

// waitNoMore notes that the context of an attempt that waits has ended.
func (e *Execution) waitNoMore(cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.waiting--; e.waiting == 0 && !e.isOpen {
		e.giveUp(cause)
	}
}

// siteEnded returns why the attempts here end with the execution of the run here. A run that
// is cancelled is cancelled by the contexts of its attempts.
func (e *Execution) siteEnded() error {
	cause := context.Cause(e.site.ctx)
	if isCancellation(cause) {
		return ErrWorkerLeaving
	}
	return cause
}

// lockAttempt waits for the lock of a step, which whoever executes it holds.
func (e *Execution) lockAttempt(ctx context.Context, step *assets.Step) (*places, error) {
	launcher, name := e.site.launcher, e.attemptLock(step)
	lock, err := launcher.lockToStore(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("waiting until no other worker executes it: %w", err)
	}
	return &places{locker: launcher.config.Locks, taken: []place{{name, lock}}}, nil
}

// attemptLock is the name of the lock of a step.
func (e *Execution) attemptLock(step *assets.Step) string {
	return "attempt/" + e.RunID() + "/" + step.Key
}

// beginAttempt records that an attempt begins. It returns nil if there is none to make, and
// then how the step stands.
func (e *Execution) beginAttempt(ctx context.Context, step *assets.Step, attempt int) (*stepExecution, Attempted, error) {
	var ends attemptEnds
	if attempt > 1 {
		var err error
		if ends, err = e.endsOf(ctx, step); err != nil {
			return nil, Attempted{}, err
		}
	}
	for tries := 1; ; tries++ {
		err := e.recordStart(ctx, step, attempt, ends)
		if err == nil {
			return &stepExecution{site: e.site, step: step, attempt: attempt, free: ends.interrupted}, Attempted{Lost: ends.lost}, nil
		}
		if !isRefusal(err) {
			e.site.launcher.starts.unknown(e.attemptLock(step), attempt)
			return nil, Attempted{}, err
		}
		if tries == mostStarts {
			return nil, Attempted{}, err
		}
		record, found := history.Find(ctx, e.site.launcher.config.Store, e.RunID())
		if found != nil {
			return nil, Attempted{}, errors.Join(err, found)
		}
		now, _ := record.Step(step.Key)
		if ends, found = e.endsOf(ctx, step); found != nil {
			return nil, Attempted{}, errors.Join(err, found)
		}
		switch {
		case now.Status.Finished() || now.Status == history.StepStatusPending && now.Attempt >= attempt:
			return nil, ends.answer(now), nil
		case record.Status != history.StatusRunning || now.Status == "":
			return nil, Attempted{}, err
		case now.Status == history.StepStatusRunning && now.Worker == e.site.worker && e.site.launcher.starts.isUnmade(e.attemptLock(step), now.Attempt):
			return &stepExecution{site: e.site, step: step, attempt: now.Attempt, free: ends.interrupted}, Attempted{Lost: ends.lost}, nil
		case now.Status == history.StepStatusRunning:
			ends.lose(now)
			if ends.lost >= maxLost {
				failed := ends.failed
				failed.Retry = false
				if err := e.recordEnd(ctx, failed); err == nil {
					return nil, Attempted{Status: history.StepStatusFailed, Attempt: now.Attempt, Failure: failed.Error, Lost: ends.lost}, nil
				}
				continue
			}
			attempt = now.Attempt + 1
		default: // an earlier attempt than the one before this one was the last
			attempt = now.Attempt + 1
		}
	}
}

// recordStart records the start of an attempt, after the loss of the one before it if that is
// not recorded. It waits until both are stored.
func (e *Execution) recordStart(ctx context.Context, step *assets.Step, attempt int, ends attemptEnds) error {
	data := []history.EventData{history.StepStarted{Step: step.Key, Attempt: attempt}}
	if ends.losing {
		data = append([]history.EventData{ends.failed}, data...)
	}
	return e.site.events.appendAs(context.WithoutCancel(ctx), appending{wait: true}, data)
}

// attemptEnds are the ends of the attempts at a step so far that have failed.
type attemptEnds struct {
	interrupted int // how many of them were interrupted
	lost        int // how many of these were lost
	failed      history.StepFailed
	at          time.Time // of the last one
	losing      bool      // the last one is lost, which is not recorded
}

// endsOf reads the ends of the attempts at a step.
func (e *Execution) endsOf(ctx context.Context, step *assets.Step) (ends attemptEnds, err error) {
	query := history.EventQuery{RunID: e.RunID(), Types: []history.EventType{history.TypeStepFailed}}
	for event, err := range history.EachEvent(ctx, e.site.launcher.config.Store, query) {
		if err != nil {
			return ends, fmt.Errorf("reading its attempts: %w", err)
		}
		failed, ok := event.Data.(history.StepFailed)
		if !ok || failed.Step != step.Key {
			continue
		}
		ends.failed, ends.at = failed, event.Time
		if failed.Interrupted != "" {
			ends.interrupted++
		}
		if failed.Interrupted == history.InterruptionLost {
			ends.lost++
		}
	}
	return ends, nil
}

// lose counts the attempt that is under way in the history as lost.
func (a *attemptEnds) lose(step history.StepRecord) {
	a.interrupted, a.lost, a.losing = a.interrupted+1, a.lost+1, true
	text := fmt.Sprintf("the worker %s, which executed it, was lost", step.Worker)
	if a.lost >= maxLost {
		text += fmt.Sprintf("; this was attempt number %d that was lost with its worker, so it is not tried again: the step may be what ends its workers", a.lost)
	}
	a.failed = history.StepFailed{
		Step: step.Key, Attempt: step.Attempt, Error: history.Failure{Message: text}, Duration: max(0, time.Since(step.Started)),
		Retry: true, Interrupted: history.InterruptionLost,
	}
}

// answer returns how a step stands that has ended, or that waits for its next attempt.
func (a attemptEnds) answer(step history.StepRecord) Attempted {
	done := Attempted{Status: step.Status, Attempt: step.Attempt, Failure: step.Error, Lost: a.lost}
	if step.Status == history.StepStatusPending {
		passed := max(0, time.Since(a.at)) // the clock of another worker, which has failed, may be ahead
		done.Delay = max(0, a.failed.RetryDelay-passed)
	}
	return done
}
