package temporal_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "go.temporal.io/sdk/temporal"

	"github.com/fxrun/fxrun/temporal"
)

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what was asked of workers (-want +got):\n%s", diff)
	}
}

// resultOf returns what a workflow that has not succeeded tells of its end.
func resultOf(t *testing.T, err error) (result temporal.Result) {
	t.Helper()
	if failed, ok := errors.AsType[*sdk.ApplicationError](err); ok {
		if err := failed.Details(&result); err != nil {
			t.Fatal(err)
		}
	}
	return result
}

func TestWorkflow(t *testing.T) {
	t.Parallel()
	t.Run("executes a step after everything that it needs, at one worker", func(t *testing.T) {
		t.Parallel()
		told, _, err := newCluster(t).run(t, planned("a", "b: a", "c: a b"))
		if err != nil {
			t.Error(err)
		}
		check(t, told, "hold 1", "step a 1 at 1", "step b 1 at 1", "step c 1 at 1", "close 1")
	})
	t.Run("asks no worker for a run without steps", func(t *testing.T) {
		t.Parallel()
		told, _, err := newCluster(t).run(t, planned())
		if err != nil || len(told) > 0 {
			t.Errorf("got %q, %v", told, err)
		}
	})
	t.Run("skips what is downstream of a failure, and nothing else", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.parallel = 1
		c.stepping = func(input temporal.StepInput) (temporal.StepOutput, error) {
			if input.Step == "b" {
				return temporal.StepOutput{Status: "failed", Attempt: 1}, nil
			}
			return temporal.StepOutput{Status: "succeeded", Attempt: 1}, nil
		}
		told, _, err := c.run(t, planned("a", "b", "c: b", "d: c a", "e: a"))
		check(t, told, "hold 1", "step a 1 at 1", "step b 1 at 1", "step e 1 at 1", "close 1")
		if err == nil || !strings.Contains(err.Error(), "failed steps: b") || resultOf(t, err).Failed != 1 {
			t.Errorf("got %v", err)
		}
		if c.closed[0].Failure != "failed steps: b" {
			t.Errorf("the resources were told %q", c.closed[0].Failure)
		}
	})
	t.Run("has a worker execute no more steps at once than the worker says", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.parallel = 3
		if _, _, err := c.run(t, planned("a", "b", "c", "d", "e", "f", "g")); err != nil || c.most[1] != 3 {
			t.Errorf("%d at once, %v", c.most[1], err)
		}
	})
	t.Run("tries a step again after the time that its retries ask for", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.stepping = func(input temporal.StepInput) (temporal.StepOutput, error) {
			if input.Attempt < 3 {
				return temporal.StepOutput{Status: "pending", Attempt: input.Attempt, Delay: time.Duration(input.Attempt-1) * time.Hour}, nil
			}
			return temporal.StepOutput{Status: "succeeded", Attempt: input.Attempt}, nil
		}
		told, _, err := c.run(t, planned("a"))
		if err != nil {
			t.Error(err)
		}
		check(t, told, "hold 1", "step a 1 at 1", "step a 2 at 1", "step a 3 at 1", "close 1")
		if soon, late := c.times[1].Sub(c.times[0]), c.times[2].Sub(c.times[1]); soon > time.Minute || late < time.Hour {
			t.Errorf("the second attempt began after %v, and the third after %v", soon, late)
		}
	})
	t.Run("goes on at another worker when one is lost, with the steps that have not ended", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		var begun atomic.Int32
		c.begun = func(temporal.StepInput) {
			if begun.Add(1) == 3 {
				c.kill(1)
			}
		}
		told, _, err := c.run(t, planned("a", "b: a", "c: a", "d: b c"))
		if err != nil {
			t.Error(err)
		}
		slices.Sort(told[2:4]) // which begin at the same time
		slices.Sort(told[5:7])
		check(t, told, "hold 1", "step a 1 at 1", "step b 1 at 1", "step c 1 at 1",
			"hold 2", "step b 1 at 2", "step c 1 at 2", "step d 1 at 2", "close 2")
	})
	t.Run("goes on at another worker when one drains, and closes both", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.begun = func(input temporal.StepInput) {
			if input.Placement == 1 {
				c.SignalWorkflow(temporal.LeavingSignal, temporal.Leaving{Placement: 1, Reason: "it stops"})
			}
		}
		told, _, err := c.run(t, planned("a", "b: a"))
		if err != nil {
			t.Error(err)
		}
		slices.Sort(told[4:])
		check(t, told, "hold 1", "step a 1 at 1", "hold 2", "step b 1 at 2", "close 1", "close 2")
	})
	t.Run("goes on at another worker when one refuses a step because it drains", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.stepping = func(input temporal.StepInput) (temporal.StepOutput, error) {
			if input.Placement == 1 {
				return temporal.StepOutput{}, failing(temporal.LeavingError, "it stops")
			}
			return temporal.StepOutput{Status: "succeeded", Attempt: 1}, nil
		}
		told, _, err := c.run(t, planned("a"))
		if err != nil {
			t.Error(err)
		}
		slices.Sort(told[4:])
		check(t, told, "hold 1", "step a 1 at 1", "hold 2", "step a 1 at 2", "close 1", "close 2")
	})
	t.Run("gives steps to several workers alike, if it is spread", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.parallel = 100
		plan := planned("a", "b", "c", "d", "e", "f")
		plan.Placements = 3
		_, _, err := c.run(t, plan)
		if diff := cmp.Diff(map[int]int{1: 2, 2: 2, 3: 2}, c.most); err != nil || diff != "" {
			t.Errorf("%v, steps at once by worker: %s", err, diff)
		}
	})
	t.Run("asks for no more workers than steps can be executed at once", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		plan := planned("a", "b: a", "c: b")
		plan.Placements = 3
		told, _, err := c.run(t, plan)
		if err != nil {
			t.Error(err)
		}
		check(t, told, "hold 1", "step a 1 at 1", "step b 1 at 1", "step c 1 at 1", "close 1")
	})
	t.Run("makes do with fewer workers than it may be spread on", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.takes = time.Hour
		c.holding = func(input temporal.HoldInput) error {
			if len(c.holds) > 0 {
				return failing(temporal.OccupiedError, "the worker holds a place already")
			}
			return nil
		}
		plan := planned("a", "b", "c", "d")
		plan.Placements = 3
		told, _, err := c.run(t, plan)
		if err != nil || len(told) > 30 {
			t.Errorf("%v, asked %d times", err, len(told))
		}
	})
	t.Run("tries other workers when one has other definitions", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.holding = func(input temporal.HoldInput) error {
			if input.Placement < 3 {
				return failing(temporal.RefusedError, "its definitions differ")
			}
			return nil
		}
		told, _, err := c.run(t, planned("a"))
		if err != nil {
			t.Error(err)
		}
		check(t, told, "hold 1", "hold 2", "hold 3", "step a 1 at 3", "close 3")
	})
	t.Run("fails if all workers have other definitions", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.holding = func(temporal.HoldInput) error { return failing(temporal.RefusedError, "its definitions differ") }
		told, _, err := c.run(t, planned("a"))
		if len(told) != temporal.MaxRefusals || resultOf(t, err).Fault != "its definitions differ" {
			t.Errorf("asked %d times: %v", len(told), err)
		}
	})
	t.Run("rests before it asks again if workers can't keep the history, and fails by that in the end", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.stepping = func(input temporal.StepInput) (temporal.StepOutput, error) {
			_ = c.CompleteActivity(c.holds[input.Placement], nil, sdk.NewApplicationError("permission denied", ""))
			return temporal.StepOutput{}, failing(temporal.LeavingError, "the worker has no place for the run any more")
		}
		began := c.Now()
		_, _, err := c.run(t, planned("a"))
		if got := resultOf(t, err); got.Fault != "permission denied" || len(c.holds) != temporal.MaxErrors {
			t.Errorf("%d workers were asked, got %+v, %v", len(c.holds), got, err)
		}
		if took := c.Now().Sub(began); took < 5*time.Minute {
			t.Errorf("the workers were asked in %s", took)
		}
	})
	t.Run("fails if the container of the run can't be opened, and cancels what is running", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.stepping = func(input temporal.StepInput) (temporal.StepOutput, error) {
			if input.Step == "b" {
				return temporal.StepOutput{}, failing(temporal.UnopenedError, "starting resource warehouse: no")
			}
			return temporal.StepOutput{Status: "cancelled", Attempt: 1}, nil
		}
		told, _, err := c.run(t, planned("a", "b", "c: a"))
		slices.Sort(told[1:4]) // activities begin in any order
		check(t, told, "hold 1", "cancel 1", "step a 1 at 1", "step b 1 at 1", "close 1")
		if resultOf(t, err).Fault != "starting resource warehouse: no" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("names a step that failed before a worker could record it", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.stepping = func(temporal.StepInput) (temporal.StepOutput, error) {
			return temporal.StepOutput{}, sdk.NewNonRetryableApplicationError("the disk is full", "other", nil)
		}
		_, _, err := c.run(t, planned("a"))
		if diff := cmp.Diff([]temporal.Refused{{Step: "a", Error: "the disk is full"}}, resultOf(t, err).Refused); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("cancels running steps when it is cancelled, begins no more, and closes", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.begun = func(temporal.StepInput) { c.CancelWorkflow() }
		told, _, err := c.run(t, planned("a", "b: a"))
		check(t, told, "hold 1", "step a 1 at 1", "cancel 1", "close 1")
		if !sdk.IsCanceledError(err) {
			t.Errorf("got %v", err)
		}
		if !c.closed[0].Cancelled {
			t.Error("the resources were not told that the run was cancelled")
		}
	})
	t.Run("ends at once when it is cancelled before a worker is there", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.holding = func(temporal.HoldInput) error {
			return failing(temporal.OccupiedError, "it closes the place that it had")
		}
		c.RegisterDelayedCallback(c.CancelWorkflow, time.Minute)
		if _, _, err := c.run(t, planned("a")); !sdk.IsCanceledError(err) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("lets running steps end when it drains, and begins no more", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.begun = func(temporal.StepInput) { c.SignalWorkflow(temporal.DrainSignal, nil) }
		told, _, err := c.run(t, planned("a", "b: a"))
		check(t, told, "hold 1", "step a 1 at 1", "close 1")
		if !resultOf(t, err).Drained {
			t.Errorf("got %v", err)
		}
	})
	t.Run("succeeds if all steps had begun when it was told to drain", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.begun = func(temporal.StepInput) { c.SignalWorkflow(temporal.DrainSignal, nil) }
		if _, result, err := c.run(t, planned("a")); err != nil || result.Drained {
			t.Errorf("got %+v, %v", result, err)
		}
	})
	t.Run("ends when a worker is lost while it closes", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.dies = true
		if _, _, err := c.run(t, planned("a")); err != nil {
			t.Error(err)
		}
	})
	t.Run("names no more than 100 errors of resources that could not be stopped", func(t *testing.T) {
		t.Parallel()
		c := newCluster(t)
		c.stepping = func(input temporal.StepInput) (temporal.StepOutput, error) {
			if input.Placement > 150 {
				return temporal.StepOutput{Status: "succeeded", Attempt: 1}, nil
			}
			_ = c.CompleteActivity(c.holds[input.Placement], temporal.HoldOutput{Error: "it stays open"}, nil)
			return temporal.StepOutput{}, failing(temporal.LeavingError, "the worker leaves")
		}
		if _, result, err := c.run(t, planned("a")); err != nil || len(result.Close) != 100 {
			t.Errorf("the result has %d errors, %v", len(result.Close), err)
		}
	})
	t.Run("executes 3,000 steps", func(t *testing.T) {
		t.Parallel()
		var steps []string
		for i := range 3000 {
			text := fmt.Sprint("s", i)
			if i >= 10 {
				text += fmt.Sprintf(": s%d", i-10)
			}
			steps = append(steps, text)
		}
		c := newCluster(t)
		c.parallel = 10
		told, _, err := c.run(t, planned(steps...))
		if err != nil || len(told) != 3002 || c.most[1] != 10 {
			t.Errorf("asked %d times, %d at once, %v", len(told), c.most[1], err)
		}
	})
}
