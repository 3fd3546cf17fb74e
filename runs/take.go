package runs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

// isTakeable reports whether any process may take a queued run. The owner of a run that
// it has queued for itself may do so alone, as long as it exists.
func (t *turn) isTakeable(ctx context.Context, record history.Record) bool {
	return record.Takeable && (record.Owner == "" || t.livenessOf(ctx, record.Owner) == LivenessGone)
}

// take has a worker of this process take a queued run. It returns false if nobody here
// takes it now. The run is claimed in another goroutine, so that the claims of several runs
// share the transactions of the store.
func (l *line) take(ctx context.Context, turn *turn, record history.Record) (bool, error) {
	if !l.hasWorker() {
		return false, nil
	}
	if !record.CancelRequested.IsZero() {
		return true, l.launcher.endQueued(ctx, record, history.RunFinished{
			Status: history.StatusCancelled, Error: history.Failure{Message: "cancelled before it began"},
		})
	}
	if time.Now().Before(record.NotBefore) {
		return false, nil
	}
	w := l.enlist()
	if w == nil {
		return false, nil
	}
	given, err := turn.places(ctx, l.launcher.config.Limits.ofRun(record.Tags))
	if err != nil || given == nil {
		l.discharge(w)
		return false, err
	}
	l.mu.Lock()
	l.claimed[record.ID] = true
	l.mu.Unlock()
	l.served.Go(func() { l.claimFor(ctx, w, record, given) })
	return true, nil
}

// claimFor claims a queued run for a worker, and begins to execute it.
func (l *line) claimFor(ctx context.Context, w *taker, record history.Record, given *places) {
	var run *Run
	var foreign bool
	err := panics.Guard(func() (err error) {
		run, foreign, err = l.claim(ctx, record, given)
		return err
	})
	if run != nil {
		if w.options.Taken != nil {
			_ = panics.Guard(func() error { w.options.Taken(run); return nil })
		}
		l.launcher.begin(run, func() { l.discharge(w) })
		return
	}
	if err = errors.Join(err, given.release()); err != nil && !errors.Is(err, ErrClosed) {
		l.launcher.warn("a queued run could not be taken", "run", record.ID, "error", err)
	}
	if !foreign { // it may be looked at again
		l.mu.Lock()
		delete(l.claimed, record.ID)
		l.mu.Unlock()
	}
	l.discharge(w)
	if err == nil {
		l.change()
	}
}

// claim makes this process the one that executes a queued run. It returns nil if it does
// not. foreign says that the program cannot execute the run, but others may.
func (l *line) claim(ctx context.Context, record history.Record, given *places) (_ *Run, foreign bool, _ error) {
	launcher := l.launcher
	queued, err := l.firstEvent(ctx, record.ID)
	if err != nil {
		return nil, false, err
	}
	prepared, err := launcher.prepareQueued(record, queued)
	if _, foreign := errors.AsType[*foreignError](err); foreign {
		return nil, true, launcher.leaveToOthers(ctx, record.ID, err)
	}
	if err != nil {
		return nil, false, launcher.endQueued(ctx, record, history.RunFinished{Status: history.StatusFailed, Error: history.FailureOf(err)})
	}
	own, err := launcher.ownership.hold(ctx)
	if err != nil {
		return nil, false, err
	}
	launcher.settleLost(ctx)
	run := newRun(ctx, prepared.launch, launcher)
	close(run.queued)
	if err := launcher.enter(run); err != nil {
		run.log.close()
		return nil, false, err
	}
	starting, err := launcher.starting(prepared.launch, own)
	seq := int64(0)
	if err == nil {
		seq, err = launcher.claimQueued(ctx, record, starting)
	}
	if err != nil || seq == 0 {
		run.log.close()
		launcher.leave(run)
		return nil, false, err
	}
	run.log.continues(seq, history.StatusStarting)
	run.place(starting.Cluster)
	run.owner, run.admitted, run.places = own, true, given
	return run, false, nil
}

// leaveToOthers says in the log of a queued run why this program does not execute it.
func (l *Launcher) leaveToOthers(ctx context.Context, id string, why error) error {
	_, err := l.config.Store.Append(ctx, history.Event{RunID: id, Time: time.Now(), Data: history.LogWritten{
		Level: slog.LevelWarn, Message: "a process that takes queued runs cannot execute this one, so it leaves it to others",
		Attrs: history.Attrs{{Name: "process", Value: l.ownership.name}, {Name: "error", Value: why.Error()}},
	}})
	return err
}

// claimQueued records that this process executes a queued run. The event has the sequence
// number that follows those that were read, so of several processes one succeeds; a
// request to cancel the run that comes between makes this one read again. It returns the
// sequence number, or 0 if another process has the run.
//
// If the store fails, it may have stored the event. Then nobody else takes the run, so the
// same event is appended again until the answer is known. It is given up only with the
// launcher, whose runs others then find lost.
func (l *Launcher) claimQueued(ctx context.Context, record history.Record, starting history.RunStarting) (int64, error) {
	id := record.ID
	for record.Status == history.StatusQueued {
		event := history.Event{RunID: id, Seq: record.Seq + 1, Time: time.Now(), Data: starting}
		err := l.appendUntilKnown(ctx, event)
		if err == nil {
			return event.Seq, nil
		}
		if !isRefusal(err) {
			return 0, fmt.Errorf("taking run %s: %w", id, err)
		}
		if record, err = history.Find(ctx, l.config.Store, id); err != nil {
			return 0, fmt.Errorf("taking run %s: %w", id, err)
		}
	}
	return 0, nil
}

// appendUntilKnown stores an event again and again until the store has taken it, or refuses it
// because of what it says, or the launcher is closed. The end of ctx changes nothing of that: the
// store may have taken the event before.
func (l *Launcher) appendUntilKnown(ctx context.Context, event history.Event) error {
	ctx, told := context.WithoutCancel(ctx), false
	for {
		err := panics.Guard(func() error {
			_, err := l.config.Store.Append(ctx, event)
			return err
		})
		if err == nil || isRefusal(err) {
			return err
		}
		if !told {
			told = true
			l.warn("an event of a run could not be stored, and is tried again", "run", event.RunID, "event", string(event.Type()), "error", err)
		}
		select {
		case <-l.closing:
			return err
		case <-time.After(lookEvery):
		}
	}
}

// endQueued records the end of a queued run that nobody executes. It does nothing if the
// run is queued no more.
func (l *Launcher) endQueued(ctx context.Context, record history.Record, finished history.RunFinished) error {
	for record.Status == history.StatusQueued {
		_, err := l.config.Store.Append(ctx, history.Event{RunID: record.ID, Seq: record.Seq + 1, Time: time.Now(), Data: finished})
		if !isRefusal(err) {
			return err
		}
		if record, err = history.Find(ctx, l.config.Store, record.ID); err != nil {
			return err
		}
	}
	return nil
}

// foreignError is why a program cannot execute a queued run that another program may
// execute.
type foreignError struct{ err error }

func (f *foreignError) Error() string { return f.err.Error() }
func (f *foreignError) Unwrap() error { return f.err }

// prepareQueued prepares the launch of a queued run. Its steps are those that it was
// queued with, even if its selection or its job has other steps now.
func (l *Launcher) prepareQueued(record history.Record, queued history.RunQueued) (*Prepared, error) {
	p := &Prepared{launcher: l}
	return p, panics.Guard(func() error { return p.prepareQueued(record, queued) })
}

func (p *Prepared) prepareQueued(record history.Record, queued history.RunQueued) error {
	config, err := container.ParseRunConfig(record.Config)
	if err != nil {
		return fmt.Errorf("reading its launch config: %w", err)
	}
	request := Request{ID: record.ID, Job: queued.Job, Config: config, Tags: ownTags(record.Tags), Timeout: cmp.Or(queued.Timeout, noTimeout)}
	request.restore(record.Tags)
	if queued.Job == "" {
		request.Selection = queued.Selection
	}
	job, err := p.launcher.wholePlan(request)
	if err != nil {
		return &foreignError{err}
	}
	if err := hasSteps(job.Plan, queued.Steps); err != nil {
		return &foreignError{err}
	}
	if request.Retry, err = p.launcher.recordedRetry(context.Background(), record, job.Plan, queued.Steps); err != nil {
		return err
	}
	job.Plan = job.Plan.Only(queued.Steps)
	if err := p.prepareJob(request, job); err != nil {
		return err
	}
	p.launch.tags, p.launch.record = record.Tags, queued
	return nil
}

// recordedRetry returns which run a recorded run repeats; nil if it repeats none.
func (l *Launcher) recordedRetry(ctx context.Context, record history.Record, plan *assets.Plan, steps []string) (*Retry, error) {
	of := record.Tags[TagRetryOf]
	if of == "" {
		return nil, nil
	}
	retry := &Retry{
		Of: of, First: record.Tags[TagFirstRun], Attempt: numberIn(record.Tags, TagAttempt), Resumes: numberIn(record.Tags, TagResumes),
	}
	return retry, l.chooseQueued(ctx, retry, plan, steps)
}

// chooseQueued sets the steps of a retry, and finds who has made what they take.
func (l *Launcher) chooseQueued(ctx context.Context, retry *Retry, plan *assets.Plan, steps []string) error {
	earlier, err := history.Find(ctx, l.config.Store, retry.Of)
	if err != nil {
		return err
	}
	return l.chooseFrom(ctx, retry, earlier, plan, steps)
}

// chooseFrom is chooseQueued with the record of the earlier run.
func (l *Launcher) chooseFrom(ctx context.Context, retry *Retry, earlier history.Record, plan *assets.Plan, steps []string) error {
	makers, err := l.makers(ctx, earlier, plan)
	if err != nil {
		return err
	}
	return retry.choose(plan, steps, makers)
}

// hasSteps returns an error if the plan lacks one of the steps.
func hasSteps(plan *assets.Plan, keys []string) error {
	var faults []error
	for _, key := range keys {
		if !slices.ContainsFunc(plan.Steps, func(step *assets.Step) bool { return step.Key == key }) {
			faults = append(faults, fmt.Errorf("its step %s is not one of the steps that this program has for it", key))
		}
	}
	return fault.Join("preparing a queued run", faults)
}
