package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Fold computes the record of a run from its events, one event after another. It
// gives the records that [Record.Apply] gives, and is fast also for a run with many
// thousands of steps. It is for authors of a [Store].
//
// The zero Fold is a run of which nothing is known yet. A Fold is not safe for
// concurrent use, and must not be copied after its first Apply.
type Fold struct {
	record Record
	places map[string]int // of the steps in record.Steps, by key; nil until it is needed
}

// NewFold returns a fold that continues from a record. The caller must not change
// the record afterwards.
func NewFold(record Record) *Fold { return &Fold{record: record} }

// fewSteps is the number of steps up to which a search through all steps is as fast
// as a map.
const fewSteps = 16

// Apply adds the next event of the run: see [Record.Apply].
func (f *Fold) Apply(e Event) error {
	if f.places == nil && len(f.record.Steps) > fewSteps && !f.record.Status.Finished() {
		f.places = make(map[string]int, len(f.record.Steps))
		for i, step := range f.record.Steps {
			f.places[step.Key] = i
		}
	}
	err := f.record.add(e, f.places)
	if f.record.Status.Finished() {
		f.places = nil // no more events of steps can come
	}
	return err
}

// Record returns the record of the events so far. It shares its steps, tags and
// config with the fold. A caller that keeps it or passes it on must clone it by
// [Record.Clone].
func (f *Fold) Record() Record { return f.record }

// Step returns the record of the step with that key, as [Record.Step] does.
func (f *Fold) Step(key string) (StepRecord, bool) {
	if i := f.record.indexOf(key, f.places); i >= 0 {
		return f.record.Steps[i], true
	}
	return StepRecord{}, false
}

// indexOf returns the index of a step in r.Steps, or -1 if there is no such step.
// If places is nil, it searches all steps.
func (r *Record) indexOf(key string, places map[string]int) int {
	if places == nil {
		return slices.IndexFunc(r.Steps, func(s StepRecord) bool { return s.Key == key })
	}
	if i, ok := places[key]; ok {
		return i
	}
	return -1
}

// add is Apply with the indexes of the steps by key. places may be nil.
func (r *Record) add(e Event, places map[string]int) error {
	if err := e.check(true); err != nil {
		return err
	}
	if r.ID != "" && r.ID != e.RunID {
		return fmt.Errorf("%w: %s of run %s does not belong in the log of run %s", ErrInvalid, e.Type(), e.RunID, r.ID)
	}
	if e.Seq != 0 && e.Seq != r.Seq+1 {
		return fmt.Errorf("event %d of run %s (%s), after event %d: %w", e.Seq, e.RunID, e.Type(), r.Seq, ErrConflict)
	}
	if err := r.apply(e, storedTime(e.Time), places); err != nil {
		return err
	}
	r.ID = e.RunID
	if e.Type() != TypeStepProgress || e.Seq != 0 {
		r.Seq++
	}
	return nil
}

// apply changes the record. If it returns an error, it has not changed the record.
func (r *Record) apply(e Event, at time.Time, places map[string]int) error {
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
		r.Owner, r.Cluster, r.Started = data.Owner, data.Cluster, at
		return nil
	case RunStarted:
		return r.become(e, StatusRunning)
	case RunAdopted:
		return r.adopt(e, data)
	case RunFinished:
		return r.finish(e, data, at)
	case RunCancelRequested:
		if r.CancelRequested.IsZero() {
			r.CancelRequested = at
		}
		return nil
	case StepStarted, StepSucceeded, StepFailed, StepSkipped, StepCancelled, StepProgress:
		return r.applyStep(e, at, places)
	case AssetMaterialized:
		return r.materialize(e, data, places)
	case ResourceStarting, ResourceStarted, ResourceStopping, ResourceStopped, LogWritten, UnknownEvent:
		return nil // they belong to the log and leave the record as it is
	case RunQueued: // handled above
	}
	return fmt.Errorf("%w: its data is a %T, want one of this package's structs as a value", ErrInvalid, e.Data)
}

// applyLate accepts the events that may follow the end of a run.
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
	r.Takeable, r.NotBefore = false, time.Time{} // which say something of a queued run
	return nil
}

func (r *Record) adopt(e Event, data RunAdopted) error {
	if r.Status == StatusQueued || r.Cluster == (Cluster{}) {
		return fmt.Errorf("%s of run %s, which is %s and not on a cluster: %w", e.Type(), e.RunID, r.Status, ErrTransition)
	}
	r.Owner = data.Owner
	return nil
}

func (r *Record) queue(e Event, data RunQueued, at time.Time) error {
	if len(data.Config) > 0 && !json.Valid(data.Config) {
		return fmt.Errorf("%w: the config of run %s is not JSON", ErrInvalid, e.RunID)
	}
	seen := make(map[string]bool, len(data.Steps))
	for _, key := range data.Steps {
		if key == "" || seen[key] {
			return fmt.Errorf("%w: run %s has a step with the key %q, which is empty or occurs twice", ErrInvalid, e.RunID, key)
		}
		seen[key] = true
	}
	if r.Status != "" {
		return fmt.Errorf("there is a run %s already, and it is %s: %w", e.RunID, r.Status, ErrTransition)
	}
	r.Status, r.Queued = StatusQueued, at
	r.Job, r.Selection, r.Owner = data.Job, data.Selection, data.Owner
	r.Takeable, r.NotBefore = data.Takeable, storedTime(data.NotBefore)
	r.Tags, r.Config = maps.Clone(data.Tags), bytes.Clone(data.Config)
	r.Steps = slices.Grow([]StepRecord(nil), len(data.Steps))
	for _, key := range data.Steps {
		r.Steps = append(r.Steps, StepRecord{Key: key, Status: StepStatusPending})
	}
	return nil
}

func (r *Record) finish(e Event, data RunFinished, at time.Time) error {
	if !data.Status.Finished() {
		return fmt.Errorf("%w: run %s cannot end with the status %q", ErrInvalid, e.RunID, data.Status)
	}
	open := slices.IndexFunc(r.Steps, func(s StepRecord) bool { return !s.Status.Finished() })
	if data.Status == StatusSucceeded && open >= 0 {
		step := r.Steps[open]
		return fmt.Errorf("success of run %s, whose step %s is %s: %w", e.RunID, step.Key, step.Status, ErrTransition)
	}
	if err := r.become(e, data.Status); err != nil {
		return err
	}
	r.Finished, r.Duration, r.Error, r.Left = at, data.Duration, data.Error, slices.Clone(data.Left)
	for i := range r.Steps {
		r.Steps[i].settle(data.Status, at)
	}
	return nil
}

// settle ends an unfinished step, because its run has ended.
func (s *StepRecord) settle(run Status, at time.Time) {
	s.Progress = Progress{}
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
func (r *Record) step(e Event, places map[string]int) (*StepRecord, error) {
	i := r.indexOf(e.Step(), places)
	if i < 0 {
		return nil, fmt.Errorf("%s of step %q, which run %s does not have: %w", e.Type(), e.Step(), e.RunID, ErrTransition)
	}
	return &r.Steps[i], nil
}

func (r *Record) applyStep(e Event, at time.Time, places map[string]int) error {
	step, err := r.step(e, places)
	if err != nil {
		return err
	}
	next := *step
	switch data := e.Data.(type) {
	case StepProgress:
		if step.Status == StepStatusRunning && e.Seq == 0 {
			message := strings.ToValidUTF8(data.Message, string(utf8.RuneError)) // as stores keep it
			step.Progress = Progress{Time: at, Rows: data.Rows, Total: data.Total, Message: message}
		}
		return nil
	case StepStarted:
		if r.Status != StatusRunning {
			return fmt.Errorf("%s of step %s of run %s, which is %s: %w", e.Type(), data.Step, e.RunID, r.Status, ErrTransition)
		}
		if data.Attempt != step.Attempt+1 {
			return fmt.Errorf("attempt %d at step %s of run %s, after attempt %d: %w", data.Attempt, data.Step, e.RunID, step.Attempt, ErrTransition)
		}
		next = StepRecord{Key: data.Step, Status: StepStatusRunning, Attempt: data.Attempt, Worker: data.Worker, Started: at}
	case StepSucceeded:
		if err := step.fence(e, data.Attempt); err != nil {
			return err
		}
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
		if err := step.fence(e, data.Attempt); err != nil {
			return err
		}
		next.Status = StepStatusCancelled
		if step.Status == StepStatusRunning {
			next.Duration = data.Duration
		}
	default: // apply calls applyStep only with these events
	}
	if !step.Status.CanBecome(next.Status) {
		return fmt.Errorf("%s of step %s of run %s, which is %s: %w", e.Type(), step.Key, e.RunID, step.Status, ErrTransition)
	}
	next.Progress = Progress{} // it is that of the attempt that has ended
	*step = next
	return nil
}

// fence refuses an event of an attempt that is not under way. The attempt is 0 if it is not
// known.
func (s *StepRecord) fence(e Event, attempt int) error {
	if attempt == 0 || attempt == s.Attempt && s.Status == StepStatusRunning {
		return nil
	}
	return fmt.Errorf("%s of attempt %d at step %s of run %s, which is %s in attempt %d: %w", e.Type(), attempt, s.Key, e.RunID, s.Status, s.Attempt, ErrTransition)
}

// materialize checks that a materialization comes from a running step. The record
// itself does not list assets: an [EventQuery] finds them.
func (r *Record) materialize(e Event, data AssetMaterialized, places map[string]int) error {
	if data.Asset == "" {
		return fmt.Errorf("%w: %s of run %s names no asset", ErrInvalid, e.Type(), e.RunID)
	}
	step, err := r.step(e, places)
	if err != nil {
		return err
	}
	if err := step.fence(e, data.Attempt); err != nil {
		return err
	}
	if step.Status != StepStatusRunning {
		return fmt.Errorf("%s of %s by step %s of run %s, which is %s: %w", e.Type(), data.Asset, data.Step, e.RunID, step.Status, ErrTransition)
	}
	return nil
}
