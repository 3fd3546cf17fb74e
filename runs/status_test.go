package runs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/runs"
)

func TestStatusCanBecome(t *testing.T) {
	t.Parallel()
	all := []runs.Status{
		"", runs.StatusQueued, runs.StatusStarting, runs.StatusRunning,
		runs.StatusSucceeded, runs.StatusFailed, runs.StatusCancelled, "nonsense",
	}
	got := make(map[runs.Status][]runs.Status)
	for _, from := range all {
		for _, to := range all {
			if from.CanBecome(to) {
				got[from] = append(got[from], to)
			}
		}
	}
	want := map[runs.Status][]runs.Status{
		"":                  {runs.StatusQueued},
		runs.StatusQueued:   {runs.StatusStarting, runs.StatusFailed, runs.StatusCancelled},
		runs.StatusStarting: {runs.StatusRunning, runs.StatusFailed, runs.StatusCancelled},
		runs.StatusRunning:  {runs.StatusSucceeded, runs.StatusFailed, runs.StatusCancelled},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("transitions differ (-want +got):\n%s", diff)
	}
	for _, status := range all {
		if status.Finished() && len(got[status]) > 0 {
			t.Errorf("%s is finished and can become %s", status, got[status])
		}
	}
}

func TestStepStatusCanBecome(t *testing.T) {
	t.Parallel()
	all := []runs.StepStatus{
		"", runs.StepStatusPending, runs.StepStatusRunning, runs.StepStatusSucceeded,
		runs.StepStatusFailed, runs.StepStatusSkipped, runs.StepStatusCancelled,
	}
	got := make(map[runs.StepStatus][]runs.StepStatus)
	for _, from := range all {
		for _, to := range all {
			if from.CanBecome(to) {
				got[from] = append(got[from], to)
			}
		}
	}
	want := map[runs.StepStatus][]runs.StepStatus{
		runs.StepStatusPending: {runs.StepStatusRunning, runs.StepStatusSkipped, runs.StepStatusCancelled},
		runs.StepStatusRunning: {runs.StepStatusPending, runs.StepStatusSucceeded, runs.StepStatusFailed, runs.StepStatusCancelled},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("transitions differ (-want +got):\n%s", diff)
	}
	for _, status := range all {
		if status.Finished() && len(got[status]) > 0 {
			t.Errorf("%s is finished and can become %s", status, got[status])
		}
	}
}
