package history

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Record is what is known of a run: the sum of its events. The zero Record is
// a run of which nothing is known yet.
//
// A Record is plain data; it is not safe for concurrent use while [Record.Apply]
// is called.
type Record struct {
	// ID is the run's ID.
	ID string `json:"id"`
	// Seq is the sequence number of the last event in this record: ask for the
	// events after it to follow the run.
	Seq int64 `json:"seq"`
	// Job, Selection, Tags and Config are what was asked for: see [RunQueued].
	Job       string            `json:"job,omitempty"`
	Selection string            `json:"selection,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
	Config    json.RawMessage   `json:"config,omitempty"`
	// Status is where the run stands.
	Status Status `json:"status"`
	// Owner names the process that executes it, or "": see [RunStarting].
	Owner string `json:"owner,omitempty"`
	// Queued, Started and Finished are when the run was queued, taken up and
	// done, in UTC; the zero time is not yet.
	Queued   time.Time `json:"queued,omitzero"`
	Started  time.Time `json:"started,omitzero"`
	Finished time.Time `json:"finished,omitzero"`
	// CancelRequested is when somebody first asked for the run to stop; zero
	// if nobody did.
	CancelRequested time.Time `json:"cancel_requested,omitzero"`
	// Duration is how long the run took from being taken up; 0 before it
	// finished.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Error is why it failed or was cancelled; zero otherwise.
	Error Failure `json:"error,omitzero"`
	// Steps are the run's steps in the order of [RunQueued].
	Steps []StepRecord `json:"steps,omitempty"`
}

// StepRecord is what is known of one step of a run.
type StepRecord struct {
	// Key is the step's key.
	Key string `json:"key"`
	// Status is where the step stands.
	Status StepStatus `json:"status"`
	// Attempt is the number of the last attempt that started; 0 if none did.
	Attempt int `json:"attempt,omitempty"`
	// Started is when that attempt started, in UTC; zero if none did.
	Started time.Time `json:"started,omitzero"`
	// Duration is how long that attempt took; 0 while it runs.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Error is why the last attempt failed. It stays while the step waits for
	// the next attempt, and goes when that one starts.
	Error Failure `json:"error,omitzero"`
	// Because is why the step was skipped, or why it was settled with the run.
	Because string `json:"because,omitempty"`
}

// Step returns the record of the step with that key.
func (r Record) Step(key string) (StepRecord, bool) {
	if i := r.indexOf(key, nil); i >= 0 {
		return r.Steps[i], true
	}
	return StepRecord{}, false
}

// Liveness looks for the process that executes the run: see [LivenessOf]. It is
// "" for a run that has finished, and for one without an owner. A run whose process
// is [LivenessGone] is lost. One whose process is [LivenessUnknown] may be lost:
// SettleLost leaves it as it is.
func (r Record) Liveness() Liveness {
	if r.Status.Finished() || r.Owner == "" {
		return ""
	}
	return LivenessOf(r.Owner)
}

// Clone returns a copy that shares nothing with r.
func (r Record) Clone() Record {
	r.Tags = maps.Clone(r.Tags)
	r.Config = bytes.Clone(r.Config)
	r.Steps = slices.Clone(r.Steps)
	return r
}

// Apply adds the next event of the run to the record. It is a function of the
// two alone: the same events give the same record, in every store and process.
//
// When the run finishes, steps that have not are settled with it: a running
// step is cancelled; a pending one is cancelled if the run was, else skipped.
// A run with such steps can't have succeeded.
//
// Apply returns an error and leaves the record as it is if the event does not
// come next ([ErrConflict]; Seq 0 stands for the next), if the run's status
// does not allow it ([ErrTransition], and [ErrNotFound] too if the run was
// never queued), or if no log could hold it ([ErrInvalid]).
//
// It looks for the event's step among all of them: whoever sums up long logs
// wants a [Fold].
func (r *Record) Apply(e Event) error { return r.add(e, nil) }
