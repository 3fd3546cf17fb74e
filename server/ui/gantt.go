package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// gantt is a timeline with places in percent, ready to be drawn.
type gantt struct {
	Run              string
	Ticks            []tick
	Steps, Resources []ganttLane
	Scale            time.Duration // what 100 percent are
	Offset           time.Duration // what 0 percent are, since the beginning of the run
	Zoom             *zoom         // nil for a run that goes on
	Hidden           int           // how many lines the zoom leaves out
}

type tick struct{ X, Text string }

// ganttLane is the line of a step or of a resource.
type ganttLane struct {
	ID    string // of the element
	Key   string
	Path  string
	Of    string // the step that an instance of a resource belongs to
	On    string // the worker, if several have executed the run
	Label string // for screen readers
	Took  string
	Bars  []bar
	Note  *note
	Grid  []tick
}

type bar struct {
	X, Width, Class, Title string
	Path                   string // "" for none
	Thin                   bool
}

// IsLinked reports whether bars of the line lead to pages, so that it is no picture alone.
func (l ganttLane) IsLinked() bool {
	return slices.ContainsFunc(l.Bars, func(one bar) bool { return one.Path != "" })
}

// note is a text beside a bar.
type note struct {
	X, Text string
	Before  bool // whether it ends at X
	Over    bool // whether it is over the bars, with X as its middle
}

// newGantt places a timeline, as the zoom asks for. The bars of a run that goes on end at
// now.
func newGantt(run string, timeline *inspect.Timeline, now time.Time, asked zoomQuery, stepPath, resourcePath func(key string) string) gantt {
	end := timeline.End
	if !timeline.Finished {
		end = now
	}
	length := max(end.Sub(timeline.Start), time.Millisecond)
	g := gantt{Run: run, Scale: scaleOf(length, timeline.Finished)}
	if timeline.Finished {
		g.Offset, g.Scale = asked.within(length)
		g.Zoom = newZoom(asked, g.Offset, g.Scale, length)
	}
	distance := tickOf(g.Scale)
	for at := (g.Offset + distance - 1) / distance * distance; at <= g.Offset+g.Scale; at += distance {
		if place := g.percentOf(at - g.Offset); place <= 97 {
			g.Ticks = append(g.Ticks, tick{percent(place), axisText(at)})
		}
	}
	several := len(timeline.Workers()) > 1
	add := func(lanes []ganttLane, id string, lane inspect.Lane, path string) []ganttLane {
		placed := g.lane(id, lane, timeline.Start, end, path)
		if several && lane.Worker != "" {
			placed.On = inspect.WorkerText(lane.Worker)
			placed.Label += onWorker(lane.Worker)
		}
		return append(lanes, placed)
	}
	for i, lane := range timeline.Steps {
		if g.Zoom != nil && !asked.shows(lane) {
			g.Hidden++
			continue
		}
		g.Steps = add(g.Steps, fmt.Sprintf("step-%d", i), lane, stepPath(lane.Key))
	}
	for i, lane := range timeline.Resources {
		if g.Zoom != nil && !asked.shows(lane) {
			g.Hidden++
			continue
		}
		g.Resources = add(g.Resources, fmt.Sprintf("resource-%d", i), lane, resourcePath(lane.Key))
	}
	return g
}

// scaleOf returns the length of the axis. While a run goes on the axis is longer than
// the run, so that it rarely changes.
func scaleOf(length time.Duration, finished bool) time.Duration {
	if finished {
		return length
	}
	step := tickOf(length)
	return (length/step + 1) * step
}

// tickOf returns a round distance that divides a length into four to ten parts.
func tickOf(length time.Duration) time.Duration {
	for _, unit := range []time.Duration{time.Microsecond, time.Millisecond, time.Second} {
		for _, n := range []time.Duration{1, 2, 5, 10, 20, 50, 100, 200, 500} {
			if step := n * unit; length <= 8*step && (unit < time.Second || step < time.Minute) {
				return step
			}
		}
	}
	for _, step := range []time.Duration{1, 2, 5, 10, 30, 60, 120, 360, 720, 1440, 4320, 10080} {
		if step *= time.Minute; length <= 8*step {
			return step
		}
	}
	return length/8 + 1
}

func axisText(at time.Duration) string {
	if at == 0 {
		return "0 s"
	}
	return roundText(at)
}

// roundText returns a duration without the smaller unit if that is zero, as in 8 min.
func roundText(d time.Duration) string {
	text := durationText(d)
	for _, unit := range []string{" 00 s", " 00 min", " 00 h"} {
		text = strings.TrimSuffix(text, unit)
	}
	return text
}

func (g gantt) percentOf(at time.Duration) float64 { return 100 * float64(at) / float64(g.Scale) }

func percent(value float64) string { return fmt.Sprintf("%.2f%%", value) }

// thinnest is the smallest width of a bar, in percent.
const thinnest = 0.2

func (g gantt) lane(id string, lane inspect.Lane, start, end time.Time, path string) ganttLane {
	placed := ganttLane{ID: id, Key: lane.Key, Of: lane.Step, Path: path, Took: "–", Grid: g.Ticks}
	if len(lane.Spans) == 0 {
		placed.Note = &note{X: "0.5%", Text: cmp.Or(lane.Because, waitText(lane), "not started")}
		placed.Label = lane.Key + ": " + placed.Note.Text
		return placed
	}
	attempts, last, first := 0, 0.0, 100.0
	for _, span := range lane.Spans {
		to := span.End
		if to.IsZero() {
			to = end
		}
		from, until := g.percentOf(span.Start.Sub(start)-g.Offset), g.percentOf(to.Sub(start)-g.Offset)
		if until >= 0 && from <= 100 {
			from = max(0, from)
			width := max(min(until, 100+thinnest)-from, thinnest)
			placed.Bars = append(placed.Bars, bar{
				X: percent(from), Width: percent(width), Class: barClass(span), Title: barTitle(span, to), Thin: span.Kind == inspect.SpanInUse,
			})
			first, last = min(first, from), max(last, from+width)
		}
		if span.Kind == inspect.SpanAttempt {
			attempts = span.Attempt
		}
	}
	placed.Took = durationText(lane.Busy(end))
	placed.Label = lane.Key + ": " + placed.Took
	if text := noteOf(lane, attempts); text != "" {
		placed.Label += ", " + text
		if len(placed.Bars) > 0 {
			placed.Note = noteBeside(first, last, text)
		}
	}
	return placed
}

// waitText says what a step waits for; "" if it is not known.
func waitText(lane inspect.Lane) string {
	if lane.WaitsFor == "" {
		return ""
	}
	return "waits for " + lane.WaitsFor
}

// noteOf says in words what the colours of a line say, and how often its step was tried.
func noteOf(lane inspect.Lane, attempts int) string {
	var parts []string
	if isFailed(lane) {
		parts = append(parts, "failed")
	}
	if attempts > 1 {
		parts = append(parts, counted(attempts, "attempt"))
	}
	return strings.Join(parts, ", ")
}

// isFailed reports whether the last attempt at a step, or the start or the stop of a
// resource has failed.
func isFailed(lane inspect.Lane) bool {
	last := lane.Spans[len(lane.Spans)-1]
	return last.Status == history.StepStatusFailed
}

// noteBeside puts a text to the right of the bars, or to the left if there is no room, or
// else over them.
func noteBeside(first, last float64, text string) *note {
	const wide = 22 // the percentage that a text may need
	switch {
	case last <= 100-wide:
		return &note{X: percent(last), Text: text}
	case first >= wide:
		return &note{X: percent(first), Text: text, Before: true}
	}
	return &note{X: percent((first + last) / 2), Text: text, Over: true}
}

func barClass(span inspect.Span) string {
	classes := []string{map[inspect.SpanKind]string{
		inspect.SpanWaiting: "b-wait", inspect.SpanStarting: "b-start", inspect.SpanInUse: "b-use", inspect.SpanStopping: "b-stop",
	}[span.Kind]}
	switch span.Status {
	case history.StepStatusSucceeded:
		classes = append(classes, "b-ok")
	case history.StepStatusFailed:
		classes = append(classes, "b-bad")
	case history.StepStatusRunning:
		classes = append(classes, "b-run")
	case history.StepStatusCancelled:
		classes = append(classes, "b-skip")
	case history.StepStatusPending, history.StepStatusSkipped:
	}
	if span.Critical {
		classes = append(classes, "b-crit")
	}
	return strings.Join(slices.DeleteFunc(classes, func(class string) bool { return class == "" }), " ")
}

func barTitle(span inspect.Span, to time.Time) string {
	words := map[inspect.SpanKind]string{
		inspect.SpanWaiting: "waiting for the next attempt", inspect.SpanStarting: "starting", inspect.SpanInUse: "in use", inspect.SpanStopping: "stopping",
		inspect.SpanAttempt: "attempt",
	}
	title := words[span.Kind]
	if span.Kind == inspect.SpanAttempt {
		title = fmt.Sprintf("attempt %d %s", span.Attempt, span.Status)
	}
	title += onWorker(span.Worker) + ", " + durationText(to.Sub(span.Start))
	if span.Error != "" {
		title += ": " + firstLine(span.Error)
	}
	return title
}
