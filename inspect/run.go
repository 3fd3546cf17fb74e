package inspect

import (
	"context"
	"errors"
	"strings"

	"github.com/fxrun/fxrun/history"

	"github.com/fxrun/fxrun/internal/nearest"
)

// Run is one run with everything that happened in it.
type Run struct {
	// Record is the sum of the events.
	Record history.Record `json:"record"`
	// Events are the run's events, oldest first.
	Events []history.Event `json:"events"`
}

// Runs returns the records that the query asks for, newest first.
func (i *Inspector) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	found, err := i.store.Runs(ctx, query)
	return list(found), err
}

// Run returns the run that [Inspector.FindRun] finds, with its events.
func (i *Inspector) Run(ctx context.Context, id string) (Run, error) {
	record, err := i.FindRun(ctx, id)
	if err != nil {
		return Run{}, err
	}
	events, err := i.store.Events(ctx, history.EventQuery{RunID: record.ID})
	return Run{Record: record, Events: list(events)}, err
}

// FindRun finds a run by its ID or by the beginning of its ID; by "" it finds
// the run that was queued last. The error of an ID that no run has, or that
// several begin with, matches container.ErrInvalid and names the nearest IDs.
func (i *Inspector) FindRun(ctx context.Context, id string) (history.Record, error) {
	const doing = "choosing a run"
	if id == "" {
		found, err := i.store.Runs(ctx, history.RunQuery{Limit: 1})
		if err == nil && len(found) == 0 {
			err = invalid(doing, "there are no runs yet")
		}
		if err != nil {
			return history.Record{}, err
		}
		return found[0], nil
	}
	if record, err := history.Find(ctx, i.store, id); !errors.Is(err, history.ErrNotFound) {
		return record, err
	}
	all, err := i.store.Runs(ctx, history.RunQuery{OmitSteps: true})
	if err != nil {
		return history.Record{}, err
	}
	var ids, begin []string
	for _, record := range all {
		ids = append(ids, record.ID)
		if strings.HasPrefix(record.ID, id) {
			begin = append(begin, record.ID)
		}
	}
	switch len(begin) {
	case 0:
		return history.Record{}, invalid(doing, "there is no run %q%s", id, nearest.Suggestion(id, ids))
	case 1:
		return history.Find(ctx, i.store, begin[0])
	}
	return history.Record{}, invalid(doing, "%d runs begin with %q: %s", len(begin), id, strings.Join(begin[:min(len(begin), 5)], ", "))
}
