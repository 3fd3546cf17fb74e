package history

import "time"

// StepStarted says that an attempt at a step begins.
type StepStarted struct {
	// Step is the step's key, one of those in [RunQueued].
	Step string `json:"step"`
	// Attempt counts from 1; each attempt is one more than the last.
	Attempt int `json:"attempt"`
}

// StepProgress says how much of its work a step has done. It changes no status, and
// may be recorded after the end of the step.
type StepProgress struct {
	Step string `json:"step"` // the step's key
	// Rows is how many rows, or other units of work, are done so far.
	Rows int64 `json:"rows,omitempty"`
	// Total is how many there will be, or 0 if that is not known.
	Total int64 `json:"total,omitempty"`
	// Message is a line for people; it may be empty.
	Message string `json:"message,omitempty"`
}

// StepSucceeded says that a step has ended and that its output is stored.
type StepSucceeded struct {
	Step string `json:"step"` // the step's key
	// Duration is how long the last attempt took.
	Duration time.Duration `json:"duration_ns,omitempty"`
}

// StepFailed says that an attempt at a step failed.
type StepFailed struct {
	Step    string `json:"step"`    // the step's key
	Attempt int    `json:"attempt"` // the attempt that failed, as in StepStarted
	// Error is why.
	Error Failure `json:"error,omitzero"`
	// Duration is how long this attempt took.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Retry says that another attempt will follow, so that the step is pending
	// again. Without it the step has failed for good.
	Retry bool `json:"retry,omitempty"`
	// RetryDelay is the wait before that attempt.
	RetryDelay time.Duration `json:"retry_delay_ns,omitempty"`
}

// StepSkipped says that a step will not be executed.
type StepSkipped struct {
	Step string `json:"step"` // the step's key
	// Because is the reason, for people.
	Because string `json:"because,omitempty"`
	// Upstream are the keys of the failed steps that the step depends on; nil
	// if it was skipped for another reason.
	Upstream []string `json:"upstream,omitempty"`
}

// StepCancelled says that a step was stopped, or never started, because the run was
// cancelled.
type StepCancelled struct {
	Step string `json:"step"` // the step's key
	// Duration is how long the attempt had taken, 0 if none had begun.
	Duration time.Duration `json:"duration_ns,omitempty"`
}

func (StepStarted) eventType() EventType   { return TypeStepStarted }
func (StepProgress) eventType() EventType  { return TypeStepProgress }
func (StepSucceeded) eventType() EventType { return TypeStepSucceeded }
func (StepFailed) eventType() EventType    { return TypeStepFailed }
func (StepSkipped) eventType() EventType   { return TypeStepSkipped }
func (StepCancelled) eventType() EventType { return TypeStepCancelled }
