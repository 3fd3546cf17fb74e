package history_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

func TestStatusCanBecome(t *testing.T) {
	t.Parallel()
	all := []history.Status{
		"", history.StatusQueued, history.StatusStarting, history.StatusRunning,
		history.StatusSucceeded, history.StatusFailed, history.StatusCancelled, "nonsense",
	}
	got := make(map[history.Status][]history.Status)
	for _, from := range all {
		for _, to := range all {
			if from.CanBecome(to) {
				got[from] = append(got[from], to)
			}
		}
	}
	want := map[history.Status][]history.Status{
		"":                     {history.StatusQueued},
		history.StatusQueued:   {history.StatusStarting, history.StatusFailed, history.StatusCancelled},
		history.StatusStarting: {history.StatusRunning, history.StatusFailed, history.StatusCancelled},
		history.StatusRunning:  {history.StatusSucceeded, history.StatusFailed, history.StatusCancelled},
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
	all := []history.StepStatus{
		"", history.StepStatusPending, history.StepStatusRunning, history.StepStatusSucceeded,
		history.StepStatusFailed, history.StepStatusSkipped, history.StepStatusCancelled,
	}
	got := make(map[history.StepStatus][]history.StepStatus)
	for _, from := range all {
		for _, to := range all {
			if from.CanBecome(to) {
				got[from] = append(got[from], to)
			}
		}
	}
	want := map[history.StepStatus][]history.StepStatus{
		history.StepStatusPending: {history.StepStatusRunning, history.StepStatusSkipped, history.StepStatusCancelled},
		history.StepStatusRunning: {history.StepStatusPending, history.StepStatusSucceeded, history.StepStatusFailed, history.StepStatusCancelled},
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
