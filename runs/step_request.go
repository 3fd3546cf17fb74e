package runs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/prepare"
)

// StepRequest asks another process to execute one step of a run. It is plain data
// and is sent as JSON. [Execution.Request] makes it, and [Launcher.ExecuteStep] of a
// program with the same definitions takes it.
//
// It contains no values of upstream steps. IO managers load these values, and must
// have stored them where both processes can read them: for instance in a folder, and
// not in the memory of one process.
type StepRequest struct {
	// RunID is the ID of the run.
	RunID string `json:"run_id"`
	// Job and Selection are what was launched, one of them.
	Job       string `json:"job,omitempty"`
	Selection string `json:"selection,omitempty"`
	// Config is the launch config, in the form that container.ParseRunConfig
	// reads. A secret is in it as a reference {env: NAME}, which the executing
	// process resolves in its own environment.
	Config json.RawMessage `json:"config,omitempty"`
	// Secrets is config that is merged into Config, and counts where both have a
	// field. It is the config of the launch with the secrets that were given
	// literally, if the executor sends secrets in a private way: see [Remote]. It has
	// the form of Config. It is never part of the JSON.
	Secrets json.RawMessage `json:"-"`
	// Tags are the tags of the run. None has the text of a secret of the run.
	Tags map[string]string `json:"tags,omitempty"`
	// Retry says which earlier run the run repeats; nil if it repeats none.
	Retry *Retry `json:"retry,omitempty"`
	// Launched is when the run was asked for.
	Launched time.Time `json:"launched"`
	// Step is the key of the step.
	Step string `json:"step"`
	// Attempt is the first attempt to make, counted from 1. Further attempts, up
	// to the step's retries, are made where the step is executed.
	Attempt int `json:"attempt"`
	// Attempts is the largest number of attempts to make where the step is executed. 0
	// means that there is no limit but that of the step's retries. If the last of them
	// fails and the retries allow another one, history.StepFailed says so, and the
	// executor has it made by a further request.
	Attempts int `json:"attempts,omitempty"`
	// Steps are the keys of the steps that may be executed where a whole run is executed, by
	// [Launcher.ExecuteRun]. Only what they need is started there. Nil means all steps of the
	// run.
	Steps []string `json:"steps,omitzero"`
	// Of are the keys of all steps of the run. Nil means all that the job or the selection has.
	Of []string `json:"of,omitempty"`
	// Plan is a fingerprint of the plan and of the resources that it needs. A
	// program whose own definitions have another fingerprint refuses the step.
	Plan string `json:"plan"`
}

// Remote is an Executor that has steps executed in other processes, by a
// [StepRequest]. When a run is prepared, the launcher refuses what cannot be sent to
// another process: fx.Options in a [Request], secrets that are given literally
// at launch, tags with the text of a secret, and values that an IO manager keeps in the
// memory of its process (see iomanagers.Staying).
type Remote interface {
	Executor
	// SecretsApart reports whether the executor sends StepRequest.Secrets in a
	// private way, in which nobody stores or logs them. If it does, secrets may be
	// given literally at launch. Otherwise they must be references {env: NAME}.
	SecretsApart() bool
}

// last returns the number of the last attempt to make; 0 means no limit.
func (r StepRequest) last() int {
	if r.Attempts < 1 {
		return 0
	}
	return r.Attempt + r.Attempts - 1
}

// WholeRequest returns the request to execute all steps of the run in another process,
// for [Launcher.ExecuteRun]. It names no step. Its errors are those of
// [Execution.Request].
func (e *Execution) WholeRequest() (StepRequest, error) {
	e.requesting.do(func() {
		if checked := e.site.launch.request; checked != nil {
			e.request = *checked
			e.request.Tags = e.site.launch.tags // a run from the queue has those that it was queued with
			return
		}
		e.request, e.unrequested = e.site.launcher.stepRequest(e.site.launch)
	})
	if e.unrequested != nil {
		return StepRequest{}, e.unrequested
	}
	request := e.request
	request.Launched = e.site.began
	return request, nil
}

// Request returns the request to execute a step of the run in another process,
// beginning with its first attempt. The error names what cannot be sent to another
// process: fx.Options, a secret that was given literally at launch, or a tag with the
// text of a secret. It matches container.ErrInvalid.
func (e *Execution) Request(step *assets.Step) (StepRequest, error) {
	request, err := e.WholeRequest()
	if err != nil {
		return StepRequest{}, err
	}
	request.Step, request.Attempt = step.Key, 1
	return request, nil
}

// stepRequest returns what the requests of all steps have in common.
func (l *Launcher) stepRequest(launch launch) (StepRequest, error) {
	request := StepRequest{
		RunID: launch.id, Job: launch.record.Job, Config: launch.record.Config, Tags: launch.tags, Retry: launch.asked.Retry,
		Plan: fingerprint(launch.plan, launch.child.Preview()),
	}
	if request.Job == "" {
		request.Selection = launch.asked.Selection
	}
	var faults []error
	if len(launch.asked.Options) > 0 {
		faults = append(faults, errors.New("it has fx.Options, which cannot be sent to another process"))
	}
	machines := l.onMachines(launch.id)
	faults = append(faults, l.staying(launch, machines)...)
	if remote, ok := l.config.Executor.(Remote); ok && remote.SecretsApart() {
		private, err := (*child.Prepared)(launch.child).PrivateLaunchJSON()
		if err != nil {
			faults = append(faults, errors.New("one of the secrets that are given literally can't be written as text: give {env: NAME}, a variable of the process that executes the step"))
		}
		if !bytes.Equal(private, request.Config) {
			request.Secrets = private
		}
	}
	for _, key := range slices.Sorted(maps.Keys(launch.tags)) {
		if value := launch.tags[key]; launch.child.Mask(value) != value || launch.child.Mask(key) != key {
			faults = append(faults, fmt.Errorf("its tag %s has the text of a secret, and tags are sent as text: leave the secret out", launch.child.Mask(key)))
		}
	}
	more, err := l.unlike(launch, request)
	if err != nil {
		return StepRequest{}, err
	}
	act := "handing steps to another process"
	if machines {
		act = "handing steps to other machines"
	}
	return request, fault.Join(act, append(faults, more...))
}

// unlike finds the values given at launch that the config of a request does not
// give to the process that reads it. It compares what is given. It neither reads the
// environment nor validates a config, because the launch was checked already.
func (l *Launcher) unlike(launch launch, request StepRequest) ([]error, error) {
	_, config, err := l.requested(request)
	if err != nil {
		return nil, err
	}
	document, err := readDocument(request.Config)
	if err != nil {
		return nil, err
	}
	private, err := readDocument(request.Secrets)
	if err != nil {
		return nil, err
	}
	prepared := (*child.Prepared)(launch.child)
	asked, there := byPlace(prepared.GivenBy(launch.asked.Config)), byPlace(prepared.GivenBy(config))
	var faults []error
	for _, here := range prepared.Given() {
		at := here.At()
		if _, ok := asked[at]; !ok {
			continue // a job's own code gives it, there as here
		}
		again, ok := there[at]
		switch lost := !document.has(here); {
		case lost && private.has(here):
			// it is passed apart
		case lost && here.Secret:
			faults = append(faults, fmt.Errorf("%s is a secret that is given literally: give {env: NAME}, a variable of the process that executes the step", at))
		case lost || !ok || again.Text() != here.Text():
			faults = append(faults, fmt.Errorf("%s has a value that cannot be sent as text: give {env: NAME}, a variable of the process that executes the step", at))
		}
	}
	return faults, nil
}

// byPlace returns given fields by where they stand in a run config.
func byPlace(fields []prepare.GivenField) map[string]prepare.GivenField {
	found := make(map[string]prepare.GivenField, len(fields))
	for _, field := range fields {
		found[field.At()] = field
	}
	return found
}

// requested returns the plan of a request, and the launch config.
func (l *Launcher) requested(request StepRequest) (assets.JobPlan, container.RunConfig, error) {
	job, err := l.plan(Request{Job: request.Job, Selection: request.Selection, Retry: request.Retry})
	if err != nil {
		return assets.JobPlan{}, container.RunConfig{}, err
	}
	if len(request.Of) > 0 && len(request.Of) < len(job.Plan.Steps) {
		job.Plan = job.Plan.Only(request.Of)
	}
	config, err := container.ParseRunConfig(request.Config)
	if err != nil || len(request.Secrets) == 0 {
		return job, job.Config.Merge(config), err
	}
	secrets, err := container.ParseRunConfig(request.Secrets)
	return job, job.Config.Merge(config).Merge(secrets), err
}
