package runs

import (
	"context"
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
)

// RecordedRequest returns the request to execute a run that the store has, for
// [Launcher.ExecuteRun] on a worker of a [Cluster]. Its Steps are those that have not ended. So
// no launch config has to go through the cluster.
//
// The error of an unknown run matches history.ErrNotFound. The error of a run that is not on a
// cluster, or that has ended, matches container.ErrInvalid.
func (l *Launcher) RecordedRequest(ctx context.Context, runID string) (StepRequest, error) {
	record, err := history.Find(ctx, l.config.Store, runID)
	if err != nil {
		return StepRequest{}, err
	}
	refused := func(err error) (StepRequest, error) {
		return StepRequest{}, fault.Join("executing run "+runID, fault.Of(err))
	}
	switch {
	case record.Status.Finished():
		return refused(fmt.Errorf("it has ended: it %s", endOf(record.Status)))
	case record.Cluster == (history.Cluster{}):
		return refused(errors.New("it is not on a cluster"))
	}
	queued, err := queuedAs(ctx, l.config.Store, runID)
	if err != nil {
		return StepRequest{}, err
	}
	starting, err := startingAs(ctx, l.config.Store, runID)
	if err != nil {
		return StepRequest{}, err
	}
	request := StepRequest{
		RunID: runID, Job: queued.Job, Config: queued.Config, Tags: record.Tags, Launched: record.Queued, Plan: starting.Plan, Of: queued.Steps,
	}
	if request.Job == "" {
		request.Selection = queued.Selection
	}
	asked := Request{Job: request.Job, Selection: request.Selection}
	job, err := l.wholePlan(asked)
	if err != nil {
		return refused(err)
	}
	if err := hasSteps(job.Plan, queued.Steps); err != nil {
		return refused(err)
	}
	if request.Retry, err = l.recordedRetry(ctx, record, job.Plan, queued.Steps); err != nil {
		return refused(err)
	}
	request.Steps = []string{}
	for _, step := range record.Steps {
		if !step.Status.Finished() {
			request.Steps = append(request.Steps, step.Key)
		}
	}
	return request, nil
}

// startingAs returns the event that a run has begun.
func startingAs(ctx context.Context, store history.Store, id string) (history.RunStarting, error) {
	found, err := store.Events(ctx, history.EventQuery{RunID: id, Types: []history.EventType{history.TypeRunStarting}, Limit: 1})
	if err != nil || len(found) == 0 {
		return history.RunStarting{}, err
	}
	starting, _ := found[0].Data.(history.RunStarting)
	return starting, nil
}
