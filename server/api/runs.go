package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/timerange"
)

// RunPage is a part of the list of runs.
type RunPage struct {
	// Runs are the runs, newest first.
	Runs []inspect.RunDetail `json:"runs"`
	// Next is the value of the parameter before for the next page. It is "" for the last one.
	Next string `json:"next,omitempty"`
}

type runsQuery struct {
	Job    string   `query:"job" doc:"the name of the job of the runs"`
	Status []string `query:"status" doc:"a status; several mean any of them"`
	Tag    []string `query:"tag" doc:"a tag as name=value; several mean all of them"`
	From   string   `query:"from" doc:"only runs that were queued then or later: a time as 2026-01-31T15:04:05Z, or a day in UTC"`
	To     string   `query:"to" doc:"only runs that were queued before: a time as 2026-01-31T15:04:05Z, or a day in UTC with its end"`
	ID     string   `query:"id" doc:"the beginning of the IDs"`
	Before string   `query:"before" doc:"the ID of a run: only older runs are listed"`
	Limit  int      `query:"limit" doc:"the largest number of runs, from 1 to 1000; the default is 50"`
	Steps  bool     `query:"steps" doc:"whether the runs have their steps"`
}

var statuses = []string{
	string(history.StatusQueued), string(history.StatusStarting), string(history.StatusRunning),
	string(history.StatusSucceeded), string(history.StatusFailed), string(history.StatusCancelled),
}

func (q runsQuery) store() (history.RunQuery, error) {
	query := history.RunQuery{Job: q.Job, IDPrefix: q.ID, Before: q.Before, OmitSteps: !q.Steps}
	var faults []error
	for _, text := range q.Status {
		status := history.Status(text)
		if !status.Finished() && !status.CanBecome(history.StatusFailed) {
			faults = append(faults, fmt.Errorf("status: there is no status %q%s", text, nearest.Suggestion(text, statuses)))
		}
		query.Statuses = append(query.Statuses, status)
	}
	for _, text := range q.Tag {
		name, value, ok := strings.Cut(text, "=")
		if _, twice := query.Tags[name]; !ok || name == "" || twice {
			faults = append(faults, fmt.Errorf("tag: %q must have the form name=value, with another name than the other tags", text))
			continue
		}
		if query.Tags == nil {
			query.Tags = make(map[string]string)
		}
		query.Tags[name] = value
	}
	within, err := timerange.Parse(q.From, q.To, time.UTC)
	query.QueuedFrom, query.QueuedBefore = within.From, within.To
	if err := fault.Join("reading the query", append(faults, fault.Of(err)...)); err != nil {
		return query, &statusError{err, http.StatusBadRequest}
	}
	return query, nil
}

func (a *API) runs(c call[runsQuery]) (RunPage, error) {
	limit, limitErr := limitOf(c.query.Limit, usualItems, mostItems, c.has("limit"))
	query, err := c.query.store()
	if err = errors.Join(limitErr, err); err != nil {
		return RunPage{}, err
	}
	query.Limit = limit + 1
	found, err := a.details(c.Context(), query)
	if errors.Is(err, history.ErrNotFound) {
		return RunPage{}, &statusError{invalid("reading the query", "before: there is no run %q", query.Before), http.StatusBadRequest}
	}
	page := RunPage{Runs: found}
	if len(found) > limit {
		page.Runs, page.Next = found[:limit], found[limit-1].ID
	}
	return page, err
}

func (a *API) details(ctx context.Context, query history.RunQuery) ([]inspect.RunDetail, error) {
	records, err := a.inspect.Runs(ctx, query)
	list := make([]inspect.RunDetail, len(records))
	for i, record := range records {
		list[i] = inspect.DescribeRun(ctx, a.config.Launcher, record)
	}
	return list, err
}

// find finds the run of the path, by the beginning of its ID.
func (a *API) find(r *http.Request) (history.Record, error) {
	record, err := a.inspect.FindRun(r.Context(), r.PathValue("id"))
	return record, unknown(err)
}

// wholeID finds the run of the path, which must name it by its whole ID: a run that is
// changed is not to depend on which other runs there are.
func (a *API) wholeID(r *http.Request) (history.Record, error) {
	record, err := a.find(r)
	if err == nil && record.ID != r.PathValue("id") {
		return record, &statusError{invalid("choosing a run", "give the whole ID of the run, %s", record.ID), http.StatusNotFound}
	}
	return record, err
}

func (a *API) run(c call[noQuery]) (inspect.RunDetail, error) {
	record, err := a.find(c.Request)
	if err != nil {
		return inspect.RunDetail{}, err
	}
	return inspect.DescribeRun(c.Context(), a.config.Launcher, record), nil
}

// EventPage is a part of the events of a run.
type EventPage struct {
	// Events are the events, oldest first.
	Events []history.Event `json:"events"`
	// Next is the value of the parameter after for the next page.
	Next int64 `json:"next"`
	// More says that there are more events now.
	More bool `json:"more"`
}

type eventsQuery struct {
	After int64    `query:"after" doc:"the sequence number after which to begin"`
	Limit int      `query:"limit" doc:"the largest number of events, from 1 to 10000; the default is 1000"`
	Type  []string `query:"type" doc:"a type of events; several mean any of them"`
}

const usualEvents, mostEvents = 1000, 10_000

func (a *API) events(c call[eventsQuery]) (EventPage, error) {
	limit, err := limitOf(c.query.Limit, usualEvents, mostEvents, c.has("limit"))
	if err != nil {
		return EventPage{}, err
	}
	record, err := a.find(c.Request)
	if err != nil {
		return EventPage{}, err
	}
	query := history.EventQuery{RunID: record.ID, AfterSeq: c.query.After, Limit: limit + 1}
	for _, name := range c.query.Type {
		query.Types = append(query.Types, history.EventType(name))
	}
	events, err := a.config.Launcher.Store().Events(c.Context(), query)
	page := EventPage{Events: append([]history.Event{}, events...), Next: c.query.After}
	if page.More = len(events) > limit; page.More {
		page.Events = page.Events[:limit]
	}
	if last := len(page.Events) - 1; last >= 0 {
		page.Next = page.Events[last].Seq
	}
	return page, err
}

type logQuery struct {
	After    int64  `query:"after" doc:"the sequence number after which to begin"`
	Limit    int    `query:"limit" doc:"the largest number of events, from 1 to 10000; the default is 1000"`
	Step     string `query:"step" doc:"the key of a step, whose events alone are shown"`
	Level    string `query:"level" doc:"the lowest level of log lines: debug, info, warn or error; from warn on, other events are shown only if they tell of a failure"`
	Text     string `query:"text" doc:"a text that the events contain"`
	Progress bool   `query:"progress" doc:"also the progress of steps, in histories that keep it"`
}

func (a *API) log(c call[logQuery]) (inspect.LogPage, error) {
	limit, err := limitOf(c.query.Limit, usualEvents, mostEvents, c.has("limit"))
	if err != nil {
		return inspect.LogPage{}, err
	}
	level := slog.LevelDebug
	if c.query.Level != "" && level.UnmarshalText([]byte(c.query.Level)) != nil {
		return inspect.LogPage{}, &statusError{invalid("reading the query", "level: it must be debug, info, warn or error, not %q", c.query.Level), http.StatusBadRequest}
	}
	record, err := a.find(c.Request)
	if err != nil {
		return inspect.LogPage{}, err
	}
	return a.inspect.Log(c.Context(), inspect.LogQuery{
		Run: record.ID, After: c.query.After, Limit: limit, Step: c.query.Step, Level: level, Text: c.query.Text, Progress: c.query.Progress,
	})
}

func (a *API) timeline(c call[noQuery]) (*inspect.Timeline, error) {
	record, err := a.find(c.Request)
	if err != nil {
		return nil, err
	}
	return a.inspect.Timeline(c.Context(), record)
}

// CancelRequest asks a run to stop.
type CancelRequest struct {
	Reason string `json:"reason,omitempty" jsonschema:"a text for people"`
	// By names who asks, as in ann@build7.
	By string `json:"by,omitempty" jsonschema:"who asks, as in ann@build7"`
	// Drain is how long running steps may go on, a duration such as "30s".
	Drain string `json:"drain,omitempty" jsonschema:"start no more steps, and let running ones go on for this duration, such as 30s; without it they are cancelled at once"`
}

func (a *API) cancel(r *http.Request, body CancelRequest) (inspect.RunDetail, error) {
	record, err := a.wholeID(r)
	if err != nil {
		return inspect.RunDetail{}, err
	}
	request := history.RunCancelRequested{Reason: body.Reason, By: body.By}
	if request.Reason == "" {
		request.Reason = "by the API"
	}
	if body.Drain != "" {
		if request.Within, err = time.ParseDuration(body.Drain); err != nil || request.Within < 0 {
			return inspect.RunDetail{}, invalid(readingBody, "drain: it must be a duration such as 5s or 1m30s, not %q", body.Drain)
		}
	}
	if err := a.config.Launcher.RequestCancel(r.Context(), record, request); err != nil {
		return inspect.RunDetail{}, err
	}
	a.audit(r, "cancel", "run", record.ID, "reason", request.Reason, "drain", request.Within)
	if record, err = history.Find(r.Context(), a.config.Launcher.Store(), record.ID); err != nil {
		return inspect.RunDetail{}, err
	}
	return inspect.DescribeRun(r.Context(), a.config.Launcher, record), nil
}
