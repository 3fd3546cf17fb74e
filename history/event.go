package history

import (
	"errors"
	"fmt"
	"time"
)

// Event is one thing that happened in a run. The events of a run, in order,
// are its log; a [Record] is their sum.
//
// In JSON an event is one flat object: run_id, seq, time and type, then the
// fields of its data.
type Event struct {
	// RunID names the run. Any text but the empty one.
	RunID string
	// Seq is the event's place in its run's log, from 1 and without gaps. In an
	// event that is not stored yet, 0 leaves the choice to the store.
	Seq int64
	// Time is when it happened. Stores keep it in UTC, to the microsecond. The
	// log is ordered by Seq, never by Time: clocks may differ between writers.
	Time time.Time
	// Data says what happened: one of this package's structs, as a value.
	Data EventData
}

// EventData is what an event says. Its implementations are the structs of this
// package, as values, and nothing else:
//
//   - the run: [RunQueued], [RunStarting], [RunStarted], [RunFinished],
//     [RunCancelRequested]
//   - its resources: [ResourceStarting], [ResourceStarted],
//     [ResourceStopping], [ResourceStopped]
//   - its steps: [StepStarted], [StepProgress], [StepSucceeded], [StepFailed],
//     [StepSkipped], [StepCancelled]
//   - what they leave: [AssetMaterialized], [LogWritten]
//   - written by a newer version: [UnknownEvent]
//
// A type switch over it names all of them, or has a default: the linter sees to
// that.
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

// Step returns the key of the step that the event is about, or "".
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
	case RunQueued, RunStarting, RunStarted, RunFinished, RunCancelRequested, UnknownEvent:
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

// Failure is an error as recorded: text, never a live error. The zero Failure
// is no error.
type Failure struct {
	// Message is the error's text.
	Message string `json:"message"`
	// Stack is the stack of the goroutine that panicked, or "" for an error
	// that was returned.
	Stack string `json:"stack,omitempty"`
}

// FailureOf returns err as recorded, the zero Failure if err is nil. The stack
// comes from the first error in err's tree that has a method Stack() string.
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

// Err returns the failure as an error, nil for the zero Failure. Its text is the
// message, and its stack stays with it: FailureOf(f.Err()) is f again. It matches
// no other error, since only the text is known.
func (f Failure) Err() error {
	if f == (Failure{}) {
		return nil
	}
	return &recordedError{f}
}

// recordedError is an error of which the record is left.
type recordedError struct{ failure Failure }

func (e *recordedError) Error() string { return e.failure.Message }

// Stack returns the stack of the panic that the error was, or "".
func (e *recordedError) Stack() string { return e.failure.Stack }

// String returns the message.
func (f Failure) String() string { return f.Message }
