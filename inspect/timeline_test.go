package inspect_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

// began is the time of the first event of a timeline.
var began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// timelineOf returns the timeline of events that follow each other by a second.
func timelineOf(events ...history.EventData) *inspect.Timeline {
	timeline := new(inspect.Timeline)
	for i, data := range events {
		timeline.Add(history.Event{RunID: "r", Seq: int64(i + 1), Time: began.Add(time.Duration(i) * time.Second), Data: data})
	}
	return timeline
}

// placeOf is what the log line of a step says that waits for a place in a pool.
var placeOf = history.Attrs{{Name: runs.AttrWaitsFor, Value: "a place"}}

func waiting(step string) history.EventData {
	return history.LogWritten{Step: step, Message: "waiting", Attrs: placeOf}
}

// linesOf returns the lanes as text, with seconds since the first event.
func linesOf(lanes []inspect.Lane) string {
	seconds := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return fmt.Sprint(int(at.Sub(began).Seconds()))
	}
	var text strings.Builder
	for _, lane := range lanes {
		text.WriteString(lane.Key)
		if lane.Step != "" {
			text.WriteString(" of " + lane.Step)
		}
		if lane.Worker != "" {
			text.WriteString(" on " + lane.Worker)
		}
		if lane.WaitsFor != "" {
			text.WriteString(" waits for " + lane.WaitsFor)
		}
		if lane.Because != "" {
			text.WriteString(" because " + lane.Because)
		}
		text.WriteString(":")
		for _, span := range lane.Spans {
			fmt.Fprintf(&text, " %s(%s-%s)", span.Kind, seconds(span.Start), seconds(span.End))
			if span.Status != "" {
				fmt.Fprintf(&text, "%s", span.Status)
			}
			if span.Worker != "" {
				text.WriteString("@" + span.Worker)
			}
			if span.Error != "" {
				fmt.Fprintf(&text, "[%s]", span.Error)
			}
			if span.Critical {
				text.WriteString("!")
			}
		}
		text.WriteString("\n")
	}
	return text.String()
}

func TestTheTimelineFollowsTheEvents(t *testing.T) {
	t.Parallel()
	queued := history.RunQueued{Selection: "*", Steps: []string{"a", "b"}}
	failure := history.Failure{Message: "it broke"}
	finished := history.RunFinished{Status: history.StatusSucceeded}
	for name, c := range map[string]struct {
		events           []history.EventData
		steps, resources string
	}{
		"no event":             {nil, "", ""},
		"a run that is queued": {[]history.EventData{queued}, "a:\nb:\n", ""},
		"an attempt goes on":   {[]history.EventData{queued, history.StepStarted{Step: "a", Attempt: 1}}, "a: attempt(1-)running\nb:\n", ""},
		"attempts after each other": {
			[]history.EventData{
				queued,
				history.StepStarted{Step: "a", Attempt: 1},
				history.StepFailed{Step: "a", Attempt: 1, Error: failure, Retry: true},
				history.StepStarted{Step: "a", Attempt: 2},
				history.StepSucceeded{Step: "a"},
			},
			"a: attempt(1-2)failed[it broke] waiting(2-3) attempt(3-4)succeeded\nb:\n", "",
		},
		"a step waits for its next attempt when the run ends": {
			[]history.EventData{
				queued,
				history.StepStarted{Step: "a", Attempt: 1},
				history.StepFailed{Step: "a", Attempt: 1, Error: failure, Retry: true},
				history.RunFinished{Status: history.StatusCancelled},
			},
			"a: attempt(1-2)failed[it broke] waiting(2-3)\nb:\n", "",
		},
		"a step waits for a place": {
			[]history.EventData{queued, waiting("a"), waiting("b"), history.StepStarted{Step: "a", Attempt: 1}, history.LogWritten{Message: "waiting", Attrs: placeOf}},
			"a: attempt(3-)running\nb waits for a place:\n", "",
		},
		"a step waits for a place when the run ends": {
			[]history.EventData{queued, waiting("b"), history.RunFinished{Status: history.StatusCancelled}}, "a:\nb:\n", "",
		},
		"a step that waited for a place is skipped": {
			[]history.EventData{queued, waiting("b"), history.StepSkipped{Step: "b", Because: "a failed"}}, "a:\nb because a failed:\n", "",
		},
		"a step is skipped": {
			[]history.EventData{
				queued,
				history.StepStarted{Step: "a", Attempt: 1},
				history.StepFailed{Step: "a", Attempt: 1, Error: failure},
				history.StepSkipped{Step: "b", Because: "a failed"},
				history.RunFinished{Status: history.StatusFailed},
			},
			"a: attempt(1-2)failed[it broke]\nb because a failed:\n", "",
		},
		"a run is cancelled": {
			[]history.EventData{queued, history.StepStarted{Step: "a", Attempt: 1}, history.StepCancelled{Step: "a"}, history.StepCancelled{Step: "b"}},
			"a: attempt(1-2)cancelled\nb:\n", "",
		},
		"a process ends in the middle": {
			[]history.EventData{
				queued,
				history.ResourceStarting{Resource: "db"},
				history.ResourceStarted{Resource: "db"},
				history.StepStarted{Step: "a", Attempt: 1},
				history.RunFinished{Status: history.StatusFailed},
			},
			"a: attempt(3-4)cancelled\nb:\n", "db: starting(1-2) in_use(2-4)\n",
		},
		"a resource of the run": {
			[]history.EventData{
				queued,
				history.ResourceStarting{Resource: "db"},
				history.ResourceStarted{Resource: "db"},
				history.ResourceStopping{Resource: "db"},
				history.ResourceStopped{Resource: "db"},
				finished,
			},
			"a:\nb:\n", "db: starting(1-2) in_use(2-3) stopping(3-4)\n",
		},
		"a resource lives on two workers, and an attempt is made on each": {
			[]history.EventData{
				queued,
				history.ResourceStarting{Resource: "db", Worker: "w1"},
				history.ResourceStarted{Resource: "db", Worker: "w1"},
				history.StepStarted{Step: "a", Attempt: 1, Worker: "w1"},
				history.StepFailed{Step: "a", Attempt: 1, Error: failure, Retry: true},
				history.ResourceStarting{Resource: "db", Worker: "w2"},
				history.ResourceStarted{Resource: "db", Worker: "w2"},
				history.StepStarted{Step: "a", Attempt: 2, Worker: "w2"},
				history.RunAdopted{Owner: "other"},
				history.ResourceStopping{Resource: "db", Worker: "w1"},
				history.ResourceStopped{Resource: "db", Worker: "w1"},
				history.StepSucceeded{Step: "a", Attempt: 2},
			},
			"a on w2: attempt(3-4)failed@w1[it broke] waiting(4-7) attempt(7-11)succeeded@w2\nb:\n",
			"db on w1: starting(1-2) in_use(2-9) stopping(9-10)\ndb on w2: starting(5-6) in_use(6-)\n",
		},
		"a start fails": {
			[]history.EventData{queued, history.ResourceStarting{Resource: "db"}, history.ResourceStarted{Resource: "db", Error: failure}},
			"a:\nb:\n", "db: starting(1-2)failed[it broke]\n",
		},
		"a stop fails": {
			[]history.EventData{
				queued,
				history.ResourceStarting{Resource: "db"},
				history.ResourceStarted{Resource: "db"},
				history.ResourceStopping{Resource: "db"},
				history.ResourceStopped{Resource: "db", Error: failure},
			},
			"a:\nb:\n", "db: starting(1-2) in_use(2-3) stopping(3-4)failed[it broke]\n",
		},
		"resources of two steps at the same time, and of two attempts": {
			[]history.EventData{
				queued,
				history.ResourceStarting{Resource: "db", Step: "a"},
				history.ResourceStarting{Resource: "db", Step: "b"},
				history.ResourceStarted{Resource: "db", Step: "a"},
				history.ResourceStarted{Resource: "db", Step: "b"},
				history.ResourceStopping{Resource: "db", Step: "a"},
				history.ResourceStopped{Resource: "db", Step: "a"},
				history.ResourceStarting{Resource: "db", Step: "a"},
			},
			"a:\nb:\n", "db of a: starting(1-3) in_use(3-5) stopping(5-6)\ndb of b: starting(2-4) in_use(4-)\ndb of a: starting(7-)\n",
		},
		"events whose beginning is not known": {
			[]history.EventData{history.StepSucceeded{Step: "a"}, history.ResourceStopped{Resource: "db"}},
			"a:\n", "db:\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := timelineOf(c.events...)
			if diff := cmp.Diff([]string{c.steps, c.resources}, []string{linesOf(got.Steps), linesOf(got.Resources)}); diff != "" {
				t.Errorf("the timeline differs (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("log lines do not move its end", func(t *testing.T) {
		t.Parallel()
		got := timelineOf(queued, history.LogWritten{Message: "late"})
		if !got.Start.Equal(began) || !got.End.Equal(began) || got.Finished {
			t.Errorf("it begins at %v and ends at %v", got.Start, got.End)
		}
	})
}

func TestTheCriticalPathIsWhatEndedLast(t *testing.T) {
	t.Parallel()
	steps := []history.EventData{
		history.RunQueued{Steps: []string{"slow", "quick", "after", "aside"}},
		history.StepStarted{Step: "slow", Attempt: 1},
		history.StepStarted{Step: "quick", Attempt: 1},
		history.StepStarted{Step: "aside", Attempt: 1},
		history.StepSucceeded{Step: "quick"},
		history.StepSucceeded{Step: "slow"},
		history.StepSucceeded{Step: "aside"},
		history.StepStarted{Step: "after", Attempt: 1},
		history.StepSucceeded{Step: "after"},
	}
	needs := map[string][]string{"after": {"quick", "slow"}}
	critical := func(timeline *inspect.Timeline) []string {
		keys := []string{}
		for _, lane := range timeline.Steps {
			if slices.ContainsFunc(lane.Spans, func(span inspect.Span) bool { return span.Critical }) {
				keys = append(keys, lane.Key)
			}
		}
		return keys
	}
	for name, c := range map[string]struct {
		finished bool
		needs    map[string][]string
		want     []string
	}{
		"of a run that goes on there is none":   {false, needs, []string{}},
		"from the last step back":               {true, needs, []string{"slow", "after"}},
		"of definitions that are not known":     {true, nil, []string{"after"}},
		"of definitions that have changed":      {true, map[string][]string{"after": {"gone"}}, []string{"after"}},
		"of definitions that form a circle now": {true, map[string][]string{"after": {"slow"}, "slow": {"after"}}, []string{"slow", "after"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := slices.Clone(steps)
			if c.finished {
				events = append(events, history.RunFinished{Status: history.StatusSucceeded})
			}
			timeline := timelineOf(events...)
			timeline.MarkCritical(c.needs)
			if diff := cmp.Diff(c.want, critical(timeline)); diff != "" {
				t.Errorf("the path differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestALaneIsBusyWhileItWorks(t *testing.T) {
	t.Parallel()
	timeline := timelineOf(
		history.StepStarted{Step: "a", Attempt: 1}, history.StepFailed{Step: "a", Retry: true}, history.StepStarted{Step: "a", Attempt: 2},
		history.ResourceStarting{Resource: "db"}, history.ResourceStarted{Resource: "db"},
	)
	now := began.Add(10 * time.Second)
	if got := timeline.Steps[0].Busy(now); got != 9*time.Second {
		t.Errorf("the step is busy for %v", got)
	}
	if got := timeline.Resources[0].Busy(now); got != time.Second {
		t.Errorf("the resource is busy for %v", got)
	}
	if _, ended := timeline.Steps[0].Ended(); ended {
		t.Error("the step has ended")
	}
}

func TestTheTimelineOfARunThatWasExecuted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	record, err := s.FindRun(t.Context(), s.run(t, runs.Request{Job: "nightly"}))
	if err != nil {
		t.Fatal(err)
	}
	timeline, err := s.Timeline(t.Context(), record)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, lane := range slices.Concat(timeline.Steps, timeline.Resources) {
		keys = append(keys, lane.Key)
	}
	if diff := cmp.Diff([]string{"orders", "revenue", "pool", "warehouse"}, keys); diff != "" || !timeline.Finished || !timeline.Steps[0].Spans[0].Critical {
		t.Errorf("the lanes differ (-want +got):\n%s\n%+v", diff, timeline)
	}
	attempts, err := s.LastAttempts(t.Context(), 0)
	if err != nil || len(attempts) != 2 || attempts["revenue"].Run != record.ID || attempts["revenue"].Status != history.StepStatusSucceeded {
		t.Errorf("the last attempts are %+v, %v", attempts, err)
	}
}
