package client

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server/api"
)

// Runs returns the runs that the query asks for, newest first. It asks for as many pages as
// that needs.
func (c *Client) Runs(ctx context.Context, query history.RunQuery) ([]inspect.RunDetail, error) {
	if query.ID != "" {
		return c.oneRun(ctx, query)
	}
	const page = 1000
	found, left := []inspect.RunDetail{}, query.Limit
	for {
		asked := page
		if query.Limit > 0 {
			asked = min(left, page)
		}
		var next api.RunPage
		if err := c.get(ctx, "/runs", runsQuery(query, asked), &next); err != nil {
			return nil, err
		}
		found, left = append(found, next.Runs...), left-len(next.Runs)
		if next.Next == "" || query.Limit > 0 && left <= 0 {
			return found, nil
		}
		query.Before = next.Next
	}
}

// oneRun returns the run with the ID of the query if it fits the rest of the query.
func (c *Client) oneRun(ctx context.Context, query history.RunQuery) ([]inspect.RunDetail, error) {
	if query.Job != "" || query.IDPrefix != "" || query.Before != "" || len(query.Statuses) > 0 || len(query.Tags) > 0 || !query.QueuedFrom.IsZero() || !query.QueuedBefore.IsZero() {
		return nil, errors.New("a server is asked for the run with an ID, or for the runs with other properties, not for both")
	}
	run, err := c.Run(ctx, query.ID)
	if errors.Is(err, history.ErrNotFound) || statusOf(err) == 404 || err == nil && run.ID != query.ID {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []inspect.RunDetail{run}, nil
}

func statusOf(err error) int {
	if refused, ok := errors.AsType[*Error](err); ok {
		return refused.Problem.Status
	}
	return 0
}

func runsQuery(query history.RunQuery, limit int) url.Values {
	values := url.Values{"limit": {strconv.Itoa(limit)}, "steps": {strconv.FormatBool(!query.OmitSteps)}}
	for name, text := range map[string]string{"job": query.Job, "id": query.IDPrefix, "before": query.Before} {
		if text != "" {
			values.Set(name, text)
		}
	}
	for _, status := range query.Statuses {
		values.Add("status", string(status))
	}
	for name, value := range query.Tags {
		values.Add("tag", name+"="+value)
	}
	for name, at := range map[string]time.Time{"from": query.QueuedFrom, "to": query.QueuedBefore} {
		if !at.IsZero() {
			values.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	return values
}

// Store reads the runs of the server, and the events of each run. It refuses to append, and
// to read events without a run.
func (c *Client) Store() history.Store { return store{c} }

type store struct{ client *Client }

var errReadOnly = errors.New("the history of a server can only be read: it changes by launches and cancellations")

func (s store) Append(context.Context, ...history.Event) ([]history.Event, error) {
	return nil, errReadOnly
}

func (s store) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	runs, err := s.client.Runs(ctx, query)
	records := make([]history.Record, len(runs))
	for i, run := range runs {
		records[i] = run.Record
	}
	return records, err
}

func (s store) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	if query.RunID == "" || query.Asset != "" || query.Before != (history.Place{}) {
		return nil, errors.New("a server is asked only for the events of a run")
	}
	const page = 10_000
	found := []history.Event{}
	for {
		values := url.Values{"after": {strconv.FormatInt(query.AfterSeq, 10)}, "limit": {strconv.Itoa(page)}}
		if query.Limit > 0 {
			values.Set("limit", strconv.Itoa(min(query.Limit-len(found), page)))
		}
		for _, kind := range query.Types {
			values.Add("type", string(kind))
		}
		var next api.EventPage
		if err := s.client.get(ctx, "/runs/"+url.PathEscape(query.RunID)+"/events", values, &next); err != nil {
			return nil, err
		}
		found = slices.Concat(found, next.Events)
		if !next.More || query.Limit > 0 && len(found) >= query.Limit {
			return found, nil
		}
		query.AfterSeq = next.Next
	}
}
