package executortest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/executortest"
)

// elsewhere is an executor that has each step executed as another process would:
// by a launcher of its own, from a request that crosses as bytes, with events
// and an outcome that come back as bytes.
type elsewhere struct {
	maxParallel int
	worker      *runs.Launcher

	// What it does wrong:
	request func(*runs.StepRequest)  // to the request
	event   func(history.Event) bool // false drops an event
	outcome func(error) error        // to the outcome
	pretend bool                     // executes nothing
	dies    func(history.Event) bool // the process ends at this event
}

func (x *elsewhere) SecretsApart() bool { return false }

func (x *elsewhere) Execute(ctx context.Context, execution *runs.Execution) error {
	return execution.Schedule(ctx, x.maxParallel, func(ctx context.Context, step *assets.Step) error {
		request, err := execution.Request(step)
		if err != nil {
			return err
		}
		if x.request != nil {
			x.request(&request)
		}
		sent, err := json.Marshal(request)
		if err != nil {
			return err
		}
		if x.pretend {
			return execution.Record(ctx, history.Event{RunID: request.RunID, Data: history.StepStarted{Step: step.Key, Attempt: 1}},
				history.Event{RunID: request.RunID, Data: history.StepSucceeded{Step: step.Key}})
		}
		wire := &wire{to: execution, of: x}
		outcome := x.execute(ctx, sent, wire)
		if wire.dead {
			return errDied
		}
		var failure history.Failure
		if err := json.Unmarshal(outcome, &failure); err != nil {
			return err
		}
		err = failure.Err()
		if x.outcome != nil {
			err = x.outcome(err)
		}
		return err
	})
}

var errDied = errors.New("the process has died")

// execute is the side of the other process.
func (x *elsewhere) execute(ctx context.Context, sent []byte, wire *wire) (outcome []byte) {
	var request runs.StepRequest
	err := json.Unmarshal(sent, &request)
	if err == nil {
		err = x.worker.ExecuteStep(ctx, request, wire)
	}
	outcome, err = json.Marshal(history.FailureOf(err))
	if err != nil {
		panic(err)
	}
	return outcome
}

// wire brings events from one process to the other as bytes.
type wire struct {
	to *runs.Execution
	of *elsewhere

	mu   sync.Mutex
	dead bool
}

func (w *wire) Record(ctx context.Context, events ...history.Event) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, event := range events {
		sent, err := json.Marshal(event)
		if err != nil {
			return err
		}
		var got history.Event
		if err := json.Unmarshal(sent, &got); err != nil {
			return err
		}
		w.dead = w.dead || w.of.dies != nil && w.of.dies(got)
		if w.dead {
			return errDied
		}
		if w.of.event != nil && !w.of.event(got) {
			continue
		}
		if err := w.to.Record(ctx, got); err != nil {
			return err
		}
	}
	return nil
}

func elsewhereSubject(x elsewhere) executortest.Subject {
	x.maxParallel = max(x.maxParallel, 1)
	return executortest.Subject{Executor: &x, MaxParallel: x.maxParallel, Elsewhere: func(worker *runs.Launcher) { x.worker = worker }}
}

func TestStepsExecutedElsewhere(t *testing.T) {
	t.Parallel()
	for _, maxParallel := range []int{1, 3, 100} {
		t.Run(fmt.Sprintf("%d at once", maxParallel), func(t *testing.T) {
			t.Parallel()
			executortest.Run(t, func(*testing.T) executortest.Subject { return elsewhereSubject(elsewhere{maxParallel: maxParallel}) })
		})
	}
}

func dropping(kind history.EventType) executortest.Subject {
	return elsewhereSubject(elsewhere{event: func(event history.Event) bool { return event.Type() != kind }})
}

func requesting(change func(*runs.StepRequest)) executortest.Subject {
	return elsewhereSubject(elsewhere{request: change})
}

// brokenElsewhere are executors for the clauses that must find them out.
func brokenElsewhere() map[string][]executortest.Subject {
	unbounded := elsewhereSubject(elsewhere{maxParallel: 100})
	unbounded.MaxParallel = 2
	silent := elsewhereSubject(elsewhere{outcome: func(error) error { return nil }, event: func(event history.Event) bool {
		failed, ok := event.Data.(history.StepFailed)
		return !ok || failed.Retry
	}})
	return map[string][]executortest.Subject{
		"every step is executed once":                       {requesting(func(r *runs.StepRequest) { r.Attempt = 2 })},
		"no more steps than the bound are executed at once": {unbounded},
		"the errors of all steps that failed are returned":  {silent},
		"a panic is the failure of its step":                {silent},
		"a run without failures returns no error":           {requesting(func(r *runs.StepRequest) { r.Plan = "another" })},
		"a value is stored for the steps that need it": {
			elsewhereSubject(elsewhere{pretend: true}), dropping(history.TypeAssetMaterialized), requesting(func(r *runs.StepRequest) { r.Selection = "taken" }),
		},
		"a step is tried again as its retries say": {requesting(func(r *runs.StepRequest) { r.Attempt = 2 }), elsewhereSubject(elsewhere{pretend: true})},
		"a step is told of its run": {
			requesting(func(r *runs.StepRequest) { r.Tags = nil }), requesting(func(r *runs.StepRequest) { r.Config = nil }),
			requesting(func(r *runs.StepRequest) { r.Launched = time.Time{} }), requesting(func(r *runs.StepRequest) { r.RunID = "another" }),
		},
		"what a step says is recorded": {
			dropping(history.TypeLogWritten), dropping(history.TypeStepProgress), dropping(history.TypeAssetMaterialized),
		},
		"what is started for a step is stopped": {dropping(history.TypeResourceStopped), dropping(history.TypeResourceStarted)},
	}
}
