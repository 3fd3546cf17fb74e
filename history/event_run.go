package history

import (
	"encoding/json"
	"time"
)

// RunQueued is the first event of every run. It says what was asked for.
type RunQueued struct {
	// Job is the name of the job, or "" if a selection was launched without a job.
	Job string `json:"job,omitempty"`
	// Selection is the selection as the caller wrote it, such as "+revenue".
	Selection string `json:"selection,omitempty"`
	// Tags are the tags of the run. Nil means that there are none.
	Tags map[string]string `json:"tags,omitempty"`
	// Config is the configuration that the launch gave, as JSON. Nil means that the
	// launch gave none. The launcher replaces secrets before it records the event,
	// since everything in Config is stored and shown.
	Config json.RawMessage `json:"config,omitempty"`
	// ConfigGivenBy says who has given the fields in Config, as in "--set" or "job nightly",
	// by their paths: "resources.warehouse.config.table". It lacks fields of which that is
	// not known.
	ConfigGivenBy map[string]string `json:"config_given_by,omitempty"`
	// Steps are the keys of all steps of the run, each once, in the order in which
	// they are shown.
	Steps []string `json:"steps,omitempty"`
	// Owner names the process that queued the run: see [RunStarting].
	Owner string `json:"owner,omitempty"`
	// Secrets are the paths of the fields, as in
	// "resources.warehouse.config.password", whose values the launch gave literally
	// and which Config lacks, because they are secrets. Whoever repeats the run must
	// give them again.
	Secrets []string `json:"secrets,omitempty"`
	// Options says that the launch gave options of Fx, such as a fake, which the history
	// cannot keep. Whoever repeats the run must give them again.
	Options bool `json:"options,omitempty"`
	// Takeable says that the event holds all that a launch needs, so that any process
	// that takes queued runs may execute the run. It may do so while the run is queued,
	// and Owner is "" or names a process that does not exist any more. Whoever appends
	// the first [RunStarting] executes the run.
	Takeable bool `json:"takeable,omitempty"`
	// Incomplete is a text that says what the event lacks of the launch, so that no other
	// process can execute the run. It is "" if it lacks nothing, or if nobody has asked.
	Incomplete string `json:"incomplete,omitempty"`
	// NotBefore is the time before which nobody executes the run. The zero time sets no
	// limit.
	NotBefore time.Time `json:"not_before,omitzero"`
	// Timeout is the time that the steps of the run have together, from RunStarting
	// on. 0 means that there is no limit, and a negative value that the launch has asked
	// for none, so that a run which repeats this one has none either.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
}

// RunStarting says that a process has begun to execute the run, and that it starts
// the resources of the run.
type RunStarting struct {
	// Owner names the process that executes the run, so that others can find out
	// whether this process still exists. Whoever executes the run decides the form of
	// the name. The launchers of package runs hold a lock with their name.
	Owner string `json:"owner,omitempty"`
	// Config is the config of the resources and steps of the run as it was resolved, field
	// by field with its source, in the order in which people read it. It has no text of a
	// secret. It is nil for a run without config, and of a version that did not record it.
	Config []ConfigField `json:"config,omitempty"`
	// ConfigOmitted is how many more fields there are that Config has no place for.
	ConfigOmitted int `json:"config_omitted,omitempty"`
	// Cluster is where the steps of the run are executed, if that goes on when the process
	// of Owner ends. It is zero for a run that ends with the process of its owner.
	Cluster Cluster `json:"cluster,omitzero"`
	// Plan is a fingerprint of the steps of the run and of what they need, if the run is on a
	// Cluster. Whoever adopts the run, or executes steps of it, has the same plan.
	Plan string `json:"plan,omitempty"`
}

// Cluster is where a run is executed that does not end with the process of its owner. The
// zero Cluster is none.
type Cluster struct {
	// Name is the name of the kind of cluster, as in "temporal".
	Name string `json:"name"`
	// Place tells clusters of one kind apart: an address, and what else says where the run
	// is. Whoever has a cluster of this name and place may take the run over.
	Place string `json:"place,omitempty"`
	// Page is the URL of the page that the cluster has for the run, or "".
	Page string `json:"page,omitempty"`
}

// Same reports whether a run in c can be executed in other too: both have the same name
// and place. It is false for the zero Cluster.
func (c Cluster) Same(other Cluster) bool {
	return c.Name != "" && c.Name == other.Name && c.Place == other.Place
}

// RunStarted says that the resources of the run have started and that its steps may
// start.
type RunStarted struct{}

// RunAdopted says that another process has taken over a run, because the process that
// executed it is gone. Only a run with a [Cluster] can be adopted, while it is starting or
// running. It changes the owner of the run and nothing else.
//
// Several processes may want to adopt a run. Whoever appends the event with the sequence
// number that follows the last event that it has read knows that nobody else has.
type RunAdopted struct {
	// Owner names the process that executes the run from now on: see [RunStarting].
	Owner string `json:"owner"`
}

// RunFinished says how the run ended. It is recorded after the resources of the run
// were stopped. Only late LogWritten events may follow it.
//
// It also ends the unfinished steps of the run: see [Record.Apply].
type RunFinished struct {
	// Status is succeeded, failed or cancelled.
	Status Status `json:"status"`
	// Error is why the run failed or was cancelled.
	Error Failure `json:"error,omitzero"`
	// Duration is the time since the execution of the run began.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Left are the resources that were started and not stopped, in the order in which
	// they were started. It is nil unless the process that executed the run, or one of
	// its steps, was killed: whoever records this end then names what may have to be
	// cleaned up by hand.
	Left []LeftResource `json:"left,omitempty"`
}

// LeftResource is a resource that was started, or was being started, and was not
// stopped.
type LeftResource struct {
	Resource string `json:"resource"`         // the resource's key
	Step     string `json:"step,omitempty"`   // as in ResourceStarting
	Worker   string `json:"worker,omitempty"` // as in ResourceStarting
}

// String returns the key of the resource, of the step that the instance belongs to, and
// the name of the worker that had it: "client of step orders on worker host/7/abc".
func (r LeftResource) String() string {
	text := r.Resource
	if r.Step != "" {
		text += " of step " + r.Step
	}
	if r.Worker != "" {
		text += " on worker " + r.Worker
	}
	return text
}

// RunCancelRequested says that somebody wants the run to stop. While the run has
// not finished, any process may append this event, any number of times. The status
// of the run changes when the executing process has stopped the run.
type RunCancelRequested struct {
	// Reason is a text for people that says who asked, and why. It may be empty.
	Reason string `json:"reason,omitempty"`
	// By names who asked: a person and a host, as in "ann@build7", or a process. It
	// may be empty.
	By string `json:"by,omitempty"`
	// Within is how long the steps that are running may go on. No more steps start. 0
	// ends the contexts of the running steps at once.
	Within time.Duration `json:"within_ns,omitempty"`
}

func (RunQueued) eventType() EventType          { return TypeRunQueued }
func (RunStarting) eventType() EventType        { return TypeRunStarting }
func (RunStarted) eventType() EventType         { return TypeRunStarted }
func (RunAdopted) eventType() EventType         { return TypeRunAdopted }
func (RunFinished) eventType() EventType        { return TypeRunFinished }
func (RunCancelRequested) eventType() EventType { return TypeRunCancelRequested }
