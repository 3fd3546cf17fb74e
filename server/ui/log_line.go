package ui

import (
	"cmp"
	"log/slog"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/internal/quantity"
)

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

// lineOf returns an event as a line of the log. It says what the command line says of
// the event.
func lineOf(event history.Event) logLine {
	line := logLine{Seq: event.Seq, Time: event.Time, Level: "INFO", Class: "i", Of: event.Step()}
	switch data := event.Data.(type) {
	case history.RunQueued:
		line.Message = "run queued: " + launchedText(data) + ", " + counted(len(data.Steps), "step")
	case history.RunStarting:
		line.Message = "run starting"
		if data.Cluster != (history.Cluster{}) {
			line.Message += " in " + inspect.ClusterText(data.Cluster)
		}
	case history.RunStarted:
		line.Message = "run running"
	case history.RunAdopted:
		line.Message = "run taken over by " + inspect.WorkerText(data.Owner)
	case history.RunCancelRequested:
		line.warn("cancellation requested" + because(inspect.CancelRequestText(data, durationText)))
	case history.RunFinished:
		line.runFinished(data)
	case history.StepStarted, history.StepProgress, history.StepSucceeded, history.StepFailed, history.StepSkipped, history.StepCancelled:
		line.step(data)
	case history.AssetMaterialized:
		line.Message = "materialized " + inspect.ValueName(data)
		line.Attrs = metadataRows(data)
	case history.ResourceStarting, history.ResourceStarted, history.ResourceStopping, history.ResourceStopped:
		line.resource(data)
	case history.LogWritten:
		line.written(data)
	case history.UnknownEvent:
		line.Message = string(data.Kind) + " " + string(data.Fields)
	default:
		line.Message = string(event.Type())
	}
	return line
}

func (l *logLine) runFinished(data history.RunFinished) {
	text := "run " + string(data.Status) + took(", ", data.Duration)
	switch data.Status {
	case history.StatusFailed:
		l.fail(text, data.Error)
	case history.StatusCancelled:
		l.warn(text + because(data.Error.Message))
		l.More = data.Error.Stack
	default:
		l.Message = text
	}
}

func (l *logLine) step(data history.EventData) {
	switch data := data.(type) {
	case history.StepStarted:
		l.Message = "step started" + onWorker(data.Worker)
		if data.Attempt > 1 {
			l.Message += sprintf(", attempt %d", data.Attempt)
		}
	case history.StepProgress:
		l.Message = "at " + countText(data.Rows)
		if data.Total > 0 {
			l.Message += " of " + countText(data.Total)
		}
		l.Message = strings.TrimSpace(l.Message + " " + data.Message)
	case history.StepSucceeded:
		l.Message = "step succeeded" + took(", ", data.Duration) + inspect.UsageText(data.Usage, durationText)
	case history.StepFailed:
		text := "step failed" + took(" after ", data.Duration) + inspect.UsageText(data.Usage, durationText)
		if data.Retry {
			text += sprintf(", attempt %d", data.Attempt+1) + within(data.RetryDelay)
		}
		l.fail(text, data.Error)
	case history.StepSkipped:
		l.warn("step skipped" + because(data.Because))
	case history.StepCancelled:
		l.warn("step cancelled" + took(" after ", data.Duration) + inspect.UsageText(data.Usage, durationText))
	default: // it is about no step
	}
}

func (l *logLine) resource(data history.EventData) {
	switch data := data.(type) {
	case history.ResourceStarting:
		l.Of, l.Message = data.Resource, resourceText(data.Step, data.Worker)+" starting"
	case history.ResourceStarted:
		l.Of = data.Resource
		l.end(resourceText(data.Step, data.Worker), "started", data.Duration, data.Error)
	case history.ResourceStopping:
		l.Of, l.Message = data.Resource, resourceText(data.Step, data.Worker)+" stopping"
	case history.ResourceStopped:
		l.Of = data.Resource
		l.end(resourceText(data.Step, data.Worker), "stopped", data.Duration, data.Error)
	default: // it is about no resource
	}
}

// written is about a line that the code of the user logged.
func (l *logLine) written(data history.LogWritten) {
	l.Level, l.Message, l.Class = data.Level.String(), data.Message, levelClass(data.Level)
	switch {
	case data.Step == "":
		l.Of = data.Resource
	case data.Resource != "":
		l.Of += ": " + data.Resource
	}
	for _, attr := range data.Attrs {
		l.Attrs = append(l.Attrs, configRow{attr.Name, valueText(attr.Value)})
	}
}

// end is about the end of something, which may have failed.
func (l *logLine) end(what, done string, duration time.Duration, failure history.Failure) {
	if failure == (history.Failure{}) {
		l.Message = what + " " + done + took(", ", duration)
		return
	}
	l.fail(what+" not "+done+took(" after ", duration), failure)
}

func (l *logLine) fail(text string, failure history.Failure) {
	l.Level, l.Class, l.Message, l.More = "ERROR", "e", text+because(failure.Message), failure.Stack
}

func (l *logLine) warn(text string) { l.Level, l.Class, l.Message = "WARN", "w", text }

func launchedText(data history.RunQueued) string {
	if data.Job != "" {
		return "job " + data.Job
	}
	return "selection " + cut(data.Selection, longestSelection)
}

// resourceText names the instance of a resource, whose key stands before the text.
func resourceText(step, worker string) string {
	text := "resource"
	if step != "" {
		text += " of step " + step
	}
	return text + onWorker(worker)
}

// onWorker names a worker at the end of a text. It is "" for a process of the owner of the run.
func onWorker(worker string) string {
	if worker == "" {
		return ""
	}
	return " on " + inspect.WorkerText(worker)
}

// took returns a duration after a text, or "" if the duration is not known.
func took(text string, d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return text + durationText(d)
}

func within(d time.Duration) string { return cmp.Or(took(" in ", d), " now") }

func because(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
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
