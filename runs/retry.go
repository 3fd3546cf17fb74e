package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/prepare"
)

// The tags that link a run to the run that it repeats. Only the launcher sets tags
// whose names begin with "fxrun/".
const (
	// TagRetryOf has the ID of the run that is repeated.
	TagRetryOf = history.TagRetryOf
	// TagFirstRun has the ID of the first run, if retries are repeated in turn.
	TagFirstRun = "fxrun/first_run"

	reservedTags = "fxrun/"
)

// Retry says which run is repeated, and which of its steps. [Launcher.RetryRequest]
// makes it. It is plain data.
type Retry struct {
	// Of is the ID of the run that is repeated, and First the ID of the first run if
	// that run was a retry too. Otherwise they are the same.
	Of    string `json:"of"`
	First string `json:"first"`
	// Steps are the keys of the steps to execute. Nil means all steps of the plan.
	Steps []string `json:"steps,omitempty"`
	// MadeBy says which run has stored the values of the steps that are left out: the
	// ID of the run, by the key of the asset or of the value of an op.
	MadeBy map[string]string `json:"made_by,omitempty"`
	// Secrets are the paths of the fields that must be given again: see
	// history.RunQueued.
	Secrets []string `json:"secrets,omitempty"`
	// Options says that the earlier run was launched with Options, which must be given
	// again: see history.RunQueued.
	Options bool `json:"options,omitempty"`
	// Attempt is the number of the attempt if the policy of the run for failures repeats
	// it, where the first run has the number 1. Otherwise it is 0.
	Attempt int `json:"attempt,omitempty"`
	// Resumes is how often the run was resumed after a crash.
	Resumes int `json:"resumes,omitempty"`
	// AskedBy are the tags of the earlier run that say which schedule or sensor has asked
	// for it, and why. The repetition has them too.
	AskedBy map[string]string `json:"asked_by,omitempty"`
}

// RetryOptions say which steps of a run to repeat. The zero value repeats the steps
// that did not succeed.
type RetryOptions struct {
	// All repeats all steps of the job or selection, also those that the run has left
	// out because it was a retry itself.
	All bool
	// Selection repeats the assets of the run that it selects, in the language of
	// [assets.Graph.Select], whether they succeeded or not. It is not possible for a
	// job of ops.
	Selection string
}

// RetryRequest returns the request for a run that repeats a run which has ended. The
// request has the job or the selection of that run, its launch config and its tags.
// The caller may change it before [Launcher.Launch].
//
// The steps that are not repeated are not executed. Where a repeated step takes a
// value of such a step, it gets the value that the earlier run has stored. If another
// run has stored the asset since, the step fails with iomanagers.ErrReplaced. Only the
// resources that the repeated steps need are started.
//
// The history keeps no secrets. Secrets that the earlier launch gave literally must be
// added to the Config of the request; a launch without them fails, and names them. The
// history keeps no options of Fx either, such as fakes. A launch without Options fails, if
// the earlier launch had some.
//
// The error of an unknown ID matches history.ErrNotFound. If the run has not ended, if
// there is nothing to repeat, or if a policy repeats the run already, by a run that has not
// ended, the error matches container.ErrInvalid.
func (l *Launcher) RetryRequest(ctx context.Context, id string, options RetryOptions) (Request, error) {
	record, err := l.findSettled(ctx, id)
	if err != nil {
		return Request{}, err
	}
	queued, err := queuedAs(ctx, l.config.Store, id)
	if err != nil {
		return Request{}, err
	}
	refused := func(format string, args ...any) (Request, error) {
		return Request{}, fault.Join("repeating run "+id, []error{fmt.Errorf(format, args...)})
	}
	switch {
	case !record.Status.Finished():
		return refused("it is %s: wait for its end, or cancel it", record.Status)
	case options.All && options.Selection != "":
		return refused("it is to repeat all steps and the selection %q: give one of them", options.Selection)
	}
	switch by, err := l.repeatedBy(ctx, id); {
	case err != nil:
		return Request{}, err
	case by != "":
		return refused("run %s repeats it already, by its policy, and has not ended: wait for its end, or cancel it", by)
	}
	config, err := container.ParseRunConfig(record.Config)
	if err != nil {
		return Request{}, fmt.Errorf("repeating run %s: reading its launch config: %w", id, err)
	}
	request := Request{Job: record.Job, Config: config.GivenBy("run " + id), Tags: ownTags(record.Tags), Timeout: queued.Timeout}
	request.restore(record.Tags)
	if record.Job == "" {
		request.Selection = record.Selection
	}
	job, err := l.wholePlan(request)
	if err != nil {
		return Request{}, fault.Join("repeating run "+id, fault.Of(err))
	}
	request.Retry = &Retry{Of: id, First: firstOf(record), Secrets: queued.Secrets, Options: queued.Options, AskedBy: askedBy(record.Tags)}
	if options.All {
		return request, nil
	}
	makers, err := l.makers(ctx, record, job.Plan)
	if err != nil {
		return Request{}, err
	}
	steps, err := l.repeated(job.Plan, makers, options.Selection)
	if err == nil {
		err = request.Retry.choose(job.Plan, steps, makers)
	}
	if err == nil {
		err = l.checkKept(ctx, job.Plan, request.Retry)
	}
	return request, fault.Join("repeating run "+id, fault.Of(err))
}

// repeatedBy returns the ID of the run that repeats a run by its policy for failures or for
// crashes, if there is one that has not ended, or else "".
func (l *Launcher) repeatedBy(ctx context.Context, id string) (string, error) {
	for _, why := range []string{whyRetry, whyResume} {
		by, err := history.Find(ctx, l.config.Store, derivedID(why, id))
		switch {
		case errors.Is(err, history.ErrNotFound):
		case err != nil:
			return "", err
		case !by.Status.Finished():
			return by.ID, nil
		}
	}
	return "", nil
}

// findSettled returns the record of a run. If the process of the run is gone, the run is
// recorded as failed before. Other lost runs are left to the launch.
func (l *Launcher) findSettled(ctx context.Context, id string) (history.Record, error) {
	record, err := history.Find(ctx, l.config.Store, id)
	if err != nil || record.Status.Finished() {
		return record, err
	}
	liveness, err := l.Liveness(ctx, record)
	if err == nil && liveness != LivenessGone {
		return record, nil
	}
	if err == nil {
		err = settle(ctx, l.config.Store, id)
	}
	if err != nil && !errors.Is(err, history.ErrTransition) { // else it has ended, or another process has settled it
		return record, fmt.Errorf("repeating run %s: %w", id, err)
	}
	return history.Find(ctx, l.config.Store, id)
}

// queuedAs returns the first event of a run.
func queuedAs(ctx context.Context, store history.Store, id string) (history.RunQueued, error) {
	first, err := store.Events(ctx, history.EventQuery{RunID: id, Limit: 1})
	if err != nil || len(first) == 0 {
		return history.RunQueued{}, err
	}
	queued, _ := first[0].Data.(history.RunQueued)
	return queued, nil
}

// ownTags returns the tags that the launch or the job has given.
func ownTags(tags map[string]string) map[string]string {
	own := maps.Clone(tags)
	maps.DeleteFunc(own, func(name, _ string) bool { return strings.HasPrefix(name, reservedTags) })
	return own
}

// askedBy returns the reserved tags that are neither about policies nor about what the run
// repeats: those of package automation.
func askedBy(tags map[string]string) map[string]string {
	asked := maps.Clone(tags)
	maps.DeleteFunc(asked, func(name, _ string) bool {
		return !strings.HasPrefix(name, reservedTags) || isPolicyTag(name) || name == TagRetryOf || name == TagFirstRun
	})
	return asked
}

// makers finds the run that has stored the values of each step: the run itself, or, if
// it has left out the step, one of those that it repeats. Steps that have not succeeded
// have none.
func (l *Launcher) makers(ctx context.Context, record history.Record, plan *assets.Plan) (map[string]string, error) {
	makers := make(map[string]string)
	decided := make(map[string]bool)
	seen := map[string]bool{}
	for !seen[record.ID] {
		seen[record.ID] = true
		for _, step := range record.Steps {
			if !decided[step.Key] && step.Status == history.StepStatusSucceeded {
				makers[step.Key] = record.ID
			}
			decided[step.Key] = true
		}
		earlier := record.Tags[TagRetryOf]
		if earlier == "" || !slices.ContainsFunc(plan.Steps, func(step *assets.Step) bool { return !decided[step.Key] }) {
			return makers, nil
		}
		var err error
		record, err = history.Find(ctx, l.config.Store, earlier)
		if errors.Is(err, history.ErrNotFound) {
			return makers, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return makers, nil
}

// repeated returns the keys of the steps to execute.
func (l *Launcher) repeated(plan *assets.Plan, makers map[string]string, selection string) ([]string, error) {
	var steps []string
	if selection != "" {
		selected, err := l.config.Graph.Plan(selection)
		if err != nil {
			return nil, err
		}
		for _, step := range plan.Steps {
			chosen := func(other *assets.Step) bool { return other.Key == step.Key && other.Kind == step.Kind }
			if slices.ContainsFunc(selected.Steps, chosen) {
				steps = append(steps, step.Key)
			}
		}
		if len(steps) == 0 {
			return nil, fmt.Errorf("the selection %q holds no step of the run", selection)
		}
		return steps, nil
	}
	for _, step := range plan.Steps {
		if makers[step.Key] == "" {
			steps = append(steps, step.Key)
		}
	}
	if len(steps) == 0 {
		return nil, errors.New("all of its steps have succeeded, so there is nothing to repeat from a failure: repeat all steps, or a selection")
	}
	return steps, nil
}

// choose sets the steps, and finds who has made what they take from others.
func (r *Retry) choose(plan *assets.Plan, steps []string, makers map[string]string) error {
	r.Steps, r.MadeBy = steps, make(map[string]string)
	made := make(map[string]*assets.Step) // by the key of the value
	for _, step := range plan.Steps {
		for _, output := range step.Outputs {
			made[output.Key] = step
		}
	}
	var faults []error
	for _, step := range plan.Only(steps).Steps {
		for _, input := range step.Inputs {
			upstream := made[input.Key]
			if input.Planned || upstream == nil || upstream.Kind != input.Kind {
				continue // this run makes it, or no step of the earlier run has made it
			}
			run := makers[upstream.Key]
			if run == "" {
				faults = append(faults, fmt.Errorf("step %s needs the value of %s, which has not succeeded: select it too", step.Key, upstream.Key))
				continue
			}
			r.MadeBy[input.Key] = run
		}
	}
	return errors.Join(faults...)
}

// checkKept refuses a retry that needs the value of an op of a run that was pruned.
func (l *Launcher) checkKept(ctx context.Context, plan *assets.Plan, retry *Retry) error {
	var faults []error
	for _, step := range plan.Only(retry.Steps).Steps {
		for _, input := range step.Inputs {
			run, ok := retry.MadeBy[input.Key]
			if !ok || input.Kind != assets.KindOp {
				continue
			}
			record, err := history.Find(ctx, l.config.Store, run)
			if err != nil && !errors.Is(err, history.ErrNotFound) {
				return err
			}
			if err != nil || !record.Pruned.IsZero() {
				faults = append(faults, fmt.Errorf("step %s needs the value of %s, which was removed together with old events of run %s: repeat all steps", step.Key, input.Key, run))
			}
		}
	}
	return errors.Join(faults...)
}

// madeBy returns the earlier run that has made a value.
func (r *Retry) madeBy(key string) (run string, ok bool) {
	if r == nil {
		return "", false
	}
	run, ok = r.MadeBy[key]
	return run, ok
}

// tag puts the links on a run.
func (r *Retry) tag(tags map[string]string) {
	if r == nil {
		return
	}
	maps.Copy(tags, r.AskedBy)
	tags[TagRetryOf], tags[TagFirstRun] = r.Of, r.First
	if r.Attempt > 0 {
		tags[TagAttempt] = strconv.Itoa(r.Attempt)
	}
	if r.Resumes > 0 {
		tags[TagResumes] = strconv.Itoa(r.Resumes)
	}
}

// missing adds to the faults of a launch the secrets that it does not give again, and the
// options of Fx.
func (r *Retry) missing(prepared *child.Prepared, hasOptions bool, err error) error {
	if r == nil || len(r.Secrets) == 0 && !r.Options {
		return err
	}
	there := prepared.Given()
	faults := fault.Of(err)
	if r.Options && !hasOptions {
		faults = append(faults, fmt.Errorf("run %s was launched with Options of Fx, which the history does not keep: give them again", r.Of))
	}
	for _, path := range r.Secrets {
		if !slices.ContainsFunc(there, func(field prepare.GivenField) bool { return field.At() == path }) {
			faults = append(faults, fmt.Errorf("%s: run %s was given a secret here, which the history does not keep: give it again, or {env: NAME}", path, r.Of))
		}
	}
	return fault.Join("checking the launch", faults)
}

// secretsOf returns the paths of the fields that a launch gives and that its stored
// config lacks, because they are secrets.
func secretsOf(prepared *child.Prepared, stored json.RawMessage) ([]string, error) {
	document, err := readDocument(stored)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, field := range prepared.Given() {
		if field.Secret && !document.has(field) {
			paths = append(paths, field.At())
		}
	}
	return paths, nil
}
