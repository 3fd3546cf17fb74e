package temporal

import (
	"context"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// lonely is a workflow that was found waiting for a worker. If a workflow waits for the same thing at two
// looks in a row, a heartbeat apart, no worker is there for it. At a single look any workflow may wait for a
// moment.
type lonely struct {
	since time.Time
	looks int // in a row that have found it; 0 for a workflow that does not wait
}

// alone looks whether a workflow waits for a worker. before is what the last look has found.
func (c *Cluster) alone(ctx context.Context, run client.WorkflowRun, before lonely) lonely {
	ctx, cancel := context.WithTimeout(ctx, c.config.Heartbeat)
	defer cancel()
	described, err := c.client.DescribeWorkflowExecution(ctx, run.GetID(), "")
	if err != nil {
		return lonely{}
	}
	since, waits := waitsForWorker(described)
	switch {
	case !waits:
		return lonely{}
	case before.looks > 0 && before.since.Equal(since):
		return lonely{since, before.looks + 1}
	}
	return lonely{since, 1}
}

// waitsForWorker reports whether a workflow can't go on without a worker that is not there, and since when it waits.
// One that has a place at a worker goes on, although it may wait for other places. The time is zero if a worker
// was there and has failed.
func waitsForWorker(described *workflowservice.DescribeWorkflowExecutionResponse) (since time.Time, waits bool) {
	if task := described.GetPendingWorkflowTask(); task.GetState() == enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED {
		if task.GetAttempt() > 1 {
			return time.Time{}, true
		}
		return task.GetScheduledTime().AsTime(), true
	}
	for _, pending := range described.GetPendingActivities() {
		if pending.GetActivityType().GetName() != holdName {
			continue
		}
		if pending.GetState() != enums.PENDING_ACTIVITY_STATE_SCHEDULED {
			return time.Time{}, false
		}
		since, waits = pending.GetScheduledTime().AsTime(), true
	}
	return since, waits
}
