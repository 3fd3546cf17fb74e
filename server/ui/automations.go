package ui

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/fxrun/fxrun/automation"
)

type automationPage struct {
	Facts              []fact
	Schedules, Sensors *table
}

// automations lists the schedules and the sensors.
func (p *Pages) automations(r *http.Request) (view, error) {
	control, err := p.control()
	if err != nil {
		return view{}, err
	}
	page := automationPage{
		Schedules: newTable("No schedules are defined. automation.NewSchedule adds one.", "schedule", "state", "ticks", "runs", "last tick", "next tick", "about"),
		Sensors:   newTable("No sensors are defined. automation.NewSensor adds one.", "sensor", "state", "ticks", "runs", "last tick", "next tick, about", "cursor", "about"),
	}
	for kind, list := range map[automation.Kind]*table{automation.KindSchedule: page.Schedules, automation.KindSensor: page.Sensors} {
		all, err := control.All(r.Context(), kind)
		if err != nil {
			return view{}, err
		}
		for _, one := range all {
			cells := []cell{
				linked(one.Name, p.automationPath(one.Description)), tickingState(one), text(ticksText(one.Description)), p.targetCell(one.Description), at(lastTick(one)), at(nextTick(one, time.Now())),
			}
			if kind == automation.KindSensor {
				cells = append(cells, mono(one.State.Cursor))
			}
			list.add(append(cells, text(firstLine(one.Description.Description)))...)
		}
		list.sort(r)
	}
	if page.Facts, err = p.tickerFacts(r.Context(), control); err != nil {
		return view{}, err
	}
	return view{Template: "automations", Title: "Automation", Nav: "/automation", Data: page}, nil
}

// tickerFacts say who ticks the schedules and sensors.
func (p *Pages) tickerFacts(ctx context.Context, control *automation.Control) ([]fact, error) {
	ticker, err := control.Ticker(ctx, p.config.Launcher)
	if err != nil {
		return nil, err
	}
	facts := []fact{{Name: "Ticked by", Text: ticker.String()}}
	switch {
	case !ticker.Ticking:
		facts[0].Text = "nobody: start this program with the command daemon, dev or serve"
	case !ticker.Since.IsZero():
		facts = append(facts, fact{Name: "Since", Time: ticker.Since})
	}
	return facts, nil
}

// tickingState says whether a schedule or a sensor is on, or that its last tick has failed.
func tickingState(one automation.Status) cell {
	switch {
	case one.Tick != nil && one.Tick.Status == automation.TickFailed:
		return cell{Badge: &badge{"bad", "failed"}, order: "failed"}
	case one.Kind == automation.KindSchedule && isOverdue(one, time.Now()):
		return cell{Badge: &badge{"warn", "overdue"}, order: "overdue"}
	case one.Ticking:
		return cell{Badge: &badge{"ok", "on"}, order: "on"}
	}
	return cell{Badge: &badge{"", "off"}, order: "off"}
}

// lastTick returns the time of the last tick. Ticks of a sensor that find nothing are counted
// in one record, so that the record may be newer than the state.
func lastTick(one automation.Status) time.Time {
	if one.Tick != nil && one.Tick.Scheduled.After(one.State.Last) {
		return one.Tick.Scheduled
	}
	return one.State.Last
}

// nextTick returns the time of the next tick. That of a sensor which looks for something is
// about its interval after the last one, as far as that is known: intervals vary by their
// jitter, and the record that counts ticks is not written at each of them.
func nextTick(one automation.Status, now time.Time) time.Time {
	if one.Kind != automation.KindSensor || !one.Next.IsZero() {
		return one.Next
	}
	last := lastTick(one)
	if next := last.Add(one.Every); one.Ticking && one.Every > 0 && !last.IsZero() && next.After(now) {
		return next
	}
	return time.Time{}
}

// ticksText says when a schedule or a sensor ticks.
func ticksText(d automation.Description) string {
	switch {
	case d.Kind == automation.KindSchedule:
		return strings.ReplaceAll(d.Cron, " ", "\u00a0") + " " + d.Zone // a line does not break in it
	case d.On != "":
		return d.On
	}
	return "every " + durationText(d.Every)
}

// targetCell links what a schedule or a sensor runs by default.
func (p *Pages) targetCell(d automation.Description) cell {
	if d.Job != "" {
		return linked(d.Job, p.url("/jobs/", d.Job))
	}
	return mono(cut(d.Selection, longestWhat))
}

// allAutomations returns the status of all schedules and of all sensors; none where the
// history keeps no ticks.
func (p *Pages) allAutomations(ctx context.Context) (schedules, sensors []automation.Status, err error) {
	if p.config.Automations == nil {
		return nil, nil, nil
	}
	control, err := p.control()
	if err != nil {
		return nil, nil, nil //nolint:nilerr // the history keeps no ticks, so that none has failed
	}
	if schedules, err = control.All(ctx, automation.KindSchedule); err != nil {
		return nil, nil, err
	}
	sensors, err = control.All(ctx, automation.KindSensor)
	return schedules, sensors, err
}
