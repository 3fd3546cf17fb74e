package temporal_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/sdk/converter"
	sdk "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/fxrun/fxrun/temporal"
)

// grow has the history of the workflow become too long when a step has begun.
func (c *cluster) grow(step string, also func()) {
	c.begun = func(input temporal.StepInput) {
		if input.Step != step {
			return
		}
		c.RegisterDelayedCallback(func() { c.SetCurrentHistoryLength(temporal.MaxEvents + 1) }, 0)
		if also != nil {
			also()
		}
	}
}

// nextPlan returns what the next workflow of a run gets.
func nextPlan(t *testing.T, err error) (plan temporal.Plan) {
	t.Helper()
	next, ok := errors.AsType[*workflow.ContinueAsNewError](err)
	if !ok {
		t.Fatalf("the run does not go on in another workflow: %v", err)
	}
	if err := converter.GetDefaultDataConverter().FromPayloads(next.Input, &plan); err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestAWorkflowWhoseHistoryBecomesTooLong(t *testing.T) {
	t.Parallel()
	t.Run("lets running steps end, closes what is open, and goes on in another workflow", func(t *testing.T) {
		t.Parallel()
		first := newCluster(t)
		first.grow("b", nil)
		told, _, err := first.run(t, planned("a", "b: a", "c: b"))
		check(t, told, "hold 1", "step a 1 at 1", "step b 1 at 1", "close 1")
		if diff := cmp.Diff([]temporal.CloseInput{{Placement: 1, Continues: true}}, first.closed); diff != "" {
			t.Error(diff)
		}
		told, result, err := newCluster(t).run(t, nextPlan(t, err))
		check(t, told, "hold 2", "step c 1 at 2", "close 2")
		if err != nil || result.Failed > 0 {
			t.Errorf("got %+v, %v", result, err)
		}
	})
	t.Run("hands on which steps have failed, and which attempts come next and when", func(t *testing.T) {
		t.Parallel()
		began := make(map[string]time.Time)
		stepping := func(c *cluster) func(temporal.StepInput) (temporal.StepOutput, error) {
			return func(input temporal.StepInput) (temporal.StepOutput, error) {
				began[input.Step] = c.Now()
				status := map[string]string{"bad": "failed", "flaky": "pending"}[input.Step]
				switch {
				case status == "" || input.Attempt > 1:
					return temporal.StepOutput{Status: "succeeded", Attempt: input.Attempt}, nil
				case status == "pending":
					return temporal.StepOutput{Status: "pending", Attempt: 1, Delay: time.Hour}, nil
				default:
					return temporal.StepOutput{Status: "failed", Attempt: 1}, nil
				}
			}
		}
		first := newCluster(t)
		first.parallel, first.stepping = 3, stepping(first)
		first.grow("slow", nil)
		told, _, err := first.run(t, planned("bad", "flaky", "slow", "after bad: bad slow", "after flaky: flaky slow"))
		if len(told) != 5 {
			t.Errorf("the first workflow has asked %q", told)
		}
		firstTry := began["flaky"]
		second := newCluster(t)
		second.SetStartTime(first.Now())
		second.stepping = stepping(second)
		told, _, err = second.run(t, nextPlan(t, err))
		check(t, told, "hold 2", "step flaky 2 at 2", "step after flaky 1 at 2", "close 2")
		if got := resultOf(t, err); got.Failed != 1 || !contains(err, "failed steps: bad") {
			t.Errorf("got %+v, %v", got, err)
		}
		if took := began["flaky"].Sub(firstTry); took < time.Hour || took > time.Hour+time.Minute {
			t.Errorf("the second attempt began %s after the first", took)
		}
	})
	t.Run("hands on how much of its timeout is left", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.takes = 20 * time.Second
		c.grow("a", nil)
		plan := planned("a", "b: a")
		plan.Timeout = time.Minute
		_, _, err := c.run(t, plan)
		if left := nextPlan(t, err).Timeout; left > 40*time.Second || left < 30*time.Second {
			t.Errorf("%s are left", left)
		}
	})
	for name, ends := range map[string]func(c *cluster){
		"ends if it is cancelled while a step still runs": func(c *cluster) { c.CancelWorkflow() },
		"ends if it is told to drain while a step still runs": func(c *cluster) {
			c.SignalWorkflow(temporal.DrainSignal, nil)
		},
		"ends if it is cancelled while its containers are closed": func(c *cluster) {
			c.closing = c.CancelWorkflow
		},
		"ends if it is told to drain while its containers are closed": func(c *cluster) {
			c.closing = func() { c.SignalWorkflow(temporal.DrainSignal, nil) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t)
			c.grow("a", func() { ends(c) })
			_, _, err := c.run(t, planned("a", "b: a"))
			if !sdk.IsCanceledError(err) && !resultOf(t, err).Drained {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("ends as usual if no step is left", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.grow("a", nil)
		told, _, err := c.run(t, planned("a"))
		check(t, told, "hold 1", "step a 1 at 1", "close 1")
		if err != nil || c.closed[0].Continues {
			t.Errorf("%v, closed with %+v", err, c.closed)
		}
	})
	t.Run("begins no more steps at once than its history still has room for", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.parallel = 1000
		plan := planned()
		for range 1000 {
			plan.Steps = append(plan.Steps, planned("s").Steps...)
		}
		plan.Events = 600
		_, _, err := c.run(t, plan)
		if got := len(nextPlan(t, err).Past.Succeeded); got > 101 || got < 90 {
			t.Errorf("%d steps have begun", got)
		}
	})
}

func TestAWorkflowEndsAtItsTimeout(t *testing.T) {
	t.Parallel()
	t.Run("by itself, and cancels what is running", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.takes = time.Hour
		plan := planned("a", "b: a")
		plan.Timeout = time.Minute
		told, _, err := c.run(t, plan)
		check(t, told, "hold 1", "step a 1 at 1", "cancel 1", "close 1")
		if got := resultOf(t, err); !got.TimedOut || !contains(err, "the run timed out") {
			t.Errorf("got %+v, %v", got, err)
		}
		if !c.closed[0].TimedOut || c.closed[0].Cancelled {
			t.Errorf("the resources were told %+v", c.closed[0])
		}
	})
	t.Run("once, if it is cancelled too", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.takes = time.Hour
		plan := planned("a")
		plan.Timeout = time.Minute
		c.RegisterDelayedCallback(c.CancelWorkflow, time.Minute+time.Second)
		told, _, err := c.run(t, plan)
		check(t, told, "hold 1", "step a 1 at 1", "cancel 1", "close 1")
		if !resultOf(t, err).TimedOut {
			t.Errorf("got %v", err)
		}
	})
	t.Run("before any worker has a place for it", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.holding = func(temporal.HoldInput) error {
			return failing(temporal.OccupiedError, "it closes the place that it had")
		}
		plan := planned("a")
		plan.Timeout = time.Minute
		if _, _, err := c.run(t, plan); !resultOf(t, err).TimedOut {
			t.Errorf("got %v", err)
		}
	})
	t.Run("and not before", func(t *testing.T) {
		t.Parallel()
		plan := planned("a", "b: a")
		plan.Timeout = time.Minute
		if _, _, err := newCluster(t).run(t, plan); err != nil {
			t.Error(err)
		}
	})
}
