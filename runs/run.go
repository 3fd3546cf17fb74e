package runs

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
)

// Run is the handle of a run that was launched in this process. It is safe for
// concurrent use.
type Run struct {
	*site
	log       *runLog
	execution *Execution
	owner     owner                   // set by enqueue
	life      context.Context         // from the launch to the end; that of the site is in an activity of the observer
	cancel    context.CancelCauseFunc // ends life
	queued    chan struct{}           // closed when it is recorded as queued, or cannot be
	done      chan struct{}
	err       error         // read after done
	told      func(Outcome) // tells the observer of the end; set when the execution begins

	cancelOnce, drainOnce sync.Once
	drainEnded            atomic.Bool // the time of its drain was over before its steps

	admitted  bool         // it may begin: it has its places, and its owner is recorded
	places    *places      // which it holds until its end
	executing time.Time    // when its execution began; zero before
	adopted   atomic.Int64 // the sequence number of the event that it was adopted here; 0 if it began here
	retriedBy *Run         // read after done
}

// ErrCancelled is the cause with which the context of a cancelled run ends. The
// error of such a run matches it.
var ErrCancelled = errors.New("cancelled")

func newRun(ctx context.Context, launch launch, launcher *Launcher) *Run {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	log := newRunLog(launch, launcher.config.Store, cancel)
	s := newSite(own, launch, launcher, time.Now(), log)
	execution := newExecution(s, cancel)
	execution.log = log
	return &Run{site: s, log: log, execution: execution, life: own, cancel: cancel, queued: make(chan struct{}), done: make(chan struct{})}
}

// ID returns the run's ID.
func (r *Run) ID() string { return r.launch.id }

// Status returns the present status of the run.
func (r *Run) Status() history.Status { return r.log.status() }

// Done returns a channel that is closed after the run has ended, its resources are
// stopped, and its end is recorded.
func (r *Run) Done() <-chan struct{} { return r.done }

// Wait waits until the run has ended. It returns nil if the run succeeded. Otherwise
// it returns why the run did not succeed: the errors of its steps and of the stops
// of its resources, [ErrCancelled] or [ErrTimedOut]. If ctx ends first, Wait returns the error of
// ctx, and the run goes on.
func (r *Run) Wait(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// enqueue records the run as queued by this launcher. Before that it takes the lock by which
// others see that this launcher exists.
func (r *Run) enqueue(ctx context.Context) error {
	own, err := r.launcher.ownership.hold(ctx)
	if err != nil {
		return err
	}
	r.owner = own
	r.launcher.settleLost(ctx)
	r.launcher.pruning.note(r.launch.record.Job)
	queued := r.launch.record
	queued.Owner = own.String()
	return r.log.append(ctx, queued)
}

// execute takes the run from queued to its end.
func (r *Run) execute() {
	defer close(r.done)
	defer r.cancel(nil)
	defer r.log.close()
	cancelled := false
	defer func() { r.told(Outcome{Err: r.err, Status: statusOf(r.err, cancelled)}) }()
	defer r.leavePlaces()
	err := r.admit()
	if err == nil {
		err = r.attempt() // in which nothing that users supply can end this goroutine
	}
	if errors.Is(err, errStillQueued) || errors.Is(err, errAway) || errors.Is(err, ErrLeft) {
		r.log.flush()
		r.err = err // its end is not for this process to record
		return
	}
	if recording := r.log.failure(); recording != nil {
		err = errors.Join(err, recording)
	}
	finished := history.RunFinished{Status: history.StatusSucceeded, Duration: r.lasted(), Left: r.left()}
	if err != nil {
		finished.Status, finished.Error = history.StatusFailed, history.FailureOf(err)
		if r.ctx.Err() != nil && errors.Is(context.Cause(r.ctx), ErrCancelled) {
			finished.Status = history.StatusCancelled
		}
	}
	var next *nextRun
	followed, recording := r.log.finish(finished, func(finished *history.RunFinished) []history.Event {
		if next = r.next(err, finished); next == nil {
			return nil
		}
		return []history.Event{next.event}
	})
	cancelled = finished.Status == history.StatusCancelled
	if r.onCluster.Load() && isRefusal(recording) {
		err, recording = r.endedElsewhere(err, recording)
		cancelled = errors.Is(err, ErrCancelled)
	}
	r.err = fault.Masked(errors.Join(err, recording), r.log.mask)
	if followed {
		r.retriedBy = next.begin(r.ctx, r.launcher, r.owner)
	}
}

// left returns the resources that were started and not stopped, as far as that is known. The
// workers of a cluster record it, also for a worker that is gone.
func (r *Run) left() []history.LeftResource {
	left := r.execution.leftBehind()
	if !r.onCluster.Load() {
		return left
	}
	found, err := leftBehind(context.WithoutCancel(r.ctx), r.launcher.config.Store, r.ID())
	if err != nil {
		r.launcher.warn("the resources that a run has left behind could not be found", "run", r.ID(), "error", err)
	}
	return append(left, found...)
}

// admit waits until the run may begin, and records that it does.
func (r *Run) admit() error {
	if !r.admitted {
		var err error
		if r.places, err = r.launcher.line.wait(r); err != nil {
			return err
		}
		if err = r.start(); err != nil {
			return err
		}
	}
	if r.executing.IsZero() {
		r.executing = time.Now()
	}
	r.places.keep(r.cancel)
	return nil
}

// start records that the run begins here.
func (r *Run) start() error {
	starting, err := r.launcher.starting(r.launch, r.owner)
	if err != nil {
		return err
	}
	if err = r.log.append(context.WithoutCancel(r.ctx), starting); errors.Is(err, history.ErrTransition) {
		return errAway
	}
	r.place(starting.Cluster)
	return err
}

// place notes on which cluster the run is executed.
func (r *Run) place(cluster history.Cluster) {
	if cluster != (history.Cluster{}) {
		r.onCluster.Store(true)
		r.log.listen(r.execution.hear)
	}
}

// leavePlaces gives the places of the run to others.
func (r *Run) leavePlaces() {
	if r.places == nil || len(r.places.taken) == 0 {
		return
	}
	if err := r.places.release(); err != nil {
		r.launcher.warn("the places of a run could not be given back", "run", r.ID(), "error", err)
	}
	r.launcher.line.change()
}

// lasted returns how long the run has been executed.
func (r *Run) lasted() time.Duration {
	if r.executing.IsZero() {
		return 0
	}
	return max(0, time.Since(r.executing)) // the clock of another process may have given its beginning
}

// attempt has the steps executed, and tears down what was opened for them here.
func (r *Run) attempt() error {
	stop := r.limit()
	err := r.execution.execute(r.launcher.config.Executor)
	stop()
	return errors.Join(err, r.close(err))
}
