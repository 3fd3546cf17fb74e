package temporal_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/temporal"
)

// losing is a network between a worker and Temporal on which the first order to execute an activity
// with a name is lost, after Temporal has sent it.
type losing struct {
	name string
	lost atomic.Bool
}

func (l *losing) pass(ctx context.Context, method string, asked, answer any, at *grpc.ClientConn, call grpc.UnaryInvoker, options ...grpc.CallOption) error {
	if err := call(ctx, method, asked, answer, at, options...); err != nil {
		return err
	}
	task, ok := answer.(*workflowservice.PollActivityTaskQueueResponse)
	if ok && task.GetActivityType().GetName() == l.name && l.lost.CompareAndSwap(false, true) {
		proto.Reset(task)
	}
	return nil
}

func TestAnOrderThatIsLostOnItsWayToAWorkerIsGivenAgain(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]string{
		"to hold a place": temporal.HoldName, "to execute a step": temporal.StepName,
		"to close the run": temporal.CloseName, "to cancel the steps": temporal.CancelName,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, nil)
			network := &losing{name: order}
			reached, err := client.NewLazyClient(client.Options{
				HostPort: s.Address, ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(network.pass)}},
			})
			if err != nil {
				t.Fatal(err)
			}
			temporal.Use(s.cluster, reached)
			defer s.startWork()()
			if order == temporal.CancelName {
				s.touch("hold-other")
				run := s.launch(runs.Request{Selection: "other"})
				s.awaitNote("began other", 1)
				run.Cancel("Ann says so")
				if err := run.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
					t.Errorf("got %v", err)
				}
				s.awaitNote("cancelled other", 1)
			} else {
				run := s.launch(runs.Request{Selection: "other"})
				if err := run.Wait(t.Context()); err != nil {
					t.Error(err)
				}
				if status := s.record(run.ID()).Status; status != history.StatusSucceeded || len(s.notes("began other")) != 1 || len(s.notes("closed")) != 1 {
					t.Errorf("the run has %s, and the notes are %q", status, s.notes(""))
				}
			}
			if !network.lost.Load() {
				t.Error("no order was lost")
			}
		})
	}
}
