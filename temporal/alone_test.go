package temporal_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	common "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
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

// busy is a client of a Temporal where a workflow waits for a worker at each look.
type busy struct {
	client.Client
	client.WorkflowRun
	since func() time.Time // from which it waits
}

func (b busy) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	return b, nil
}

func (b busy) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{PendingWorkflowTask: &workflowpb.PendingWorkflowTaskInfo{
		State: enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED, ScheduledTime: timestamppb.New(b.since()),
	}}, nil
}

// Get returns after some minutes.
func (b busy) Get(context.Context, any) error {
	time.Sleep(5 * time.Minute)
	return nil
}

func (b busy) GetID() string { return "busy" }
func (b busy) Close()        {}

func TestALogSaysThatItsRunWaitsForAWorker(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		moves bool
		want  int
	}{
		"once, if it waits for the same thing all the time":   {false, 1},
		"not if it waits for something else at the next look": {true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				launcher, cluster, closeAll, err := (program{
					Folder: t.TempDir(), Address: "temporal.invalid:7233", Queue: "test", Heartbeat: 10 * time.Second, MaxRuns: 1,
					store: history.NewMemoryStore(), locker: locks.NewMemory(),
				}).newLauncher(nil)
				if err != nil {
					t.Fatal(err)
				}
				defer func() {
					if err := closeAll(); err != nil {
						t.Error(err)
					}
				}()
				began := time.Now()
				temporal.Use(cluster, busy{since: func() time.Time {
					if test.moves {
						return time.Now()
					}
					return began
				}})
				run, err := launcher.Launch(t.Context(), runs.Request{Selection: "small"})
				if err != nil {
					t.Fatal(err)
				}
				_ = run.Wait(t.Context()) // which fails, since no worker has executed the step
				events, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: run.ID(), Types: []history.EventType{history.TypeLogWritten}})
				if err != nil || len(events) != test.want {
					t.Errorf("the log has %d lines, %v", len(events), err)
				}
			})
		})
	}
}
