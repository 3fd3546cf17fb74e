package temporal

import (
	"time"
	"unicode/utf8"

	"go.temporal.io/sdk/temporal"

	"github.com/fxrun/fxrun/history"
)

// The names under which Temporal knows the workflow, its activities and its signals. Workers
// and launchers of different releases must agree on them.
const (
	workflowName = "fxrun.Run"

	holdName   = "fxrun.Hold" // of the task queue that all workers share
	stepName   = "fxrun.Step" // of the task queue of one worker, as those below
	closeName  = "fxrun.Close"
	cancelName = "fxrun.Cancel"

	placedSignal  = "fxrun.placed"  // a worker holds a place for the run
	leavingSignal = "fxrun.leaving" // a worker begins no more steps of the run
	drainSignal   = "fxrun.drain"   // no more steps of the run should begin
)

// holdInput asks a worker to hold a place for a run.
type holdInput struct {
	Placement int           `json:"placement"` // its number in the workflow
	Heartbeat time.Duration `json:"heartbeat"`
}

// holdOutput says how a place was left. It comes after all that was opened there is closed.
type holdOutput struct {
	Error string `json:"error,omitempty"` // why resources could not be stopped
}

// placed tells the workflow that a worker holds a place for the run.
type placed struct {
	Placement int    `json:"placement"`
	Worker    string `json:"worker"`
	Queue     string `json:"queue"`    // the task queue of the worker
	Parallel  int    `json:"parallel"` // how many steps it executes at the same time
}

// leaving tells the workflow that a worker begins no more steps of the run.
type leaving struct {
	Placement int    `json:"placement"`
	Reason    string `json:"reason"`
}

// stepInput asks for one attempt at a step.
type stepInput struct {
	Placement int    `json:"placement"`
	Step      string `json:"step"`
	Attempt   int    `json:"attempt"`
}

// stepOutput says how the attempt has ended.
type stepOutput struct {
	Status  history.StepStatus `json:"status"`          // pending: another attempt is to be made,
	Delay   time.Duration      `json:"delay,omitempty"` // after this time
	Attempt int                `json:"attempt"`         // which may be higher than the one asked for
	Error   string             `json:"error,omitempty"`
}

// closeInput asks a worker to close what it has opened for a run. The end of the activity Hold
// says that it is closed.
type closeInput struct {
	Placement int `json:"placement"`
	// Failure says why the run is no success; "" for a success. Resources are told.
	Failure   string `json:"failure,omitempty"`
	Cancelled bool   `json:"cancelled,omitempty"`
	TimedOut  bool   `json:"timed_out,omitempty"`
	// Continues says that the run goes on, in another workflow.
	Continues bool `json:"continues,omitempty"`
}

// cancelInput asks a worker to cancel the steps that it executes for a run.
type cancelInput struct {
	Placement int    `json:"placement"`
	Reason    string `json:"reason"`
	TimedOut  bool   `json:"timed_out,omitempty"`
}

// result says how a workflow has ended.
type result struct {
	Failed int `json:"failed,omitempty"` // the number of steps that have failed
	// Refused are steps that have failed before a worker could record anything of them.
	Refused []refused `json:"refused,omitempty"`
	// Fault is why the run could not be executed, or not to its end.
	Fault string `json:"fault,omitempty"`
	// TimedOut says that the timeout of the run was over.
	TimedOut bool `json:"timed_out,omitempty"`
	// Drained says that steps did not begin because the run was told to drain.
	Drained bool `json:"drained,omitempty"`
	// Close are the errors of resources that could not be stopped.
	Close []string `json:"close,omitempty"`
}

type refused struct {
	Step  string `json:"step"`
	Error string `json:"error"`
}

const (
	// maxRefused is how many refused steps a result names.
	maxRefused = 100
	// maxUnclosed is how many errors of resources that could not be stopped a result has. A run may
	// move to another worker any number of times.
	maxUnclosed = 100
)

// The types of errors of activities.
const (
	refusedError  = "refused"  // the worker can't execute the run: its definitions are others
	occupiedError = "occupied" // the worker already holds a place for the run
	overError     = "over"     // the run has ended
	leavingError  = "leaving"  // the worker begins no more steps of the run, or has left it
	unopenedError = "unopened" // the container of the run could not be opened
	failedError   = "failed"   // the workflow's own: its details are a result
)

// errorOf returns the error of an activity that is not to be repeated.
func errorOf(kind string, err error) error {
	return temporal.NewNonRetryableApplicationError(cut(err.Error()), kind, nil)
}

// cut shortens a text to MaxText bytes.
func cut(text string) string {
	if len(text) <= MaxText {
		return text
	}
	end := MaxText - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
