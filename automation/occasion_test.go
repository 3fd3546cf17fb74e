package automation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
)

func TestAScheduleGetsTimesInItsZoneWhoeverEvaluatesIt(t *testing.T) {
	t.Parallel()
	var got []string
	p := newProgram(t, new(tables), nil, automation.NewSchedule("tokyo", "30 0 * * *", func(tick *automation.Tick) automation.RunRequest {
		got = append(got, tick.Scheduled().Format(time.RFC3339), tick.Previous().Format(time.RFC3339))
		return automation.RunRequest{Selection: "small"}
	}, automation.InZone("Asia/Tokyo")))
	occasion := automation.Occasion{
		Scheduled: time.Date(2026, 1, 1, 15, 30, 0, 0, time.UTC), Previous: time.Date(2025, 12, 31, 15, 30, 0, 0, time.UTC),
	}
	if _, err := p.all.Evaluate(t.Context(), automation.KindSchedule, "tokyo", occasion); err != nil {
		t.Fatal(err)
	}
	preview, err := p.control().Preview(t.Context(), p.launcher, automation.KindSchedule, "tokyo", occasion)
	if err != nil {
		t.Fatal(err)
	}
	p.close(p.launcher)
	const at, before = "2026-01-02T00:30:00+09:00", "2026-01-01T00:30:00+09:00"
	if !slices.Equal(got, []string{at, before, at, before}) {
		t.Errorf("the function got %v", got)
	}
	if tag := preview.Requests[0].Run.Queued.Tags[automation.TagScheduled]; tag != at {
		t.Errorf("the run has the tag %s", tag)
	}
}

func TestAnEventForWhichASensorDoesNotTickIsRefused(t *testing.T) {
	t.Parallel()
	var scheduled []time.Time
	p := newProgram(t, new(tables), nil, automation.OnRun("alert", []history.Status{history.StatusFailed}, func(_ history.Record, tick *automation.Tick) {
		scheduled = append(scheduled, tick.Scheduled())
	}))
	at := time.Date(2026, 1, 1, 15, 30, 0, 0, time.UTC)
	event := func(data history.EventData) automation.Occasion {
		return automation.Occasion{Event: history.Event{RunID: "r", Time: at, Data: data}, Record: history.Record{ID: "r"}}
	}
	for name, data := range map[string]history.EventData{
		"with another status": history.RunFinished{Status: history.StatusSucceeded}, "of another type": history.AssetMaterialized{Asset: "small"},
	} {
		_, err := p.all.Evaluate(t.Context(), automation.KindSensor, "alert", event(data))
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "evaluating sensor alert: it does not tick for this event") {
			t.Errorf("an event %s: got %v", name, err)
		}
		if _, err := p.control().Preview(t.Context(), p.launcher, automation.KindSensor, "alert", event(data)); !errors.Is(err, container.ErrInvalid) {
			t.Errorf("the preview of an event %s: got %v", name, err)
		}
	}
	if _, err := p.all.Evaluate(t.Context(), automation.KindSensor, "alert", event(history.RunFinished{Status: history.StatusFailed})); err != nil {
		t.Error(err)
	}
	if !slices.Equal(scheduled, []time.Time{at}) {
		t.Errorf("the function was called for %v, want the time of the event", scheduled)
	}
	p.close(p.launcher)
}
