package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/automation"
)

// control reads and changes schedules and sensors.
func (p *Pages) control() (*automation.Control, error) {
	return automation.NewControl(p.config.Automations, p.config.Launcher.Store())
}

func (p *Pages) automationPath(d automation.Description) string {
	return p.url("/automation/"+string(d.Kind)+"/", d.Name)
}

type automationOnePage struct {
	Status   automation.Status
	Badge    badge
	Path     string
	Facts    []fact
	Failed   *automation.TickRecord // the last tick, if it has failed
	Ticks    *table
	Timeline *ganttLane // of the ticks; nil if there is none
	ReadOnly bool
	// HasTime says that a tick is for a time, and HasCursor that it may find a cursor.
	HasTime, HasCursor bool
}

// shownTicks is how many of the last ticks the page of a schedule shows.
const shownTicks = 50

// automation shows a schedule or a sensor with its last ticks.
func (p *Pages) automation(r *http.Request) (view, error) {
	kind, name := kindAndName(r)
	control, err := p.control()
	if err != nil {
		return view{}, err
	}
	status, err := control.Status(r.Context(), kind, name)
	if err != nil {
		return view{}, err
	}
	ticks, err := control.Ticks(r.Context(), kind, name, shownTicks)
	if err != nil {
		return view{}, err
	}
	page := automationOnePage{
		Status: status, Badge: *tickingState(status).Badge, Path: p.automationPath(status.Description), Facts: p.automationFacts(status),
		Ticks: p.tickTable(ticks).sort(r), ReadOnly: p.config.ReadOnly,
		HasTime: status.Kind == automation.KindSchedule, HasCursor: status.Kind == automation.KindSensor && status.On == "",
	}
	page.Timeline = tickTimeline(ticks, time.Now())
	if len(ticks) > 0 && ticks[0].Status == automation.TickFailed {
		page.Failed = &ticks[0]
	}
	return view{Template: "automation", Title: name, Nav: "/automation", Crumbs: []link{{"Automation", p.url("/automation")}}, Data: page}, nil
}

func kindAndName(r *http.Request) (automation.Kind, string) {
	return automation.Kind(r.PathValue("kind")), r.PathValue("name")
}

func (p *Pages) automationFacts(one automation.Status) []fact {
	facts := []fact{
		{Name: "Ticks", Text: ticksText(one.Description)},
		{Name: "Runs", Text: one.Selection, Mono: true},
		{Name: "Last tick for", Time: lastTick(one)},
		{Name: "Next tick", Time: nextTick(one, time.Now())},
		{Name: "Cursor", Text: one.State.Cursor, Mono: true},
		{Name: "Function", Text: one.Function, Mono: true},
		{Name: "Takes", Links: linksTo(p.url("/resources/"), one.Resources)},
		{Name: "Defined at", Text: one.Position, Mono: true},
	}
	if one.Kind == automation.KindSensor {
		facts[3].Name = "Next tick, about"
	}
	if one.Job != "" {
		facts[1] = fact{Name: "Runs", Links: linksTo(p.url("/jobs/"), []string{one.Job})}
	}
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Text == "" && len(f.Links) == 0 && f.Time.IsZero() })
}

// linkedRuns is how many of the runs of a tick are linked.
const linkedRuns = 5

func (p *Pages) tickTable(ticks []automation.TickRecord) *table {
	t := newTable("It has not ticked yet. A daemon ticks what is on.", ">tick", "for", "state", ">took", "runs", ">requests", "about")
	for _, tick := range ticks {
		var started []link
		for _, request := range tick.Runs[:min(len(tick.Runs), linkedRuns)] {
			started = append(started, link{shortID(request.Run.ID), p.url("/runs/", request.Run.ID)})
		}
		class := map[automation.TickStatus]string{automation.TickRequested: "ok", automation.TickFailed: "bad"}[tick.Status]
		requests := len(tick.Runs) + len(tick.Known)
		about := text(tickText(tick))
		about.Lines = tickLines(tick.Log)
		t.add(right(countText(tick.Tick), tick.Tick), at(tick.Scheduled), cell{Badge: &badge{class, string(tick.Status)}, order: string(tick.Status)},
			right(durationText(tick.Duration), int64(tick.Duration)), cell{Links: started, order: int64(len(started))},
			right(countText(int64(requests)), int64(requests)), about)
	}
	return t
}

// tickTimeline draws ticks, the newest first, on one line.
func tickTimeline(ticks []automation.TickRecord, now time.Time) *ganttLane {
	if len(ticks) == 0 {
		return nil
	}
	start := ticks[len(ticks)-1].Ended
	g := gantt{Scale: max(now.Sub(start)*102/100, time.Second)}
	lane := &ganttLane{ID: "ticks", Key: "ticks", Path: "#last-ticks", Label: counted(len(ticks), "tick")}
	for back := time.Duration(0); back < g.Scale; back += tickOf(g.Scale) {
		if x := g.percentOf(now.Add(-back).Sub(start)); x > 3 {
			label := "now"
			if back > 0 {
				label = "\u2212" + roundText(back)
			}
			lane.Grid = append(lane.Grid, tick{percent(min(x, 97)), label})
		}
	}
	for _, one := range slices.Backward(ticks) {
		class := map[automation.TickStatus]string{automation.TickRequested: "b-ok", automation.TickFailed: "b-bad"}[one.Status]
		lane.Bars = append(lane.Bars, bar{
			X: percent(max(0, g.percentOf(one.Ended.Add(-one.Duration).Sub(start)))), Width: percent(max(g.percentOf(one.Duration), 0.5)), Class: cmp.Or(class, "b-skip"),
			Title: sprintf("tick %d %s, %s, %s", one.Tick, one.Status, durationText(one.Duration), exactTime(one.Ended)),
		})
	}
	lane.Took = string(ticks[0].Status)
	return lane
}

// tickText says why a tick has asked for no run, or why it failed.
func tickText(tick automation.TickRecord) string {
	var parts []string
	if tick.Count > 1 {
		parts = append(parts, counted(tick.Count, "tick"))
	}
	if about := cmp.Or(tick.Error.Message, tick.Reason); about != "" {
		parts = append(parts, about)
	}
	if len(tick.Known) > 0 {
		parts = append(parts, "made a run before: "+strings.Join(tick.Known, ", "))
	}
	if !tick.Again.IsZero() {
		parts = append(parts, "it is tried again at "+tick.Again.UTC().Format(time.DateTime)+" UTC")
	}
	return strings.Join(parts, "; ")
}
