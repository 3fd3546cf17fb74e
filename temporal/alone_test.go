package temporal_test

import (
	"testing"

	common "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/fxrun/fxrun/temporal"
)

func TestARunWaitsForAWorkerUnlessItHasAPlace(t *testing.T) {
	t.Parallel()
	activity := func(name string, state enums.PendingActivityState) *workflowpb.PendingActivityInfo {
		return &workflowpb.PendingActivityInfo{ActivityType: &common.ActivityType{Name: name}, State: state}
	}
	const (
		scheduled       = enums.PENDING_ACTIVITY_STATE_SCHEDULED
		started         = enums.PENDING_ACTIVITY_STATE_STARTED
		cancelRequested = enums.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED
	)
	for name, test := range map[string]struct {
		activities []*workflowpb.PendingActivityInfo
		task       enums.PendingWorkflowTaskState
		want       bool
	}{
		"with no task at all":                           {},
		"with a task of the workflow that nobody takes": {task: enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED, want: true},
		"with a task of the workflow under way":         {task: enums.PENDING_WORKFLOW_TASK_STATE_STARTED},
		"with a place that nobody takes": {
			activities: []*workflowpb.PendingActivityInfo{activity(temporal.HoldName, scheduled)}, want: true,
		},
		"with its place": {
			activities: []*workflowpb.PendingActivityInfo{activity(temporal.StepName, scheduled), activity(temporal.HoldName, started)},
		},
		"with the first of two places": {
			activities: []*workflowpb.PendingActivityInfo{activity(temporal.HoldName, scheduled), activity(temporal.HoldName, started)},
		},
		"with a place that it leaves, and one that nobody takes": {
			activities: []*workflowpb.PendingActivityInfo{activity(temporal.HoldName, cancelRequested), activity(temporal.HoldName, scheduled)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			described := &workflowservice.DescribeWorkflowExecutionResponse{PendingActivities: test.activities}
			if test.task != enums.PENDING_WORKFLOW_TASK_STATE_UNSPECIFIED {
				described.PendingWorkflowTask = &workflowpb.PendingWorkflowTaskInfo{State: test.task}
			}
			if got := temporal.WaitsForWorker(described); got != test.want {
				t.Errorf("it waits for a worker: %t, want %t", got, test.want)
			}
		})
	}
}
