package temporal

import (
	"log/slog"

	"github.com/fxrun/fxrun/assets"
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
)

var Workflow = runWorkflow

// WaitsForWorker reports whether a workflow can't go on without a worker that is not there.
var WaitsForWorker = waitsForWorker

// NewPlan returns the plan of a run.
func NewPlan(of *assets.Plan) (Plan, error) { return newPlan(of) }

// Read returns a config with its defaults and what the environment says.
func Read(config Config) (Config, error) { return config.read() }

// LoggerOf returns where the warnings of a cluster go.
func LoggerOf(c *Cluster) *slog.Logger { return c.logger }
