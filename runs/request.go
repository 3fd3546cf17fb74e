package runs

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
)

// Request asks for a run. Exactly one of Job and Selection is set.
type Request struct {
	// Job is the name of a job.
	Job string
	// Selection is a selection of assets, in the language of
	// [assets.Graph.Select].
	Selection string
	// Config is merged into the launch defaults of the job. Where both have a field,
	// the value of Config counts.
	Config container.RunConfig
	// Tags are the tags of the run, besides those of the job. Where both have a
	// key, the value of Tags counts. The history has them without the secrets of the
	// run; container.RunInfo has them as they are.
	Tags map[string]string
	// ID is the ID of the run, any text that is not empty. A launch with the ID of a run
	// that exists fails, and its error matches history.ErrTransition or
	// history.ErrConflict: so an ID that the caller derives from something makes a run of
	// it only once. The default is a new random ID.
	ID string
	// Priority decides which run begins first if several wait for a place: the one with
	// the higher priority, and of equal ones the one that was queued first. The default
	// is 0, and it may be negative. It is recorded as the tag [TagPriority].
	Priority int
	// Timeout limits the time of the run, from the start of its execution to the end of
	// its last step. After it the contexts of the running steps end, the resources are
	// stopped, and the run has failed with [ErrTimedOut]. 0 is the timeout of the job, if
	// it has one. A negative value is no limit.
	Timeout time.Duration
	// RetryRun says how often the run is repeated if it fails. Nil is the policy of the
	// job: see assets.RetryRun.
	RetryRun *RunRetry
	// OnCrash is the policy for the case that the process of the run ends without
	// recording the end of the run. "" is the policy of the job.
	OnCrash assets.CrashPolicy
	// Retry makes the run repeat an earlier one. Nil means that it does not.
	// [Launcher.RetryRequest] sets it.
	Retry *Retry
	// Options are given to the child container of the run, for instance fx.Replace
	// with a fake in a test.
	Options []fx.Option
	// Observe is called with every event of the run after the event is stored, in
	// order, and never twice at the same time. The end of the run waits for it. It
	// may call [Run.Cancel] and [Run.Status]. Nil observes nothing. A panic in
	// Observe, or the end of its goroutine, does not fail the run: the first one
	// becomes a line in the log of the run.
	Observe func(history.Event)
}

// launch is a request, checked.
type launch struct {
	id      string
	plan    *assets.Plan
	tags    map[string]string
	child   *container.Prepared
	record  history.RunQueued
	observe func(history.Event)
	asked   Request
	retry   retryPolicy
	request *StepRequest // what requests of its steps have in common; nil for an executor that makes none
}

// plan finds the steps of a request.
func (l *Launcher) plan(request Request) (assets.JobPlan, error) {
	job, err := l.wholePlan(request)
	if err == nil && request.Retry != nil && request.Retry.Steps != nil {
		job.Plan = job.Plan.Only(request.Retry.Steps)
	}
	return job, err
}

// wholePlan finds the steps of a request, also those that a retry leaves out.
func (l *Launcher) wholePlan(request Request) (assets.JobPlan, error) {
	var wrong error
	switch {
	case request.Job != "" && request.Selection != "":
		wrong = errors.New("it names a job and a selection: give one of them")
	case request.Job != "":
		return l.config.Graph.Job(request.Job)
	case request.Selection != "":
		plan, err := l.config.Graph.Plan(request.Selection)
		if err == nil && len(plan.Steps) == 0 {
			err = fault.Join("launching a run", []error{fmt.Errorf("the selection %q holds no asset", request.Selection)})
		}
		return assets.JobPlan{Plan: plan}, err
	default:
		wrong = errors.New("it names neither a job nor a selection")
	}
	return assets.JobPlan{}, fault.Join("launching a run", []error{wrong})
}

// newID returns a run ID: 12 letters and digits, of which no two are alike in
// practice.
func newID() string { return strings.ToLower(rand.Text()[:12]) }
