package temporal_test

import (
	"context"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// mute is a client of a Temporal that takes heartbeats, and answers nothing else.
type mute struct{ client.Client }

func (mute) RecordActivityHeartbeat(context.Context, []byte, ...any) error { return nil }

func (mute) SignalWorkflow(ctx context.Context, _, _, _ string, _ any) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestAPlaceIsGivenUpOfWhichTemporalCannotBeTold(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	const id = "default-test-workflow-id" // of the workflow that the environment pretends
	s.launch(runs.Request{ID: id, Selection: "small"})
	s.await("the beginning of the run", func() bool { return s.record(id).Status == history.StatusRunning })
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(temporal.Hold(mute{}, s.launcher), activity.RegisterOptions{Name: temporal.HoldName})
	ended := make(chan error, 1)
	go func() {
		_, err := env.ExecuteActivity(temporal.HoldName, temporal.HoldInput{Placement: 1, Heartbeat: 100 * time.Millisecond})
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("the place is held although nobody knows of it")
	}
}
