package resource

import "time"

// Phase is a moment in the life of a resource.
type Phase string

// The phases, in the order in which a resource passes them.
const (
	// PhaseStarting says that the constructor is about to be called.
	PhaseStarting Phase = "starting"
	// PhaseStarted says that the start hooks have returned. If the event has an
	// error, the constructor or a hook returned it. Whatever had started of the
	// resource is stopped later.
	PhaseStarted Phase = "started"
	// PhaseStopping says that the stop hooks are about to be called.
	PhaseStopping Phase = "stopping"
	// PhaseStopped says that the stop hooks have returned. The error of the
	// event joins all their errors.
	PhaseStopped Phase = "stopped"
)

// Event is something that happened to a resource of a child. See Observe.
type Event struct {
	// Resource is the key of the resource. It is "(fx options)" for hooks that
	// the plain fx.Options of a child have appended.
	Resource string
	// Step is the key of the step that the instance belongs to, from the
	// [RunInfo] of the child. It is "" in the child of a whole run.
	Step  string
	Phase Phase
	// Time is when it happened.
	Time time.Time
	// Duration is how long starting or stopping took. It is zero in the phases
	// that begin.
	Duration time.Duration
	// Err is the error of starting or stopping, or nil.
	Err error
}
