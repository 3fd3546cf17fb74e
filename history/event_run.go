package history

import (
	"encoding/json"
	"time"
)

// RunQueued is the first event of every run. It says what was asked for.
type RunQueued struct {
	// Job is the job's name, or "" for a launch of a bare selection.
	Job string `json:"job,omitempty"`
	// Selection is the selection as written, such as "+revenue".
	Selection string `json:"selection,omitempty"`
	// Tags are the run's tags; nil is none.
	Tags map[string]string `json:"tags,omitempty"`
	// Config is the launch configuration as JSON; nil is none. The launching
	// side masks secrets: whatever stands here is stored and shown.
	Config json.RawMessage `json:"config,omitempty"`
	// Steps are the keys of all the run's steps, each once, in the order in
	// which they are to be shown.
	Steps []string `json:"steps,omitempty"`
	// Owner names the process that queued it: see [RunStarting].
	Owner string `json:"owner,omitempty"`
}

// RunStarting says that a process has begun to execute the run and starts its
// resources.
type RunStarting struct {
	// Owner names the process that executes the run, so that the run of a
	// process that is gone can be told from a living one. Its form is the
	// executing side's business.
	Owner string `json:"owner,omitempty"`
}

// RunStarted says that the resources of the run have started and that its steps may
// start.
type RunStarted struct{}

// RunFinished says how the run ended. It is recorded after the resources of the run
// were stopped. Only late LogWritten events may follow it.
//
// It also ends the unfinished steps of the run: see [Record.Apply].
type RunFinished struct {
	// Status is succeeded, failed or cancelled.
	Status Status `json:"status"`
	// Error is why the run failed or was cancelled.
	Error Failure `json:"error,omitzero"`
	// Duration is the time since the run was taken up.
	Duration time.Duration `json:"duration_ns,omitempty"`
}

// RunCancelRequested says that somebody wants the run to stop. Any process may
// append it, as often as it wants, while the run has not finished. The status of the
// run changes when the executing process has stopped the run.
type RunCancelRequested struct {
	// Reason is who asked and why, for people; it may be empty.
	Reason string `json:"reason,omitempty"`
}

func (RunQueued) eventType() EventType          { return TypeRunQueued }
func (RunStarting) eventType() EventType        { return TypeRunStarting }
func (RunStarted) eventType() EventType         { return TypeRunStarted }
func (RunFinished) eventType() EventType        { return TypeRunFinished }
func (RunCancelRequested) eventType() EventType { return TypeRunCancelRequested }
