package resource

import "time"

// Phase is a moment in the life of a resource.
type Phase string

// The phases, in the order in which a resource passes them.
const (
	// PhaseStarting: the constructor is about to be called.
	PhaseStarting Phase = "starting"
	// PhaseStarted: the start hooks have returned. With an error: the constructor
	// or a hook returned it, and what had started is stopped later.
	PhaseStarted Phase = "started"
	// PhaseStopping: the stop hooks are about to be called.
	PhaseStopping Phase = "stopping"
	// PhaseStopped: the stop hooks have returned; the error joins all of theirs.
	PhaseStopped Phase = "stopped"
)

// Event is something that happened to a resource of a child. See Observe.
type Event struct {
	// Resource is the resource's key; "(fx options)" for hooks that the plain
	// fx.Options of a child have appended.
	Resource string
	// Step is the key of the step that the instance belongs to, from the child's
	// [RunInfo]; "" in a run's own child.
	Step  string
	Phase Phase
	// Time is when it happened.
	Time time.Time
	// Duration is how long starting or stopping took; zero in the phases that
	// begin.
	Duration time.Duration
	// Err is why starting or stopping went wrong, or nil.
	Err error
}
