package container

import "github.com/fxrun/fxrun/internal/resource"

// Event is something that happened to a resource of a child. See [Observe]. It
// has these fields:
//
//   - Resource is the key of the resource. It is "(fx options)" for hooks that the
//     plain fx.Options of a child have appended.
//   - Step is the key of the step that the instance belongs to, from the [RunInfo]
//     of the child. It is "" in a run's own child.
//   - Phase is what happened, and Time is when.
//   - Duration is how long starting or stopping took. It is zero in the phases that
//     begin.
//   - Err is why starting or stopping went wrong, or nil.
type Event = resource.Event

// Phase is a moment in the life of a resource.
type Phase = resource.Phase

// The phases, in the order in which a resource passes them.
const (
	// PhaseStarting: the constructor is about to be called.
	PhaseStarting = resource.PhaseStarting
	// PhaseStarted: the start hooks have returned. With an error: the constructor
	// or a hook returned it, and what had started is stopped later.
	PhaseStarted = resource.PhaseStarted
	// PhaseStopping: the stop hooks are about to be called.
	PhaseStopping = resource.PhaseStopping
	// PhaseStopped: the stop hooks have returned; the error joins all of theirs.
	PhaseStopped = resource.PhaseStopped
)

// RunInfo tells a constructor about the run that its child belongs to. The
// zero RunInfo is that of a child opened outside any run. It has these fields:
//
//   - ID identifies the run. It is "" outside a run.
//   - Tags are the tags of the run. They may only be read.
//   - Step is the key of the step that a nested child belongs to. It is "" in a
//     run's own child.
//   - Launched is when the run was asked for. It is the zero time outside a run.
type RunInfo = resource.RunInfo
