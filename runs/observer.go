package runs

import (
	"context"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

// Observer is told what a launcher does while it does it. It is for traces and metrics: the
// Go module github.com/fxrun/fxrun/telemetry makes one for OpenTelemetry. Whoever wants to
// know what happened reads the history instead.
//
// It must be safe for concurrent use. It should return quickly, because runs wait for it. A
// panic in it is logged once, and fails no run.
type Observer interface {
	// Begin is called before an activity. It returns the context in which the activity takes
	// place, which must be ctx or derived from it. The functions of steps and the IO managers
	// get this context. done is called once, after the activity. A nil done is not called.
	Begin(ctx context.Context, activity Activity) (inner context.Context, done func(Outcome))
}

// ActivityKind says what a launcher does.
type ActivityKind string

// The kinds of activities. An activity takes place within the run, and within the step if it
// has one.
const (
	// ActivityRun is a run in the process that executes it, up to the record of its end. It
	// includes the wait for its place, if the number of runs is limited.
	ActivityRun ActivityKind = "run"
	// ActivityStep is one attempt at a step.
	ActivityStep ActivityKind = "step"
	// ActivityLoad is the load of one input of a step. The rows of a stream are read later.
	ActivityLoad ActivityKind = "load"
	// ActivityStore is the store of one output of a step.
	ActivityStore ActivityKind = "store"
	// ActivityStart and ActivityStop are the start and the stop of a resource. The context of
	// Begin is not used for them.
	ActivityStart ActivityKind = "start"
	ActivityStop  ActivityKind = "stop"
)

// Activity is something that a launcher does. Fields that do not fit its kind are zero.
type Activity struct {
	Kind ActivityKind
	// RunID is the ID of the run. Job is the name of its job, or "". Selection is its
	// selection as the launch gave it.
	RunID, Job, Selection string
	// Step is the key of the step, and Attempt the number of the attempt, from 1.
	Step    string
	Attempt int
	// Resource is the key of the resource that starts or stops.
	Resource string
	// Asset is the key of the asset, or the name of the op's value, that is loaded or stored.
	Asset string
	// IOManager is the key of the IO manager.
	IOManager string
}

// Outcome says how an activity has ended.
type Outcome struct {
	// Err is why it has failed or was cancelled, without the secrets of the run; nil if it
	// has succeeded.
	Err error
	// Status is the status that a run or a step has got by it: succeeded, failed or
	// cancelled.
	Status history.Status
	// Rows and Bytes are the size of a stored value, as far as the IO manager tells it, else 0.
	Rows, Bytes int64
}

// statusOf returns the status of what has ended with err.
func statusOf(err error, cancelled bool) history.Status {
	switch {
	case err == nil:
		return history.StatusSucceeded
	case cancelled:
		return history.StatusCancelled
	default:
		return history.StatusFailed
	}
}

// tell tells the observer of an activity. The caller calls done at its end.
func (s *site) tell(ctx context.Context, activity Activity) (inner context.Context, done func(Outcome)) {
	observer := s.launcher.config.Observer
	if observer == nil {
		return ctx, func(Outcome) {}
	}
	activity.RunID, activity.Job, activity.Selection = s.launch.id, s.launch.record.Job, s.launch.record.Selection
	var end func(Outcome)
	inner = ctx
	s.launcher.guardObserver(ctx, func() {
		if within, told := observer.Begin(ctx, activity); within != nil {
			inner, end = within, told
		}
	})
	return inner, func(outcome Outcome) {
		if end != nil {
			outcome.Err = fault.Masked(outcome.Err, s.launch.child.Mask)
			s.launcher.guardObserver(ctx, func() { end(outcome) })
		}
	}
}

// guardObserver calls the code of an observer. What goes wrong in it is told once.
func (l *Launcher) guardObserver(ctx context.Context, call func()) {
	err := panics.Guard(func() error { call(); return nil })
	if err == nil || l.observerFailed.Swap(true) {
		return
	}
	_ = panics.Guard(func() error {
		l.config.Logger.ErrorContext(ctx, "the observer of the launcher failed", "error", err)
		return nil
	})
}

// beginStep tells the observer of an attempt at a step. Resources of the step start within it.
func (x *stepExecution) beginStep(ctx context.Context) (inner context.Context, done func(Outcome)) {
	if x.site.launcher.config.Observer == nil {
		return ctx, func(Outcome) {}
	}
	inner, end := x.site.tell(ctx, Activity{Kind: ActivityStep, Step: x.step.Key, Attempt: x.attempt})
	x.site.within.Store(x.step.Key, inner)
	return inner, func(outcome Outcome) {
		x.site.within.Delete(x.step.Key)
		end(outcome)
	}
}

// about returns what is known of an activity of the step.
func (x *stepExecution) about(kind ActivityKind, asset, manager string) Activity {
	return Activity{Kind: kind, Step: x.step.Key, Attempt: x.attempt, Asset: asset, IOManager: manager}
}

// storedSize returns the size of a value, as its IO manager has told it.
func storedSize(about history.Values) (rows, bytes int64) {
	switch counted := about["rows"].(type) {
	case int:
		rows = int64(counted)
	case int64:
		rows = counted
	}
	bytes, _ = about["bytes"].(int64)
	return rows, bytes
}

// resourceKey names a resource of the run, or of one of its steps, that starts or stops.
type resourceKey struct {
	kind           ActivityKind
	resource, step string
}

// beginResource and endResource tell the observer of the start or the stop of a resource.
func (s *site) beginResource(kind ActivityKind, resource, step string) {
	if s.launcher.config.Observer == nil {
		return
	}
	ctx := s.ctx
	if within, ok := s.within.Load(step); ok {
		ctx, _ = within.(context.Context)
	}
	_, done := s.tell(context.WithoutCancel(ctx), Activity{Kind: kind, Resource: resource, Step: step})
	s.busy.Store(resourceKey{kind, resource, step}, done)
}

func (s *site) endResource(kind ActivityKind, resource, step string, err error) {
	if done, ok := s.busy.LoadAndDelete(resourceKey{kind, resource, step}); ok {
		done.(func(Outcome))(Outcome{Err: err})
	}
}
