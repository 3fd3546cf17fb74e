package history

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Record is what is known of a run. It is computed from the events of the run. The
// zero Record is a run of which nothing is known yet.
//
// A Record is plain data. It is not safe for concurrent use while [Record.Apply] is
// called.
type Record struct {
	// ID is the run's ID.
	ID string `json:"id"`
	// Seq is the sequence number of the last event in this record. To follow the
	// run, ask for the events after it.
	Seq int64 `json:"seq"`
	// Job, Selection, Tags and Config are what the launch asked for: see
	// [RunQueued].
	Job       string            `json:"job,omitempty"`
	Selection string            `json:"selection,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	Config    json.RawMessage   `json:"config,omitempty"`
	// Status is the status of the run.
	Status Status `json:"status"`
	// Owner names the process that executes the run, or is "" if that is not known:
	// see [RunStarting] and [RunAdopted].
	Owner string `json:"owner,omitempty"`
	// Cluster is where the steps of the run are executed, if the run does not end with the
	// process of Owner: see [RunStarting].
	Cluster Cluster `json:"cluster,omitzero"`
	// Takeable and NotBefore are what the launch asked for while the run is queued: see
	// [RunQueued]. Later they are false and zero.
	Takeable  bool      `json:"takeable,omitempty"`
	NotBefore time.Time `json:"not_before,omitzero"`
	// Queued, Started and Finished are the times at which the run was queued, its
	// execution began, and it ended, in UTC. A zero time means that this has not
	// happened yet.
	Queued   time.Time `json:"queued,omitzero"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	// CancelRequested is the time of the first request to cancel the run, or zero if
	// there was none.
	CancelRequested time.Time `json:"cancel_requested,omitzero"`
	// Duration is the time from Started to the end of the run. It is 0 while the
	// run has not finished.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Error is why the run failed or was cancelled. It is zero in all other cases.
	Error Failure `json:"error,omitzero"`
	// Left are the resources that were started and not stopped: see [RunFinished].
	Left []LeftResource `json:"left,omitempty"`
	// Pruned is the time at which events of the run began to be removed, in UTC. The
	// record is then all that is known of them: see [Pruner]. It is zero for a run
	// whose log is whole.
	Pruned time.Time `json:"pruned,omitzero"`
	// Steps are the steps of the run, in the order of [RunQueued].
	Steps []StepRecord `json:"steps,omitempty"`
}

// StepRecord is what is known of one step of a run.
type StepRecord struct {
	// Key is the key of the step.
	Key string `json:"key"`
	// Status is the status of the step.
	Status StepStatus `json:"status"`
	// Attempt is the number of the last attempt that has started, or 0 if none has.
	Attempt int `json:"attempt,omitempty"`
	// Worker names the process of the last attempt that has started, or is "" for one of
	// the owner of the run: see [StepStarted].
	Worker string `json:"worker,omitempty"`
	// Started is the time at which the last attempt started, in UTC. It is zero if
	// none has started.
	Started time.Time `json:"started,omitzero"`
	// Duration is how long the last attempt took. It is 0 while the attempt runs.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Error is why the last attempt failed. It is kept while the step waits for the
	// next attempt, and removed when this attempt starts.
	Error Failure `json:"error,omitzero"`
	// Because is why the step was skipped, or why the end of the run ended it.
	Because string `json:"because,omitempty"`
	// Progress is the last progress that the running attempt has told. It is zero if
	// the attempt has told none, and as soon as it has ended.
	Progress Progress `json:"progress,omitzero"`
}

// Progress is how much of its work a running step has done: see [StepProgress].
type Progress struct {
	// Time is when the step told this, in UTC.
	Time time.Time `json:"time"`
	// Rows is the number of rows, or of other units of work, that are done so far.
	Rows int64 `json:"rows,omitempty"`
	// Total is the number of rows that there will be, or 0 if it is not known.
	Total int64 `json:"total,omitempty"`
	// Message is a line for people. It may be empty.
	Message string `json:"message,omitempty"`
}

// Step returns the record of the step with a key, and false if the run has no such
// step.
func (r Record) Step(key string) (StepRecord, bool) {
	if i := r.indexOf(key, nil); i >= 0 {
		return r.Steps[i], true
	}
	return StepRecord{}, false
}

// Clone returns a copy that shares nothing with r.
func (r Record) Clone() Record {
	r.Tags = maps.Clone(r.Tags)
	r.Config = bytes.Clone(r.Config)
	r.Left = slices.Clone(r.Left)
	r.Steps = slices.Clone(r.Steps)
	return r
}

// Apply adds the next event of the run to the record. The result depends only on the
// record and the event: the same events give the same record in every store and
// process. A [StepProgress] changes Progress and not Seq, since it is in no log.
//
// The end of a run also ends its unfinished steps. A running step becomes cancelled.
// A pending step becomes cancelled if the run was cancelled, and skipped otherwise.
// A run with unfinished steps cannot have succeeded.
//
// Apply returns an error and does not change the record in three cases. If the event
// is not the next one, the error matches [ErrConflict]; the sequence number 0 always
// stands for the next one. If the status of the run does not allow the event, the
// error matches [ErrTransition], and also [ErrNotFound] if the run was never queued.
// If no log can contain the event, the error matches [ErrInvalid].
//
// Apply searches all steps for the step of the event. A [Fold] is faster for a long
// log.
func (r *Record) Apply(e Event) error { return r.add(e, nil) }
