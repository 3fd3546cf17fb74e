package ui

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
)

// jobTimeline shows the newest runs, a line for each job or selection, and the ticks that
// schedules will have.
type jobTimeline struct {
	Ranges []choice
	Ticks  []tick
	Lanes  []ganttLane
	NowX   string

	gantt gantt
	start time.Time
	now   time.Time
	until time.Time
	lanes map[string]*ganttLane
}

// ranges are how far back the timeline may go.
func ranges() []struct {
	name   string
	length time.Duration
} {
	return []struct {
		name   string
		length time.Duration
	}{{"10 min", 10 * time.Minute}, {"1 h", time.Hour}, {"6 h", 6 * time.Hour}, {"24 h", 24 * time.Hour}, {"7 d", 7 * 24 * time.Hour}, {"30 d", 30 * 24 * time.Hour}}
}

const (
	// futurePart is which part of the timeline is the future, and futureTicks how many ticks
	// of a schedule it shows at most.
	futurePart, futureTicks = 5, 60
	// fittingRuns is how many of the newest runs the timeline shows if nobody has chosen how
	// far back it goes.
	fittingRuns = 20
)

// jobTimeline makes the timeline; nil if there is nothing to be shown.
func (p *Pages) jobTimeline(r *http.Request, records []history.Record, now time.Time) (*jobTimeline, error) {
	length, chosen := rangeOf(r.FormValue("range"), records, now)
	t := &jobTimeline{start: now.Add(-length), now: now, until: now.Add(length / futurePart), lanes: make(map[string]*ganttLane)}
	t.gantt = gantt{Scale: t.until.Sub(t.start)}
	for _, one := range ranges() {
		query := r.URL.Query()
		query.Set("range", one.name)
		t.Ranges = append(t.Ranges, choice{Text: one.name, Path: "?" + query.Encode(), Current: one.name == chosen})
	}
	t.axis()
	for _, record := range slices.Backward(records) {
		t.addRun(p, record)
	}
	upcoming, err := p.upcoming(r.Context(), now, t.until)
	if err != nil {
		return nil, err
	}
	for _, next := range upcoming {
		t.addTick(p, next)
	}
	if len(records) == 0 && len(upcoming) == 0 {
		return nil, nil //nolint:nilnil // there is nothing to be shown
	}
	for _, what := range slices.Sorted(maps.Keys(t.lanes)) {
		lane := t.lanes[what]
		lane.Grid = t.Ticks
		t.Lanes = append(t.Lanes, *lane)
	}
	return t, nil
}

// upcoming returns the ticks that schedules will have; none where the history keeps no
// ticks.
func (p *Pages) upcoming(ctx context.Context, now, until time.Time) ([]automation.Upcoming, error) {
	if p.config.Automations == nil {
		return nil, nil
	}
	control, err := p.control()
	if err != nil {
		return nil, nil //nolint:nilerr // the history keeps no ticks
	}
	return control.Upcoming(ctx, now, until, futureTicks)
}

// rangeOf returns the range with a name, or else the shortest one that has the newest runs.
func rangeOf(name string, records []history.Record, now time.Time) (length time.Duration, chosen string) {
	all := ranges()
	oldest := now
	if n := min(len(records), fittingRuns); n > 0 {
		oldest = startOf(records[n-1])
	}
	for _, one := range all {
		if one.name == name || name == "" && now.Sub(oldest) <= one.length {
			return one.length, one.name
		}
	}
	if name != "" {
		return rangeOf("", records, now)
	}
	last := all[len(all)-1]
	return last.length, last.name
}

// axis makes the ticks of the axis: round distances from now.
func (t *jobTimeline) axis() {
	distance := tickOf(t.gantt.Scale)
	add := func(at time.Time, text string) {
		if x := t.place(at); x > 2 && x < 97 {
			t.Ticks = append(t.Ticks, tick{percent(x), text})
		}
	}
	for back := distance; t.now.Add(-back).After(t.start); back += distance {
		add(t.now.Add(-back), "\u2212"+roundText(back))
	}
	slices.Reverse(t.Ticks)
	t.NowX = percent(t.place(t.now))
	add(t.now, "now")
	for on := distance; t.now.Add(on).Before(t.until); on += distance {
		add(t.now.Add(on), "+"+roundText(on))
	}
}

func (t *jobTimeline) place(at time.Time) float64 { return t.gantt.percentOf(at.Sub(t.start)) }

func (t *jobTimeline) lane(what, path string) *ganttLane {
	lane := t.lanes[what]
	if lane == nil {
		lane = &ganttLane{ID: sprintf("lane-%d", len(t.lanes)), Key: cut(what, longestWhat), Path: path, Label: cut(what, longestWhat)}
		t.lanes[what] = lane
	}
	return lane
}

func (t *jobTimeline) addRun(p *Pages, record history.Record) {
	at, took := startOf(record), tookOf(record, t.now)
	if at.Add(took).Before(t.start) {
		return
	}
	what := whatText(record)
	lane := t.lane(what, p.url("/runs", "job", record.Job))
	class := map[string]string{"ok": "b-ok", "bad": "b-bad", "run": "b-run", "warn": "b-skip", "": "b-wait"}[statusClass(string(record.Status))]
	from := max(0, t.place(at))
	lane.Bars = append(lane.Bars, bar{
		X: percent(from), Width: percent(max(t.place(at.Add(took))-from, 0.4)), Class: class,
		Title: string(record.Status) + ", " + durationText(took) + ", " + exactTime(at), Path: p.url("/runs/", record.ID),
	})
	lane.Took = string(record.Status)
	lane.Label = lane.Key + ": " + counted(len(lane.Bars), "run") + ", the last one " + string(record.Status)
}

// addTick adds a tick that a schedule will have.
func (t *jobTimeline) addTick(p *Pages, next automation.Upcoming) {
	schedule := p.automationPath(automation.Description{Kind: automation.KindSchedule, Name: next.Name})
	what, path := next.Job, p.url("/runs", "job", next.Job)
	if what == "" {
		what, path = next.Selection, schedule
	}
	lane := t.lane(what, path)
	lane.Bars = append(lane.Bars, bar{
		X: percent(t.place(next.At)), Width: "0.4%", Class: "b-next", Title: "schedule " + next.Name + ", " + exactTime(next.At), Path: schedule,
	})
	if lane.Took == "" {
		lane.Took = "next " + next.At.UTC().Format("15:04") + " UTC"
		lane.Label += ", next tick of schedule " + next.Name + " " + exactTime(next.At)
	}
}

func exactTime(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") + " UTC" }
