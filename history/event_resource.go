package history

import "time"

// ResourceStarting says that a resource of the run is about to be constructed
// and started.
type ResourceStarting struct {
	// Resource is the key of the resource.
	Resource string `json:"resource"`
	// Step is the key of the step that the instance belongs to, if each step has
	// its own instance of the resource. Otherwise Step is "".
	Step string `json:"step,omitempty"`
	// Worker names the process that has the instance: see [StepStarted].
	Worker string `json:"worker,omitempty"`
}

// ResourceStarted says how the start of a resource ended.
type ResourceStarted struct {
	Resource string `json:"resource"`         // the resource's key
	Step     string `json:"step,omitempty"`   // as in ResourceStarting
	Worker   string `json:"worker,omitempty"` // as in ResourceStarting
	// Duration is how long the constructor and the start hooks took.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Error is why the start failed. It is zero if the start succeeded.
	Error Failure `json:"error,omitzero"`
}

// ResourceStopping says that a resource is about to be stopped.
type ResourceStopping struct {
	Resource string `json:"resource"`         // the resource's key
	Step     string `json:"step,omitempty"`   // as in ResourceStarting
	Worker   string `json:"worker,omitempty"` // as in ResourceStarting
}

// ResourceStopped says how the stop of a resource ended.
type ResourceStopped struct {
	Resource string `json:"resource"`         // the resource's key
	Step     string `json:"step,omitempty"`   // as in ResourceStarting
	Worker   string `json:"worker,omitempty"` // as in ResourceStarting
	// Duration is how long the stop hooks took.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Error is why the stop failed. It is zero if the stop succeeded.
	Error Failure `json:"error,omitzero"`
}

func (ResourceStarting) eventType() EventType { return TypeResourceStarting }
func (ResourceStarted) eventType() EventType  { return TypeResourceStarted }
func (ResourceStopping) eventType() EventType { return TypeResourceStopping }
func (ResourceStopped) eventType() EventType  { return TypeResourceStopped }
