package history

import "time"

// ResourceStarting says that a resource of the run is about to be constructed
// and started.
type ResourceStarting struct {
	// Resource is the resource's key.
	Resource string `json:"resource"`
	// Step is the step that the instance belongs to, for a resource that lives
	// per step; else "".
	Step string `json:"step,omitempty"`
}

// ResourceStarted says how a resource's start ended.
type ResourceStarted struct {
	Resource string `json:"resource"`       // the resource's key
	Step     string `json:"step,omitempty"` // as in ResourceStarting
	// Duration is how long construction and start hooks took.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Error is why the start failed; zero if it succeeded.
	Error Failure `json:"error,omitzero"`
}

// ResourceStopping says that a resource is about to be stopped.
type ResourceStopping struct {
	Resource string `json:"resource"`       // the resource's key
	Step     string `json:"step,omitempty"` // as in ResourceStarting
}

// ResourceStopped says how a resource's stop ended.
type ResourceStopped struct {
	Resource string `json:"resource"`       // the resource's key
	Step     string `json:"step,omitempty"` // as in ResourceStarting
	// Duration is how long the stop hooks took.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Error is why the stop failed; zero if it succeeded.
	Error Failure `json:"error,omitzero"`
}

func (ResourceStarting) eventType() EventType { return TypeResourceStarting }
func (ResourceStarted) eventType() EventType  { return TypeResourceStarted }
func (ResourceStopping) eventType() EventType { return TypeResourceStopping }
func (ResourceStopped) eventType() EventType  { return TypeResourceStopped }
