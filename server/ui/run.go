package ui

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/quantity"
	"github.com/fxrun/fxrun/runs"
)

// runPage is the page of a run. Its head, its faults and its timeline change while the run
// goes on.
type runPage struct {
	Head   runHead
	Faults []runFault
	Gantt  gantt
	Log    logPart
	Values *table
	// Config is the config that the run has used if Resolved is true, or else what the launch
	// gave.
	Config   *table
	Resolved bool
	Omitted  int // how many fields the history had no place for
	Live     bool
}

// longestSelection is how much of its selection the page of a run shows, in letters. The page
// of a launch like it has it all.
const longestSelection = 2000

type runHead struct {
	Record      history.Record
	Status      badge
	Facts       []fact
	CanCancel   bool
	CanRetry    bool
	FailedSteps int
	ReadOnly    bool
}

func (p *Pages) run(r *http.Request) (view, error) {
	record, err := p.inspect.FindRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	timeline, err := p.inspect.Timeline(r.Context(), record)
	if err != nil {
		return view{}, err
	}
	page := runPage{
		Head: p.runHead(r.Context(), record, time.Now()), Faults: faultsOf(record, timeline), Gantt: p.gantt(record.ID, timeline, zoomOf(r), time.Now()),
		Live: !record.Status.Finished(),
	}
	if page.Log, err = p.logPart(r, record); err != nil {
		return view{}, err
	}
	if page.Values, err = p.valueTable(r, record.ID); err != nil {
		return view{}, err
	}
	resolved, err := p.inspect.RunConfig(r.Context(), record.ID)
	if err != nil {
		return view{}, err
	}
	page.Resolved, page.Omitted = resolved.Known, resolved.Omitted
	if page.Config = givenTable(record.Config); resolved.Known {
		page.Config = resolvedTable(resolved)
	}
	page.Config.sort(r)
	crumbs := []link{{"Runs", p.url("/runs")}}
	if record.Job != "" {
		crumbs = append(crumbs, link{record.Job, p.url("/jobs/", record.Job)})
	}
	return view{Template: "run", Title: "Run " + shortID(record.ID), Nav: "/runs", Crumbs: crumbs, Data: page}, nil
}

func (p *Pages) gantt(run string, timeline *inspect.Timeline, asked zoomQuery, now time.Time) gantt {
	return newGantt(run, timeline, now, asked,
		func(key string) string { return "?" + "step=" + queryEscaped(key) + "#log" },
		func(key string) string { return p.url("/resources/", key) })
}

func (p *Pages) runHead(ctx context.Context, record history.Record, now time.Time) runHead {
	detail := inspect.DescribeRun(ctx, p.config.Launcher, record)
	head := runHead{
		Record: record, Status: stateBadge(detail), ReadOnly: p.config.ReadOnly,
		CanCancel: !record.Status.Finished() && record.CancelRequested.IsZero(), CanRetry: record.Status.Finished(),
	}
	what := fact{Name: "Selection", Text: cut(record.Selection, longestSelection), Mono: true}
	if record.Job != "" {
		what = fact{Name: "Job", Links: []link{{record.Job, p.url("/jobs/", record.Job)}}}
	}
	counts := make(map[history.StepStatus]int)
	for _, step := range record.Steps {
		counts[step.Status]++
	}
	head.FailedSteps = counts[history.StepStatusFailed] + counts[history.StepStatusSkipped] + counts[history.StepStatusCancelled]
	var steps []string
	for _, status := range []history.StepStatus{
		history.StepStatusSucceeded, history.StepStatusRunning, history.StepStatusFailed, history.StepStatusPending, history.StepStatusSkipped, history.StepStatusCancelled,
	} {
		if n := counts[status]; n > 0 {
			steps = append(steps, countText(int64(n))+" "+string(status))
		}
	}
	head.Facts = []fact{
		what,
		{Name: "Started", Time: startOf(record)},
		{Name: "Waits for", Text: detail.WaitsFor},
		{Name: "Took", Text: durationText(tookOf(record, now))},
		{Name: "Steps", Text: strings.Join(steps, ", ")},
		{Name: "Tags", Text: tagsText(record.Tags)},
		{Name: "Owner", Text: record.Owner, Mono: true},
	}
	head.Facts = append(head.Facts, clusterFacts(detail)...)
	for _, left := range record.Left {
		left.Worker = inspect.WorkerText(left.Worker)
		head.Facts = append(head.Facts, fact{Name: "Left behind", Text: left.String()})
	}
	if of := record.Tags[runs.TagRetryOf]; of != "" {
		head.Facts = append(head.Facts, fact{Name: "Repeats", Links: []link{{shortID(of), p.url("/runs/", of)}}})
	}
	if retries, err := p.inspect.Retries(ctx, record.ID); err == nil && len(retries) > 0 {
		repeated := fact{Name: "Repeated by"}
		for _, id := range retries {
			repeated.Links = append(repeated.Links, link{shortID(id), p.url("/runs/", id)})
		}
		head.Facts = append(head.Facts, repeated)
	}
	head.Facts = slices.DeleteFunc(head.Facts, func(f fact) bool { return f.Text == "" && len(f.Links) == 0 && f.Time.IsZero() })
	return head
}

// clusterFacts says where a run is executed that does not end with its process.
func clusterFacts(run inspect.RunDetail) []fact {
	if run.Cluster == (history.Cluster{}) {
		return nil
	}
	cluster := fact{Name: "Cluster", Text: inspect.ClusterText(run.Cluster)}
	if page := inspect.ClusterPage(run.Cluster); page != "" {
		cluster = fact{Name: "Cluster", Links: []link{{cluster.Text, page}}}
	}
	facts := []fact{cluster}
	if run.GoesOn() {
		facts = append(facts, fact{
			Name: "Launcher", Text: "gone; the run goes on in " + run.Cluster.Name + ", and the next process that executes runs there takes it over",
		})
	}
	return facts
}

// resolvedTable lists the fields of the config that a run has used.
func resolvedTable(config inspect.RunConfig) *table {
	t := newTable("The run had no config.", "field", "value", "from")
	for _, part := range config.Parts {
		for _, field := range part.Fields {
			name, value := mono(field.Path), mono(field.Value)
			name.Small = strings.Replace(strings.TrimPrefix(part.Of, "resources."), "steps.", "step ", 1)
			switch {
			case field.Secret && field.Set:
				value.Text = "••••••"
			case field.Secret:
				value.Text = "not set"
			case field.Cut:
				value.Text += "…"
			}
			t.add(name, value, labels(field.From))
		}
	}
	return t
}

// givenTable lists the fields that a launch gave.
func givenTable(config json.RawMessage) *table {
	t := newTable("The launch gave no config.", "field", "value")
	for _, row := range givenConfig(config) {
		t.add(mono(row.Path), mono(row.Value))
	}
	return t
}

// valueTable lists what the steps of a run have materialized.
func (p *Pages) valueTable(r *http.Request, run string) (*table, error) {
	values, err := p.inspect.StepValues(r.Context(), run)
	if err != nil {
		return nil, err
	}
	t := newTable("", "asset", ">rows", ">size", "metadata")
	for _, step := range sortedKeys(values) {
		for _, value := range values[step] {
			count, known := rowsOf(value)
			rows := right("", int64(-1))
			if known {
				rows = right(countText(count), count)
			}
			t.add(linked(value.Asset, p.url("/assets/", value.Asset)), rows, right(quantity.Size(value.Size), value.Size), text(metadataText(value.Metadata)))
		}
	}
	return t.sort(r), nil
}
