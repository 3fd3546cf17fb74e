package history

// Status is the state in which a run is. The empty Status is a run that has not been
// queued.
//
//	queued ──> starting ──> running ──> succeeded
//	   │           │           │
//	   └───────────┴───────────┴──> failed, cancelled
//
// A run on a cluster that is starting or running may be adopted by another process, which
// does not change its status: see [RunAdopted].
type Status string

// The statuses of a run.
const (
	// StatusQueued is a recorded run whose execution has not begun.
	StatusQueued Status = "queued"
	// StatusStarting is a run whose resources are being started.
	StatusStarting Status = "starting"
	// StatusRunning is a run whose steps are being executed.
	StatusRunning Status = "running"
	// StatusSucceeded is a run that did everything it was launched for.
	StatusSucceeded Status = "succeeded"
	// StatusFailed is a run that ended because of an error.
	StatusFailed Status = "failed"
	// StatusCancelled is a run that ended because somebody asked for it.
	StatusCancelled Status = "cancelled"
)

// Finished reports whether a run with this status has ended. The status of such a
// run never changes again.
func (s Status) Finished() bool {
	return s == StatusSucceeded || s == StatusFailed || s == StatusCancelled
}

// CanBecome reports whether the status of a run may change from s to next. No status
// can become itself.
func (s Status) CanBecome(next Status) bool {
	switch s {
	case "":
		return next == StatusQueued
	case StatusQueued:
		return next == StatusStarting || next == StatusFailed || next == StatusCancelled
	case StatusStarting:
		return next == StatusRunning || next == StatusFailed || next == StatusCancelled
	case StatusRunning:
		return next == StatusSucceeded || next == StatusFailed || next == StatusCancelled
	default:
		return false
	}
}

// StepStatus is the state in which a step of a run is.
//
//	pending <──────> running ──> succeeded, failed, cancelled
//	   │     (retry)
//	   └──> skipped, cancelled
type StepStatus string

// The statuses of a step.
const (
	// StepStatusPending is a step that waits for its first attempt, or for the next
	// attempt after a failed one.
	StepStatusPending StepStatus = "pending"
	// StepStatusRunning is a step whose function is being executed.
	StepStatusRunning StepStatus = "running"
	// StepStatusSucceeded is a step whose output is stored.
	StepStatusSucceeded StepStatus = "succeeded"
	// StepStatusFailed is a step whose last attempt failed.
	StepStatusFailed StepStatus = "failed"
	// StepStatusSkipped is a step that never started. StepRecord.Because says why.
	StepStatusSkipped StepStatus = "skipped"
	// StepStatusCancelled is a step that was stopped, or never started, because the
	// run was cancelled.
	StepStatusCancelled StepStatus = "cancelled"
)

// Finished reports whether a step with this status has ended. The status of such a
// step never changes again.
func (s StepStatus) Finished() bool {
	switch s {
	case StepStatusSucceeded, StepStatusFailed, StepStatusSkipped, StepStatusCancelled:
		return true
	default:
		return false
	}
}

// CanBecome reports whether the status of a step may change from s to next. A step
// goes from running to pending after a failed attempt, if another attempt follows.
func (s StepStatus) CanBecome(next StepStatus) bool {
	switch s {
	case StepStatusPending:
		return next == StepStatusRunning || next == StepStatusSkipped || next == StepStatusCancelled
	case StepStatusRunning:
		return next == StepStatusSucceeded || next == StepStatusFailed ||
			next == StepStatusCancelled || next == StepStatusPending
	default:
		return false
	}
}
