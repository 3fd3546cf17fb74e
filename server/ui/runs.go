package ui

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// runsOnPage is how many runs one page of the list has.
const runsOnPage = 50

type runsPage struct {
	runFilter

	Jobs  []string
	Table *table
	Older string
}

func (p *Pages) runs(r *http.Request) (view, error) {
	filter, query := newRunFilter(r, time.Now())
	page := runsPage{runFilter: filter}
	var found []history.Record
	made := view{Template: "runs", Title: "Runs", Nav: "/runs"}
	if len(filter.Faults) > 0 {
		made.Status = http.StatusUnprocessableEntity
	} else {
		query.Limit = runsOnPage + 1
		var err error
		if found, err = p.inspect.Runs(r.Context(), query); err != nil {
			return view{}, err
		}
	}
	if len(found) > runsOnPage {
		found = found[:runsOnPage]
		older := r.URL.Query()
		older.Set("before", found[runsOnPage-1].ID)
		page.Older = p.url("/runs") + "?" + older.Encode()
	}
	page.Table = p.runTable(r.Context(), found).sort(r)
	if made.Status != 0 {
		page.Table.Empty = "No runs are listed, since the filter is wrong."
	}
	if !p.config.ReadOnly {
		page.Table.Select = "run"
	}
	jobs, err := p.inspect.Jobs()
	if err != nil {
		return view{}, err
	}
	for _, job := range jobs {
		page.Jobs = append(page.Jobs, job.Name)
	}
	made.Data = page
	return made, nil
}

func (p *Pages) runTable(ctx context.Context, list []history.Record) *table {
	t := newTable("No run fits. Launch a job or some assets to make the first one.", "run", "state", "what", "started", ">took", ">steps", "tags", "problem")
	now := time.Now()
	for _, record := range list {
		row := t.add(
			cell{Text: shortID(record.ID), Path: p.url("/runs/", record.ID), Mono: true, ID: true, order: record.ID}, p.stateCell(ctx, record), p.whatCell(record), at(startOf(record)),
			right(durationText(tookOf(record, now)), int64(tookOf(record, now))), right(stepsText(record), int64(len(record.Steps))),
			p.tagsCell(record.Tags), text(firstLine(record.Error.Message)),
		)
		row.Key = record.ID
	}
	return t
}

// runDetail returns a run with what is known of its process. It does not say what the run
// waits for.
func (p *Pages) runDetail(ctx context.Context, record history.Record) inspect.RunDetail {
	if record.Takeable {
		return inspect.RunDetail{Record: record} // it needs no process
	}
	liveness, _ := p.config.Launcher.Liveness(ctx, record)
	return inspect.RunDetail{Record: record, Liveness: liveness}
}

func (p *Pages) stateCell(ctx context.Context, record history.Record) cell {
	shown := stateBadge(p.runDetail(ctx, record))
	return cell{Badge: &shown, order: shown.Text}
}

// stateBadge shows the state of a run in the colour of its status, or in that of a run that is
// lost.
func stateBadge(run inspect.RunDetail) badge {
	class := statusClass(string(run.Status))
	switch {
	case run.IsLost():
		class = "bad"
	case run.MayBeLost():
		class = "warn"
	}
	return badge{class, run.State()}
}

func (p *Pages) whatCell(record history.Record) cell {
	if record.Job != "" {
		return linked(record.Job, p.url("/jobs/", record.Job))
	}
	return mono(shownWhat(record))
}

// longestWhat is how much of a selection is shown where it stands among others, in letters.
const longestWhat = 100

func whatText(record history.Record) string {
	if record.Job != "" {
		return record.Job
	}
	return record.Selection
}

// shownWhat is whatText for people: a long selection is cut.
func shownWhat(record history.Record) string { return cut(whatText(record), longestWhat) }

func startOf(record history.Record) time.Time {
	if record.Started.IsZero() {
		return record.Queued
	}
	return record.Started
}

// tookOf returns how long a run took, or takes until now.
func tookOf(record history.Record, now time.Time) time.Duration {
	switch {
	case record.Status.Finished():
		return record.Duration
	case record.Started.IsZero():
		return 0
	}
	return now.Sub(record.Started)
}

func stepsText(record history.Record) string {
	counts := make(map[history.StepStatus]int)
	for _, step := range record.Steps {
		counts[step.Status]++
	}
	text := fmt.Sprintf("%d/%d", counts[history.StepStatusSucceeded], len(record.Steps))
	if failed := counts[history.StepStatusFailed]; failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	return text
}

func tagsText(tags map[string]string) string {
	var texts []string
	for _, name := range sortedKeys(tags) {
		if !strings.HasPrefix(name, "fxrun/") {
			texts = append(texts, name+"="+tags[name])
		}
	}
	return strings.Join(texts, " ")
}

// tagsCell links each tag of a run to the runs that have it.
func (p *Pages) tagsCell(tags map[string]string) cell {
	made := cell{order: tagsText(tags)}
	for _, name := range sortedKeys(tags) {
		tag := name + "=" + tags[name]
		switch {
		case strings.HasPrefix(name, "fxrun/"):
		case strings.ContainsFunc(tag, unicode.IsSpace): // the filter takes no such tag
			made.Links = append(made.Links, link{Text: tag})
		default:
			made.Links = append(made.Links, link{tag, p.url("/runs", "tag", tag)})
		}
	}
	return made
}
