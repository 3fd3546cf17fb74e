package temporal_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	sdk "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/fxrun/fxrun/temporal"
)

// cluster stands for Temporal and for the workers, in the tests of the workflow. Time passes at
// once. It is safe for concurrent use.
type cluster struct {
	*testsuite.TestWorkflowEnvironment

	parallel int           // of each worker
	takes    time.Duration // each step
	dies     bool          // a worker that is to close
	holding  func(input temporal.HoldInput) error
	stepping func(input temporal.StepInput) (temporal.StepOutput, error)
	begun    func(input temporal.StepInput) // after a step has begun
	closing  func()                         // before a worker has closed

	mu        sync.Mutex
	told      []string // what was asked of workers, in order
	holds     map[int][]byte
	executing map[int]int // steps, by placement
	most      map[int]int // of executing
	times     []time.Time // at which steps began
	closed    []temporal.CloseInput
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	suite := new(testsuite.WorkflowTestSuite)
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	c := &cluster{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), parallel: 2, takes: time.Second,
		holds: make(map[int][]byte), executing: make(map[int]int), most: make(map[int]int),
	}
	c.SetTestTimeout(time.Minute)
	c.RegisterWorkflowWithOptions(temporal.Workflow, workflow.RegisterOptions{Name: temporal.WorkflowName})
	register := func(name string, fn any) { c.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name}) }
	register(temporal.HoldName, c.hold)
	register(temporal.StepName, c.step)
	register(temporal.CloseName, c.close)
	register(temporal.CancelName, c.cancel)
	return c
}

func (c *cluster) say(format string, args ...any) {
	c.told = append(c.told, fmt.Sprintf(format, args...))
}

func (c *cluster) hold(ctx context.Context, input temporal.HoldInput) (temporal.HoldOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.say("hold %d", input.Placement)
	if c.holding != nil {
		if err := c.holding(input); err != nil {
			return temporal.HoldOutput{}, err
		}
	}
	c.holds[input.Placement] = activity.GetInfo(ctx).TaskToken
	c.SignalWorkflow(temporal.PlacedSignal, temporal.Placed{
		Placement: input.Placement, Worker: fmt.Sprint("worker", input.Placement), Queue: fmt.Sprint("queue", input.Placement), Parallel: c.parallel,
	})
	return temporal.HoldOutput{}, activity.ErrResultPending
}

func (c *cluster) step(ctx context.Context, input temporal.StepInput) (temporal.StepOutput, error) {
	if c.begun != nil {
		defer c.begun(input)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.say("step %s %d at %d", input.Step, input.Attempt, input.Placement)
	c.times = append(c.times, c.Now())
	output, err := temporal.StepOutput{Status: "succeeded", Attempt: input.Attempt}, error(nil)
	if c.stepping != nil {
		output, err = c.stepping(input)
	}
	if err != nil {
		return output, err
	}
	c.executing[input.Placement]++
	c.most[input.Placement] = max(c.most[input.Placement], c.executing[input.Placement])
	token := activity.GetInfo(ctx).TaskToken
	c.RegisterDelayedCallback(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.executing[input.Placement]--
		_ = c.CompleteActivity(token, output, nil)
	}, c.takes)
	return output, activity.ErrResultPending
}

func (c *cluster) close(_ context.Context, input temporal.CloseInput) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.say("close %d", input.Placement)
	c.closed = append(c.closed, input)
	if c.closing != nil {
		c.closing()
	}
	if c.dies {
		return c.CompleteActivity(c.holds[input.Placement], nil, sdk.NewHeartbeatTimeoutError())
	}
	return c.CompleteActivity(c.holds[input.Placement], temporal.HoldOutput{}, nil)
}

func (c *cluster) cancel(_ context.Context, input temporal.CancelInput) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.say("cancel %d", input.Placement)
	return nil
}

// kill has Temporal find out that the worker of a placement is gone.
func (c *cluster) kill(placement int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.CompleteActivity(c.holds[placement], nil, sdk.NewHeartbeatTimeoutError())
}

// run executes the workflow. It returns what was asked of workers, and how the workflow ended.
func (c *cluster) run(t *testing.T, plan temporal.Plan) ([]string, temporal.Result, error) {
	t.Helper()
	if plan.Placements == 0 {
		plan.Placements = 1
	}
	plan.Heartbeat = 10 * time.Second
	c.ExecuteWorkflow(temporal.WorkflowName, plan)
	if !c.IsWorkflowCompleted() {
		t.Fatal("the workflow has not ended")
	}
	var result temporal.Result
	err := c.GetWorkflowError()
	if err == nil {
		if err := c.GetWorkflowResult(&result); err != nil {
			t.Fatal(err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.told), result, err
}

// planned returns the plan of steps that are written as "c: a b", which says that c needs a and b.
func planned(steps ...string) temporal.Plan {
	numbers := make(map[string]int)
	var plan temporal.Plan
	for i, text := range steps {
		key, needs, _ := strings.Cut(text, ":")
		numbers[key] = i
		step := temporal.PlanStep{Key: key}
		for _, need := range strings.Fields(needs) {
			step.Needs = append(step.Needs, numbers[need])
		}
		plan.Steps = append(plan.Steps, step)
	}
	return plan
}

// contains reports whether there is an error with a text in it.
func contains(err error, text string) bool { return err != nil && strings.Contains(err.Error(), text) }

// failing is an error of an activity that says what kind it is.
func failing(kind, text string) error { return sdk.NewNonRetryableApplicationError(text, kind, nil) }
