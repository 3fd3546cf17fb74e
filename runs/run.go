package runs

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
)

// Run is the handle of a run that was launched in this process. It is safe for
// concurrent use.
type Run struct {
	launch   launch
	launcher *Launcher
	log      *runLog
	ctx      context.Context
	cancel   context.CancelCauseFunc
	done     chan struct{}

	child *container.Child // set before the first step
	began time.Time
	err   error // read after done

	cancelOnce sync.Once
}

// ErrCancelled is the cause of the end of a cancelled run's context.
var ErrCancelled = errors.New("cancelled")

func newRun(ctx context.Context, launch launch, launcher *Launcher) *Run {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	return &Run{
		launch: launch, launcher: launcher, ctx: own, cancel: cancel, done: make(chan struct{}), began: time.Now(),
		log: newRunLog(launch, launcher.config.Store, cancel),
	}
}

// ID returns the run's ID.
func (r *Run) ID() string { return r.launch.id }

// Status returns where the run stands.
func (r *Run) Status() history.Status { return r.log.status() }

// Done is closed when the run has ended, been torn down, and been recorded.
func (r *Run) Done() <-chan struct{} { return r.done }

// Wait waits until the run has ended and returns nil if it succeeded, else why
// not: the errors of its steps and of its teardown, or [ErrCancelled]. When ctx
// ends before, its error is returned and the run goes on.
func (r *Run) Wait(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// execute takes the run from queued to its end.
func (r *Run) execute() {
	defer close(r.done)
	defer r.cancel(nil)
	err := r.attempt()
	if recording := r.log.failure(); recording != nil {
		err = errors.Join(err, recording)
	}
	finished := history.RunFinished{Status: history.StatusSucceeded, Duration: time.Since(r.began)}
	if err != nil {
		finished.Status, finished.Error = history.StatusFailed, history.FailureOf(err)
		if r.ctx.Err() != nil && errors.Is(context.Cause(r.ctx), ErrCancelled) {
			finished.Status = history.StatusCancelled
		}
	}
	r.err = fault.Masked(errors.Join(err, r.log.finish(finished)), r.log.mask)
}

// attempt opens the run's child, executes the steps and tears everything down.
func (r *Run) attempt() error {
	r.record(history.RunStarting{Owner: r.launcher.owner})
	child, err := r.launch.child.Open(r.ctx,
		container.Info(r.info("")),
		container.Logger(r.logger("")),
		container.Observe(r.observe))
	if err != nil {
		return r.orCancelled(err)
	}
	r.child = child
	err = r.checkStorage()
	if err == nil {
		r.record(history.RunStarted{})
		err = r.orCancelled(r.launcher.config.Executor.Execute(r.ctx, &Execution{run: r}))
	}
	return errors.Join(err, child.Close(err))
}

// info tells the resources of the run's own child, or those of the child of a
// step, about the run.
func (r *Run) info(step string) container.RunInfo {
	return container.RunInfo{ID: r.launch.id, Tags: r.launch.tags, Step: step, Launched: r.began}
}

// orCancelled puts the reason of a cancelled run before what it led to.
func (r *Run) orCancelled(err error) error {
	if r.ctx.Err() == nil {
		return err
	}
	cause := context.Cause(r.ctx)
	if err == nil || errors.Is(err, cause) {
		return cause
	}
	return errors.Join(cause, err)
}

// record appends an event. What keeps the store from taking it ends the run.
func (r *Run) record(data ...history.EventData) {
	_ = r.log.append(context.WithoutCancel(r.ctx), data...)
}

// observe records what happens to the child's resources.
func (r *Run) observe(event container.Event) {
	switch event.Phase {
	case container.PhaseStarting:
		r.record(history.ResourceStarting{Resource: event.Resource, Step: event.Step})
	case container.PhaseStarted:
		r.record(history.ResourceStarted{Resource: event.Resource, Step: event.Step, Duration: event.Duration, Error: history.FailureOf(event.Err)})
	case container.PhaseStopping:
		r.record(history.ResourceStopping{Resource: event.Resource, Step: event.Step})
	case container.PhaseStopped:
		r.record(history.ResourceStopped{Resource: event.Resource, Step: event.Step, Duration: event.Duration, Error: history.FailureOf(event.Err)})
	}
}

// logger returns a logger for the run or one of its steps: to the history, and
// to the launcher's own logger.
func (r *Run) logger(step string) *slog.Logger {
	var outside slog.Handler = maskHandler{r.launcher.config.Logger.Handler(), r.log.mask}
	outside = outside.WithAttrs([]slog.Attr{slog.String("run", r.launch.id)})
	if step != "" {
		outside = outside.WithAttrs([]slog.Attr{slog.String("step", step)})
	}
	return slog.New(slog.NewMultiHandler(&logHandler{level: r.launcher.config.LogLevel, record: func(line history.LogWritten) {
		line.Step = step
		r.record(line)
	}}, outside))
}
