package resource

import "time"

// RunInfo tells a constructor about the run that its child belongs to. A child
// that is opened outside of runs has the zero RunInfo.
type RunInfo struct {
	// ID identifies the run. It is "" outside of runs.
	ID string
	// Tags are the tags of the run. They may only be read.
	Tags map[string]string
	// Step is the key of the step that a nested child belongs to. It is "" in
	// the child of a whole run.
	Step string
	// Launched is the time at which the run was asked for. It is the zero time
	// outside of runs.
	Launched time.Time
}
