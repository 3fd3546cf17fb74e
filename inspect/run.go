package inspect

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/history"

	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/runs"
)

// Runs returns the records that the query asks for, newest first.
func (i *Inspector) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	found, err := i.store.Runs(ctx, query)
	return list(found), err
}

// Events yields the events of a run, oldest first. It keeps only one page of events
// in memory, since a run may have millions of them. An error ends the sequence: see
// [history.EachEvent].
func (i *Inspector) Events(ctx context.Context, run string) iter.Seq2[history.Event, error] {
	return history.EachEvent(ctx, i.store, history.EventQuery{RunID: run})
}

// StepValues returns what the steps of a run have materialized.
func (i *Inspector) StepValues(ctx context.Context, run string) (StepValues, error) {
	values := make(StepValues)
	query := history.EventQuery{RunID: run, Types: []history.EventType{history.TypeAssetMaterialized}}
	for event, err := range history.EachEvent(ctx, i.store, query) {
		if err != nil {
			return nil, err
		}
		if value, ok := event.Data.(history.AssetMaterialized); ok {
			values.Add(value)
		}
	}
	return values, nil
}

// Retries returns the IDs of the runs that repeat a run, oldest first.
func (i *Inspector) Retries(ctx context.Context, run string) ([]string, error) {
	ids, err := i.runIDs(ctx, history.RunQuery{Tags: map[string]string{runs.TagRetryOf: run}})
	slices.Reverse(ids)
	return ids, err
}

const (
	// shownIDs is the largest number of IDs with the same beginning that an error
	// shows.
	shownIDs = 5
	// comparedIDs is how many of the newest runs may be suggested for an unknown
	// ID.
	comparedIDs = 500
)

// FindRun finds a run by its ID or by the beginning of its ID. For "" it finds the
// run that was queued last. If no run or several runs have an ID with this
// beginning, the error matches container.ErrInvalid and names the nearest IDs.
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
	begin, err := i.runIDs(ctx, history.RunQuery{IDPrefix: id, Limit: shownIDs + 1})
	if err != nil {
		return history.Record{}, err
	}
	switch {
	case len(begin) == 1:
		return history.Find(ctx, i.store, begin[0])
	case len(begin) > shownIDs:
		return history.Record{}, invalid(doing, "the IDs of more than %d runs begin with %q, the newest of them are %s", shownIDs, id, strings.Join(begin[:shownIDs], ", "))
	case len(begin) > 1:
		return history.Record{}, invalid(doing, "the IDs of %d runs begin with %q: %s", len(begin), id, strings.Join(begin, ", "))
	}
	ids, err := i.runIDs(ctx, history.RunQuery{Limit: comparedIDs})
	if err != nil {
		return history.Record{}, err
	}
	return history.Record{}, invalid(doing, "there is no run %q%s", id, nearest.Suggestion(id, ids))
}

func (i *Inspector) runIDs(ctx context.Context, query history.RunQuery) ([]string, error) {
	query.OmitSteps = true
	found, err := i.store.Runs(ctx, query)
	ids := make([]string, len(found))
	for n, record := range found {
		ids[n] = record.ID
	}
	return ids, err
}
