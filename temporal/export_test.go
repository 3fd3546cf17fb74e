package temporal

import (
	"context"
	"log/slog"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/runs"
)

// What the tests of the workflow need of it.
type (
	Plan        = plan
	PlanStep    = planStep
	HoldInput   = holdInput
	HoldOutput  = holdOutput
	Placed      = placed
	Leaving     = leaving
	StepInput   = stepInput
	StepOutput  = stepOutput
	CloseInput  = closeInput
	CancelInput = cancelInput
	Result      = result
	Refused     = refused
)

const (
	WorkflowName = workflowName

	HoldName   = holdName
	StepName   = stepName
	CloseName  = closeName
	CancelName = cancelName

	PlacedSignal  = placedSignal
	LeavingSignal = leavingSignal
	DrainSignal   = drainSignal

	RefusedError  = refusedError
	OccupiedError = occupiedError
	OverError     = overError
	LeavingError  = leavingError
	UnopenedError = unopenedError

	MaxRefusals = maxRefusals
	MaxErrors   = maxErrors
	MaxEvents   = maxEvents
)

var Workflow = runWorkflow

// Continue has the runs of a cluster go on in another workflow after a number of events.
func Continue(c *Cluster, events int) { c.events = events }

// Use has a cluster use another client.
func Use(c *Cluster, other client.Client) {
	c.client.Close()
	c.client = other
}

// DoubtFor is how long an answer is asked for again that may change soon after a start of Temporal.
const DoubtFor = doubtFor

// WaitsForWorker reports whether a workflow can't go on without a worker that is not there.
func WaitsForWorker(described *workflowservice.DescribeWorkflowExecutionResponse) bool {
	_, waits := waitsForWorker(described)
	return waits
}

// Hold returns the activity that holds a place for a run, of a process with a client.
func Hold(of client.Client, launcher *runs.Launcher) func(context.Context, HoldInput) (HoldOutput, error) {
	return (&process{client: of, launcher: launcher, places: make(map[string]*place)}).hold
}

// NewPlan returns the plan of a run.
func NewPlan(of *assets.Plan) (Plan, error) { return newPlan(of) }

// Read returns a config with its defaults and what the environment says.
func Read(config Config) (Config, error) { return config.read() }

// LoggerOf returns where the warnings of a cluster go.
func LoggerOf(c *Cluster) *slog.Logger { return c.logger }
