package history

import (
	"errors"
	"fmt"
	"time"
)

// Event is one thing that happened in a run. The events of a run, in their order,
// are the log of the run. Its [Record] is computed from them.
//
// In JSON an event is one flat object. It has the fields run_id, seq, time and type,
// and then the fields of its data.
type Event struct {
	// RunID names the run. It may be any text that is not empty.
	RunID string
	// Seq is the event's place in its run's log, from 1 and without gaps, unless the
	// log was pruned: see [Pruner]. In an event that is not stored yet, 0 leaves the
	// choice to the store. A [StepProgress] has no place in the log, and always 0.
	Seq int64
	// Time is the time at which the event happened. Stores keep it in UTC, to the
	// microsecond. Seq gives the order of the log, and Time does not, since the
	// clocks of two writers may differ.
	Time time.Time
	// Data says what happened. It is one of the structs of this package, as a value.
	Data EventData
}

// EventData is what an event says. Its implementations are the structs of this
// package, as values, and nothing else:
//
//   - the run: [RunQueued], [RunStarting], [RunStarted], [RunAdopted], [RunFinished],
//     [RunCancelRequested]
//   - its resources: [ResourceStarting], [ResourceStarted],
//     [ResourceStopping], [ResourceStopped]
//   - its steps: [StepStarted], [StepProgress], [StepSucceeded], [StepFailed],
//     [StepSkipped], [StepCancelled]
//   - the results and logs of steps: [AssetMaterialized], [LogWritten]
//   - an event that a newer version has written: [UnknownEvent]
//
// A type switch over an EventData names all of these structs, or has a default. The
// linter of this repository checks this.
//
//sumtype:decl
type EventData interface {
	eventType() EventType
}

// EventType is the name of a kind of event, as stored.
type EventType string

// The types of events, one for each implementation of [EventData].
const (
	TypeRunQueued          EventType = "run_queued"
	TypeRunStarting        EventType = "run_starting"
	TypeRunStarted         EventType = "run_started"
	TypeRunAdopted         EventType = "run_adopted"
	TypeRunFinished        EventType = "run_finished"
	TypeRunCancelRequested EventType = "run_cancel_requested"
	TypeResourceStarting   EventType = "resource_starting"
	TypeResourceStarted    EventType = "resource_started"
	TypeResourceStopping   EventType = "resource_stopping"
	TypeResourceStopped    EventType = "resource_stopped"
	TypeStepStarted        EventType = "step_started"
	TypeStepProgress       EventType = "step_progress"
	TypeStepSucceeded      EventType = "step_succeeded"
	TypeStepFailed         EventType = "step_failed"
	TypeStepSkipped        EventType = "step_skipped"
	TypeStepCancelled      EventType = "step_cancelled"
	TypeAssetMaterialized  EventType = "asset_materialized"
	TypeLogWritten         EventType = "log_written"
)

// Type returns the type of the event's data, or "" if it has none.
func (e Event) Type() EventType {
	if e.Data == nil {
		return ""
	}
	return e.Data.eventType()
}

// Step returns the key of the step that the event is about, or "" if it is about no
// step.
func (e Event) Step() string {
	switch data := e.Data.(type) {
	case StepStarted:
		return data.Step
	case StepProgress:
		return data.Step
	case StepSucceeded:
		return data.Step
	case StepFailed:
		return data.Step
	case StepSkipped:
		return data.Step
	case StepCancelled:
		return data.Step
	case AssetMaterialized:
		return data.Step
	case LogWritten:
		return data.Step
	case ResourceStarting:
		return data.Step
	case ResourceStarted:
		return data.Step
	case ResourceStopping:
		return data.Step
	case ResourceStopped:
		return data.Step
	case RunQueued, RunStarting, RunStarted, RunAdopted, RunFinished, RunCancelRequested, UnknownEvent:
	}
	return ""
}

// Asset returns the key and partition of the asset that the event is about.
// The key is "" for an event about no asset, the partition is "" for an asset
// without partitions.
func (e Event) Asset() (key, partition string) {
	if data, ok := e.Data.(AssetMaterialized); ok {
		return data.Asset, data.Partition
	}
	return "", ""
}

// Failure is an error in the form in which it is recorded, as text. The zero Failure
// is no error.
type Failure struct {
	// Message is the text of the error.
	Message string `json:"message"`
	// Stack is the stack of the goroutine that panicked, or "" for an error
	// that was returned.
	Stack string `json:"stack,omitempty"`
}

// FailureOf returns the record of an error. It returns the zero Failure for a nil
// error. The stack is that of the first error in the tree of err that has a method
// Stack() string.
func FailureOf(err error) Failure {
	if err == nil {
		return Failure{}
	}
	failure := Failure{Message: err.Error()}
	if failure.Message == "" {
		failure.Message = fmt.Sprintf("an error without text (%T)", err)
	}
	var stacked interface {
		error
		Stack() string
	}
	if errors.As(err, &stacked) {
		failure.Stack = stacked.Stack()
	}
	return failure
}

// Err returns the failure as an error, and nil for the zero Failure. The text of the
// error is the message, and the error keeps the stack: FailureOf(f.Err()) equals f.
// It matches no other error, since only the text of the first error is known.
func (f Failure) Err() error {
	if f == (Failure{}) {
		return nil
	}
	return &recordedError{f}
}

// recordedError is an error of which only the record is known.
type recordedError struct{ failure Failure }

func (e *recordedError) Error() string { return e.failure.Message }

// Stack returns the stack of the goroutine that panicked, or "" if the error was
// not a panic.
func (e *recordedError) Stack() string { return e.failure.Stack }

// String returns the message.
func (f Failure) String() string { return f.Message }
