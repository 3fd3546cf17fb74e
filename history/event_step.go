package history

import "time"

// StepStarted says that an attempt at a step begins.
type StepStarted struct {
	// Step is the key of the step. It is one of the keys in [RunQueued].
	Step string `json:"step"`
	// Attempt is the number of the attempt. The first attempt has the number 1, and
	// each later one has the next number.
	Attempt int `json:"attempt"`
	// Worker names the process that executes the attempt, if it is not a process of the
	// owner of the run: see [RunStarting]. Otherwise it is "".
	Worker string `json:"worker,omitempty"`
}

// StepProgress says how much of its work a step has done. It changes no status, and
// may be recorded after the end of the step, which changes nothing.
//
// It is the only event that no log keeps, since a long step tells it again and again.
// So it has no place in the log: its Seq is 0, also after it was appended, and no
// query finds it. The record of the running step has the last one: see
// [StepRecord.Progress]. Only logs of earlier versions have such events.
type StepProgress struct {
	Step string `json:"step"` // the step's key
	// Rows is the number of rows, or of other units of work, that are done so far.
	Rows int64 `json:"rows,omitempty"`
	// Total is the number of rows that there will be, or 0 if it is not known.
	Total int64 `json:"total,omitempty"`
	// Message is a line for people. It may be empty.
	Message string `json:"message,omitempty"`
}

// StepSucceeded says that a step has ended and that its output is stored.
type StepSucceeded struct {
	Step string `json:"step"` // the step's key
	// Attempt is the attempt that succeeded, or 0 if it is not known. A log refuses the
	// event if another attempt is under way: a process that was taken for gone cannot end
	// the attempt of the process that has followed it.
	Attempt int `json:"attempt,omitempty"`
	// Duration is how long the last attempt took.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Usage is what the process of the attempt has used. It is zero if that is not known.
	Usage Usage `json:"usage,omitzero"`
}

// StepFailed says that an attempt at a step failed.
type StepFailed struct {
	Step    string `json:"step"`    // the step's key
	Attempt int    `json:"attempt"` // the attempt that failed, as in StepStarted
	// Error is why the attempt failed.
	Error Failure `json:"error,omitzero"`
	// Duration is how long the attempt took.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Retry says that another attempt will follow, so the step is pending again. If
	// Retry is false, the step has failed and is not tried again.
	Retry bool `json:"retry,omitempty"`
	// RetryDelay is the time to wait before the next attempt.
	RetryDelay time.Duration `json:"retry_delay_ns,omitempty"`
	// Interrupted says that the attempt did not fail by itself, and how it ended instead. Such
	// an attempt does not use up the retries of the step. It is "" for all other failures.
	Interrupted Interruption `json:"interrupted,omitempty"`
	// Usage is what the process of the attempt has used. It is zero if that is not known.
	Usage Usage `json:"usage,omitzero"`
}

// Interruption is how an attempt at a step was interrupted.
type Interruption string

const (
	// InterruptionLost means that the process of the attempt is gone. Another process has
	// recorded the failure.
	InterruptionLost Interruption = "lost"
	// InterruptionStopped means that the process of the attempt had to stop it, because the
	// process was to end, or has lost its connection to the cluster.
	InterruptionStopped Interruption = "stopped"
)

// Usage is what a process has used that executed an attempt at a step, and nothing
// else, up to the end of the attempt. If the process executes a whole run, it is what the
// process has used during the attempt, and zero if it executed another step meanwhile.
type Usage struct {
	// CPU is the time that the processors have worked for it, in user and in system
	// code together.
	CPU time.Duration `json:"cpu_ns,omitempty"`
	// Memory is the largest resident memory in bytes, or 0 if it is not known.
	Memory int64 `json:"memory_bytes,omitempty"`
}

// StepSkipped says that a step will not be executed.
type StepSkipped struct {
	Step string `json:"step"` // the step's key
	// Because is a text for people that says why the step is skipped.
	Because string `json:"because,omitempty"`
	// Upstream are the keys of the failed steps that the step depends on. Upstream
	// is nil if the step was skipped for another reason.
	Upstream []string `json:"upstream,omitempty"`
}

// StepCancelled says that a step was stopped, or never started, because the run was
// cancelled.
type StepCancelled struct {
	Step string `json:"step"` // the step's key
	// Attempt is the attempt that was stopped, or 0 if none had begun, or if it is not
	// known. A log refuses the event if this attempt is not under way: see [StepSucceeded].
	Attempt int `json:"attempt,omitempty"`
	// Duration is how long the attempt took until it was stopped, or 0 if no
	// attempt had begun.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Usage is what the process of the attempt has used. It is zero if that is not known.
	Usage Usage `json:"usage,omitzero"`
}

func (StepStarted) eventType() EventType   { return TypeStepStarted }
func (StepProgress) eventType() EventType  { return TypeStepProgress }
func (StepSucceeded) eventType() EventType { return TypeStepSucceeded }
func (StepFailed) eventType() EventType    { return TypeStepFailed }
func (StepSkipped) eventType() EventType   { return TypeStepSkipped }
func (StepCancelled) eventType() EventType { return TypeStepCancelled }
