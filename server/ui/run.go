package ui

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/quantity"
	"github.com/fxrun/fxrun/runs"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// runPage is the page of a run. Its head, its faults and its timeline change while the run
// goes on.
type runPage struct {
	Head   runHead
	Faults []runFault
	Gantt  gantt
	Log    logPart
	Values *table
	Config []configRow // what the launch gave; shown if Resolved is not known
	// Resolved is the config that the run has used.
	Resolved inspect.RunConfig
	Live     bool
}

type runHead struct {
	Record      history.Record
	Status      badge
	Facts       []fact
	CanCancel   bool
	CanRetry    bool
	FailedSteps int
	ReadOnly    bool
}

// runFault is why a step, or the run, failed.
type runFault struct {
	Title string
	Error string
	Chain []string
	Stack []stackFrame
	Place string // the first frame of the user's own code
	Hides int    // how many frames are not the user's
}

type stackFrame struct {
	Function, Place string
	Own             bool
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
		Head: p.runHead(r.Context(), record, time.Now()), Faults: faultsOf(record), Gantt: p.gantt(record.ID, timeline, zoomOf(r), time.Now()),
		Live: !record.Status.Finished(),
	}
	if page.Log, err = p.logPart(r, record); err != nil {
		return view{}, err
	}
	if page.Values, err = p.valueTable(r.Context(), record.ID); err != nil {
		return view{}, err
	}
	page.Config = givenConfig(record.Config)
	if page.Resolved, err = p.inspect.RunConfig(r.Context(), record.ID); err != nil {
		return view{}, err
	}
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
	status := p.runStatus(ctx, record)
	head := runHead{
		Record: record, Status: badge{statusClass(status), status}, ReadOnly: p.config.ReadOnly,
		CanCancel: !record.Status.Finished() && record.CancelRequested.IsZero(), CanRetry: record.Status.Finished(),
	}
	if status == "lost" {
		head.Status.Class = "bad"
	}
	what := fact{Name: "Selection", Text: record.Selection, Mono: true}
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
		{Name: "Took", Text: durationText(tookOf(record, now))},
		{Name: "Steps", Text: strings.Join(steps, ", ")},
		{Name: "Tags", Text: tagsText(record.Tags)},
		{Name: "Owner", Text: record.Owner, Mono: true},
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

// faultsOf returns why the steps of a run failed, or why the run did if no step tells it.
func faultsOf(record history.Record) []runFault {
	var faults []runFault
	for _, step := range record.Steps {
		if step.Status != history.StepStatusFailed {
			continue
		}
		title := step.Key + " failed"
		if step.Attempt > 1 {
			title += sprintf(", %d times", step.Attempt)
		}
		faults = append(faults, newFault(title, step.Error))
	}
	if len(faults) == 0 && record.Status == history.StatusFailed {
		faults = append(faults, newFault("The run failed", record.Error))
	}
	return faults
}

// newFault takes an error apart: its text is a chain of what was being done, and its stack
// has frames of the user's own code between those of libraries.
func newFault(title string, failure history.Failure) runFault {
	fault := runFault{Title: title, Error: strings.TrimSpace(failure.Message)}
	chain := strings.Split(firstLine(fault.Error), ": ")
	if len(chain) > 1 {
		fault.Chain = chain[:len(chain)-1]
		if !strings.Contains(fault.Error, "\n") {
			fault.Error = chain[len(chain)-1]
		}
	}
	lines := strings.Split(failure.Stack, "\n")
	for i := 0; i+1 < len(lines); i++ {
		place, ok := strings.CutPrefix(lines[i+1], "\t")
		if !ok {
			continue
		}
		place, _, _ = strings.Cut(place, " +0x")
		frame := stackFrame{Function: lines[i], Place: place, Own: isOwn(lines[i], place)}
		fault.Stack = append(fault.Stack, frame)
		switch {
		case !frame.Own:
			fault.Hides++
		case fault.Place == "":
			fault.Place = place
		}
	}
	return fault
}

// isOwn reports whether a frame of a stack is neither of Go's own packages nor of a
// library.
func isOwn(function, place string) bool {
	for _, of := range []string{"runtime.", "runtime/", "reflect.", "panic(", "created by", "github.com/fxrun/fxrun/internal/", "github.com/fxrun/fxrun/runs.", "go.uber.org/"} {
		if strings.HasPrefix(function, of) {
			return false
		}
	}
	return !strings.Contains(place, "/pkg/mod/")
}

// valueTable lists what the steps of a run have materialized.
func (p *Pages) valueTable(ctx context.Context, run string) (*table, error) {
	values, err := p.inspect.StepValues(ctx, run)
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
	return t, nil
}

// configRow is a field of the config that a launch gave.
type configRow struct{ Path, Value string }

// givenConfig lists the fields of the stored config of a launch.
func givenConfig(config json.RawMessage) []configRow {
	var sections map[string]map[string]struct {
		Config map[string]any `json:"config"`
	}
	if json.Unmarshal(config, &sections) != nil {
		return nil
	}
	var list []configRow
	for _, section := range sortedKeys(sections) {
		for _, key := range sortedKeys(sections[section]) {
			list = appendFields(list, key, sections[section][key].Config)
		}
	}
	return list
}

func appendFields(list []configRow, path string, fields map[string]any) []configRow {
	for _, name := range sortedKeys(fields) {
		inner, ok := fields[name].(map[string]any)
		_, isReference := inner["env"] // {env: NAME}
		if ok && (!isReference || len(inner) > 1) {
			list = appendFields(list, path+"."+name, inner)
			continue
		}
		list = append(list, configRow{path + "." + name, valueText(fields[name])})
	}
	return list
}

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

type logLine struct {
	Seq     int64
	Time    time.Time
	Level   string
	Class   string
	Of      string
	Message string
	Attrs   []configRow
	More    string
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

// lineOf returns an event as a line of the log.
func lineOf(event history.Event) logLine {
	line := logLine{Seq: event.Seq, Time: event.Time, Level: "INFO", Class: "i", Of: event.Step()}
	failed := func(failure history.Failure) {
		line.Message += ": " + failure.Message
		line.More, line.Level, line.Class = failure.Stack, "ERROR", "e"
	}
	ended := func(what, done string, took time.Duration, failure history.Failure) {
		if failure == (history.Failure{}) {
			line.Message = what + " " + done + ", " + durationText(took)
			return
		}
		line.Message = what + " not " + done
		failed(failure)
	}
	switch data := event.Data.(type) {
	case history.RunQueued:
		line.Message = "run queued: " + counted(len(data.Steps), "step")
	case history.RunStarting:
		line.Message = "run starting"
	case history.RunStarted:
		line.Message = "run running"
	case history.RunAdopted:
		line.Message = "run taken over by " + data.Owner
	case history.RunCancelRequested:
		line.Message, line.Level, line.Class = "cancellation requested: "+data.Reason, "WARN", "w"
	case history.RunFinished:
		line.Message = "run " + string(data.Status) + ", " + durationText(data.Duration)
		if data.Status == history.StatusFailed {
			failed(data.Error)
		}
	case history.StepStarted:
		line.Message = "step started"
		if data.Attempt > 1 {
			line.Message += sprintf(", attempt %d", data.Attempt)
		}
	case history.StepProgress:
		line.Message = "at " + countText(data.Rows)
		if data.Total > 0 {
			line.Message += " of " + countText(data.Total)
		}
		line.Message = strings.TrimSpace(line.Message + " " + data.Message)
	case history.StepSucceeded:
		line.Message = "step succeeded, " + durationText(data.Duration)
	case history.StepFailed:
		line.Message = "step failed after " + durationText(data.Duration)
		if data.Retry {
			line.Message += ", next attempt in " + durationText(data.RetryDelay)
		}
		failed(data.Error)
	case history.StepSkipped:
		line.Message, line.Level, line.Class = "step skipped: "+data.Because, "WARN", "w"
	case history.StepCancelled:
		line.Message, line.Level, line.Class = "step cancelled", "WARN", "w"
	case history.AssetMaterialized:
		line.Message = "materialized " + data.Asset
		line.Attrs = metadataRows(data)
	case history.ResourceStarting:
		line.Of, line.Message = data.Resource, "resource starting"
	case history.ResourceStarted:
		line.Of = data.Resource
		ended("resource", "started", data.Duration, data.Error)
	case history.ResourceStopping:
		line.Of, line.Message = data.Resource, "resource stopping"
	case history.ResourceStopped:
		line.Of = data.Resource
		ended("resource", "stopped", data.Duration, data.Error)
	case history.LogWritten:
		line.Level, line.Message, line.Class = data.Level.String(), data.Message, levelClass(data.Level)
		if data.Resource != "" {
			line.Of = data.Resource
		}
		for _, attr := range data.Attrs {
			line.Attrs = append(line.Attrs, configRow{attr.Name, valueText(attr.Value)})
		}
	case history.UnknownEvent:
		line.Message = string(data.Kind) + " " + string(data.Fields)
	default:
		line.Message = string(event.Type())
	}
	return line
}

func metadataRows(value history.AssetMaterialized) []configRow {
	var list []configRow
	if value.Size > 0 {
		list = append(list, configRow{"size", quantity.Size(value.Size)})
	}
	for _, name := range sortedKeys(value.Metadata) {
		list = append(list, configRow{name, valueText(value.Metadata[name])})
	}
	return list
}

func levelClass(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "e"
	case level >= slog.LevelWarn:
		return "w"
	case level < slog.LevelInfo:
		return "d"
	}
	return "i"
}

type comparePage struct {
	One, Two history.Record
	Steps    *table
	Config   []comparedField
}

type comparedField struct {
	Path, One, Two string
	Differs        bool
}

// compare shows two runs beside each other. Without another run it takes the run of the
// same job before.
func (p *Pages) compare(r *http.Request) (view, error) {
	one, err := p.inspect.FindRun(r.Context(), r.PathValue("id"))
	if err != nil {
		return view{}, err
	}
	with := trimmed(r, "with")
	if with == "" {
		before, err := p.inspect.Runs(r.Context(), history.RunQuery{Job: one.Job, Before: one.ID, Limit: 1})
		if err != nil {
			return view{}, err
		}
		if len(before) == 0 {
			return view{}, notFound("there is no earlier run to compare with")
		}
		with = before[0].ID
	}
	two, err := p.inspect.FindRun(r.Context(), with)
	if err != nil {
		return view{}, err
	}
	page := comparePage{One: one, Two: two, Steps: newTable("", "step", "this run", ">took", "other run", ">other took", ">difference")}
	for _, step := range one.Steps {
		other, ok := two.Step(step.Key)
		if !ok {
			page.Steps.add(text(step.Key), state(string(step.Status)), right(durationText(step.Duration), int64(step.Duration)), text("not in it"), right("", int64(0)), right("", int64(0)))
			continue
		}
		page.Steps.add(text(step.Key), state(string(step.Status)), right(durationText(step.Duration), int64(step.Duration)),
			state(string(other.Status)), right(durationText(other.Duration), int64(other.Duration)), right(differenceText(step.Duration-other.Duration), int64(step.Duration-other.Duration)))
	}
	for _, step := range two.Steps { // those that only the other run has
		if _, ok := one.Step(step.Key); !ok {
			page.Steps.add(text(step.Key), text("not in it"), right("", int64(0)), state(string(step.Status)), right(durationText(step.Duration), int64(step.Duration)), right("", int64(0)))
		}
	}
	page.Steps.sort(r)
	page.Config = comparedConfig(one.Config, two.Config)
	return view{Template: "compare", Title: "Runs beside each other", Nav: "/runs", Crumbs: []link{{"Runs", p.url("/runs")}, {shortID(one.ID), p.url("/runs/", one.ID)}}, Data: page}, nil
}

func differenceText(d time.Duration) string {
	if d < 0 {
		return "−" + durationText(-d)
	}
	return "+" + durationText(d)
}

func comparedConfig(one, two json.RawMessage) []comparedField {
	fields := make(map[string]*comparedField)
	field := func(path string) *comparedField {
		if fields[path] == nil {
			fields[path] = &comparedField{Path: path}
		}
		return fields[path]
	}
	for _, row := range givenConfig(one) {
		field(row.Path).One = row.Value
	}
	for _, row := range givenConfig(two) {
		field(row.Path).Two = row.Value
	}
	list := []comparedField{}
	for _, path := range sortedKeys(fields) {
		fields[path].Differs = fields[path].One != fields[path].Two
		list = append(list, *fields[path])
	}
	return list
}
