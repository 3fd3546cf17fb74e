package runs

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	if i := r.indexOf(key); i >= 0 {
		return r.Steps[i], true
	}
	return StepRecord{}, false
}

func (r *Record) indexOf(key string) int {
	return slices.IndexFunc(r.Steps, func(s StepRecord) bool { return s.Key == key })
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
func (r *Record) Apply(e Event) error {
	if err := e.check(); err != nil {
		return err
	}
	if r.ID != "" && r.ID != e.RunID {
		return fmt.Errorf("%w: %s of run %s in the log of run %s", ErrInvalid, e.Type(), e.RunID, r.ID)
	}
	if e.Seq != 0 && e.Seq != r.Seq+1 {
		return fmt.Errorf("event %d of run %s (%s), after event %d: %w", e.Seq, e.RunID, e.Type(), r.Seq, ErrConflict)
	}
	if err := r.apply(e, storedTime(e.Time)); err != nil {
		return err
	}
	r.ID = e.RunID
	r.Seq++
	return nil
}

// apply changes the record, or returns an error and does not.
func (r *Record) apply(e Event, at time.Time) error {
	if queued, ok := e.Data.(RunQueued); ok {
		return r.queue(e, queued, at)
	}
	if r.Status == "" {
		return fmt.Errorf("%s of run %s, which was never queued: %w, %w", e.Type(), e.RunID, ErrTransition, ErrNotFound)
	}
	if r.Status.Finished() {
		return r.applyLate(e)
	}
	switch data := e.Data.(type) {
	case RunStarting:
		if err := r.become(e, StatusStarting); err != nil {
			return err
		}
		r.Owner, r.Started = data.Owner, at
	case RunStarted:
		return r.become(e, StatusRunning)
	case RunFinished:
		return r.finish(e, data, at)
	case RunCancelRequested:
		if r.CancelRequested.IsZero() {
			r.CancelRequested = at
		}
	case StepStarted, StepSucceeded, StepFailed, StepSkipped, StepCancelled, StepProgress:
		return r.applyStep(e, at)
	case AssetMaterialized:
		return r.materialize(e, data)
	case ResourceStarting, ResourceStarted, ResourceStopping, ResourceStopped, LogWritten, UnknownEvent:
		// They belong to the log and leave the record as it is.
	default:
		return fmt.Errorf("%w: its data is a %T, want one of this package's structs as a value", ErrInvalid, data)
	}
	return nil
}

// applyLate lets in what may follow the end of a run.
func (r *Record) applyLate(e Event) error {
	switch e.Data.(type) {
	case LogWritten, UnknownEvent:
		return nil
	default:
		return fmt.Errorf("%s of run %s, which has %s: %w", e.Type(), e.RunID, r.Status, ErrTransition)
	}
}

func (r *Record) become(e Event, next Status) error {
	if !r.Status.CanBecome(next) {
		return fmt.Errorf("%s of run %s, which is %s: %w", e.Type(), e.RunID, r.Status, ErrTransition)
	}
	r.Status = next
	return nil
}

func (r *Record) queue(e Event, data RunQueued, at time.Time) error {
	if len(data.Config) > 0 && !json.Valid(data.Config) {
		return fmt.Errorf("%w: the config of run %s is not JSON", ErrInvalid, e.RunID)
	}
	seen := make(map[string]bool, len(data.Steps))
	for _, key := range data.Steps {
		if key == "" || seen[key] {
			return fmt.Errorf("%w: the steps of run %s name %q, which is empty or there twice", ErrInvalid, e.RunID, key)
		}
		seen[key] = true
	}
	if r.Status != "" {
		return fmt.Errorf("%s of run %s, which is %s: %w", e.Type(), e.RunID, r.Status, ErrTransition)
	}
	r.Status, r.Queued = StatusQueued, at
	r.Job, r.Selection, r.Owner = data.Job, data.Selection, data.Owner
	r.Tags, r.Config = maps.Clone(data.Tags), bytes.Clone(data.Config)
	r.Steps = slices.Grow([]StepRecord(nil), len(data.Steps))
	for _, key := range data.Steps {
		r.Steps = append(r.Steps, StepRecord{Key: key, Status: StepStatusPending})
	}
	return nil
}

func (r *Record) finish(e Event, data RunFinished, at time.Time) error {
	if !data.Status.Finished() {
		return fmt.Errorf("%w: run %s can't finish as %q", ErrInvalid, e.RunID, data.Status)
	}
	open := slices.IndexFunc(r.Steps, func(s StepRecord) bool { return !s.Status.Finished() })
	if data.Status == StatusSucceeded && open >= 0 {
		step := r.Steps[open]
		return fmt.Errorf("success of run %s, whose step %s is %s: %w", e.RunID, step.Key, step.Status, ErrTransition)
	}
	if err := r.become(e, data.Status); err != nil {
		return err
	}
	r.Finished, r.Duration, r.Error = at, data.Duration, data.Error
	for i := range r.Steps {
		r.Steps[i].settle(data.Status, at)
	}
	return nil
}

// settle ends a step with its run.
func (s *StepRecord) settle(run Status, at time.Time) {
	switch {
	case s.Status == StepStatusRunning:
		s.Status, s.Because = StepStatusCancelled, "the run ended while the step was running"
		s.Duration = max(0, at.Sub(s.Started))
	case s.Status == StepStatusPending && run == StatusCancelled:
		s.Status, s.Because = StepStatusCancelled, "the run was cancelled before the step could start"
	case s.Status == StepStatusPending:
		s.Status, s.Because = StepStatusSkipped, "the run ended before the step could start"
	}
}

// step finds the step that an event is about.
func (r *Record) step(e Event) (*StepRecord, error) {
	i := r.indexOf(e.Step())
	if i < 0 {
		return nil, fmt.Errorf("%s of step %q, which run %s does not have: %w", e.Type(), e.Step(), e.RunID, ErrTransition)
	}
	return &r.Steps[i], nil
}

func (r *Record) applyStep(e Event, at time.Time) error {
	step, err := r.step(e)
	if err != nil {
		return err
	}
	next := *step
	switch data := e.Data.(type) {
	case StepProgress:
		return nil
	case StepStarted:
		if r.Status != StatusRunning {
			return fmt.Errorf("%s of step %s of run %s, which is %s: %w", e.Type(), data.Step, e.RunID, r.Status, ErrTransition)
		}
		if data.Attempt != step.Attempt+1 {
			return fmt.Errorf("attempt %d at step %s of run %s, after attempt %d: %w", data.Attempt, data.Step, e.RunID, step.Attempt, ErrTransition)
		}
		next = StepRecord{Key: data.Step, Status: StepStatusRunning, Attempt: data.Attempt, Started: at}
	case StepSucceeded:
		next.Status, next.Duration = StepStatusSucceeded, data.Duration
	case StepFailed:
		if data.Attempt != step.Attempt {
			return fmt.Errorf("failure of attempt %d at step %s of run %s, in attempt %d: %w", data.Attempt, data.Step, e.RunID, step.Attempt, ErrTransition)
		}
		next.Status, next.Duration, next.Error = StepStatusFailed, data.Duration, data.Error
		if data.Retry {
			next.Status = StepStatusPending
		}
	case StepSkipped:
		next.Status, next.Because = StepStatusSkipped, data.Because
	case StepCancelled:
		next.Status = StepStatusCancelled
		if step.Status == StepStatusRunning {
			next.Duration = data.Duration
		}
	}
	if !step.Status.CanBecome(next.Status) {
		return fmt.Errorf("%s of step %s of run %s, which is %s: %w", e.Type(), step.Key, e.RunID, step.Status, ErrTransition)
	}
	*step = next
	return nil
}

// materialize checks that a materialization comes from a running step. The
// record itself does not list assets: they are asked for by [EventQuery].
func (r *Record) materialize(e Event, data AssetMaterialized) error {
	if data.Asset == "" {
		return fmt.Errorf("%w: %s of run %s without an asset", ErrInvalid, e.Type(), e.RunID)
	}
	step, err := r.step(e)
	if err != nil {
		return err
	}
	if step.Status != StepStatusRunning {
		return fmt.Errorf("%s of %s by step %s of run %s, which is %s: %w", e.Type(), data.Asset, data.Step, e.RunID, step.Status, ErrTransition)
	}
	return nil
}
