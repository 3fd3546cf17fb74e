package ui

import (
	"log/slog"
	"net/http"
	"strconv"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// logPart is a part of the log of a run.
type logPart struct {
	Run               string
	Lines             []logLine
	Step, Level, Text string
	Stream            string // "stdout" or "stderr" of the processes of steps; "" for all lines
	Steps             []string
	Earlier           string // the address of the beginning of the log; "" if it is shown
	Next              string // the address of the next page; "" at the end
	Follow            bool   // whether more lines come
}

const linesOnPage = 200

func (p *Pages) logPart(r *http.Request, record history.Record) (logPart, error) {
	part := logPart{Run: record.ID, Step: r.FormValue("step"), Level: r.FormValue("level"), Text: trimmed(r, "text"), Stream: r.FormValue("stream"), Follow: !record.Status.Finished()}
	for _, step := range record.Steps {
		part.Steps = append(part.Steps, step.Key)
	}
	query := logQuery(r, record.ID)
	if !part.isFiltered() && r.FormValue("after") == "" && record.Seq > linesOnPage { // the end says most
		query.After = record.Seq - linesOnPage
		part.Earlier = p.url("/runs/"+escapedKey(record.ID)+"/log", "after", "0")
	}
	page, err := p.inspect.Log(r.Context(), query)
	if err != nil {
		return logPart{}, err
	}
	for _, event := range page.Events {
		part.Lines = append(part.Lines, lineOf(event))
	}
	if page.More {
		part.Next = p.url("/runs/"+escapedKey(record.ID)+"/log", "step", part.Step, "level", part.Level, "text", part.Text, "stream", part.Stream, "after", strconv.FormatInt(page.Next, 10))
	}
	return part, nil
}

func (l logPart) isFiltered() bool {
	return l.Step != "" || l.Level != "" || l.Text != "" || l.Stream != ""
}

// logQuery returns the query for the lines that the address asks for.
func logQuery(r *http.Request, run string) inspect.LogQuery {
	after, _ := strconv.ParseInt(r.FormValue("after"), 10, 64)
	return inspect.LogQuery{
		Run: run, After: max(0, after), Limit: linesOnPage, Step: r.FormValue("step"), Text: trimmed(r, "text"), Stream: r.FormValue("stream"), Level: levelOf(r.FormValue("level")),
	}
}

func levelOf(name string) slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(name)) != nil {
		return slog.LevelInfo
	}
	return level
}

// runLog shows the next part of the log.
func (p *Pages) runLog(r *http.Request) (view, error) {
	record, err := p.inspect.FindRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	part, err := p.logPart(r, record)
	if err != nil {
		return view{}, err
	}
	return p.partOrPage(r, view{
		Template: "part-log-lines", Title: "Log of run " + shortID(record.ID), Nav: "/runs",
		Crumbs: []link{{"Runs", p.url("/runs")}, {shortID(record.ID), p.url("/runs/", record.ID)}}, Data: part,
	}), nil
}
