package resource

import "time"

// RunInfo tells a constructor about the run that its child belongs to. The
// zero RunInfo is that of a child opened outside any run.
type RunInfo struct {
	// ID identifies the run; "" outside a run.
	ID string
	// Tags are the run's tags. Read only.
	Tags map[string]string
	// Step is the key of the step that a nested child belongs to; "" in a run's
	// own child.
	Step string
	// Launched is when the run was asked for; the zero time outside a run.
	Launched time.Time
}
