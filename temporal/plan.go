package temporal

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/assets"
)

const (
	// MaxSteps is the largest number of steps of a run on Temporal.
	MaxSteps = 5000
	// MaxPlan is the largest size of a plan, in bytes of JSON: the keys of its steps, and for
	// each step the numbers of those that it needs. Temporal refuses more than 2 MB.
	MaxPlan = 1 << 20
	// MaxText is the largest size of the text of an error that goes to Temporal, in bytes.
	MaxText = 2000
)

// plan is the input of the workflow: what it must know of a run. It has no config and no
// values.
type plan struct {
	// Steps are in an order in which they may be executed.
	Steps []planStep `json:"steps"`
	// Placements is how many workers may execute steps at the same time.
	Placements int `json:"placements"`
	// Heartbeat is how long nothing may be heard of a worker before it counts as lost.
	Heartbeat time.Duration `json:"heartbeat"`
	// Priority is that of Temporal, from 1, the highest, to 5; 0 is the default.
	Priority int `json:"priority,omitempty"`
	// Timeout is how long the run may take from the start of the workflow; 0 is no limit.
	Timeout time.Duration `json:"timeout,omitempty"`
	// Events is how many events the history of the workflow may have before the run goes on in
	// another workflow; 0 is maxEvents.
	Events int `json:"events,omitempty"`
	// Past is what the workflows before this one have done; nil for the first one.
	Past *past `json:"past,omitempty"`
}

// past is what the workflows of a run have done whose history has become too long.
type past struct {
	Succeeded []int         `json:"succeeded,omitempty"` // numbers of steps
	Failed    []int         `json:"failed,omitempty"`
	Attempts  []nextAttempt `json:"attempts,omitempty"`
	Numbered  int           `json:"numbered"` // placements that were ever asked for
	Result    result        `json:"result"`
}

// nextAttempt is the attempt that a step needs next, if it is not the first one.
type nextAttempt struct {
	Step    int           `json:"step"`
	Attempt int           `json:"attempt"`
	Wait    time.Duration `json:"wait,omitempty"`
}

// planStep is a step of a plan.
type planStep struct {
	Key string `json:"key"`
	// Needs are the numbers of the steps that must have succeeded before.
	Needs []int `json:"needs,omitempty"`
}

// newPlan returns the plan of a run. It refuses a plan that is too large for Temporal.
func newPlan(of *assets.Plan) (plan, error) {
	if len(of.Steps) > MaxSteps {
		return plan{}, fmt.Errorf("the run has %d steps, and a run on Temporal has at most %d: launch parts of it as runs of their own",
			len(of.Steps), MaxSteps)
	}
	numbers := make(map[string]int, len(of.Steps))
	var p plan
	for i, step := range of.Steps {
		numbers[step.Key] = i
		next := planStep{Key: step.Key}
		for _, need := range step.Needs {
			next.Needs = append(next.Needs, numbers[need])
		}
		p.Steps = append(p.Steps, next)
	}
	text, err := json.Marshal(p)
	if err != nil {
		return plan{}, err
	}
	if len(text) > MaxPlan {
		return plan{}, fmt.Errorf("the keys and needs of the %d steps are %d bytes, and at most %d go to Temporal: launch parts of the run as runs of their own",
			len(of.Steps), len(text), MaxPlan)
	}
	return p, nil
}
