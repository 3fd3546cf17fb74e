package ui

import (
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
		if data.Cluster != (history.Cluster{}) {
			line.Message += " in " + inspect.ClusterText(data.Cluster)
		}
	case history.RunStarted:
		line.Message = "run running"
	case history.RunAdopted:
		line.Message = "run taken over by " + inspect.WorkerText(data.Owner)
	case history.RunCancelRequested:
		line.Message, line.Level, line.Class = "cancellation requested: "+data.Reason, "WARN", "w"
	case history.RunFinished:
		line.Message = "run " + string(data.Status) + ", " + durationText(data.Duration)
		if data.Status == history.StatusFailed {
			failed(data.Error)
		}
	case history.StepStarted:
		line.Message = "step started" + onWorker(data.Worker)
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
		line.Of, line.Message = data.Resource, "resource"+onWorker(data.Worker)+" starting"
	case history.ResourceStarted:
		line.Of = data.Resource
		ended("resource"+onWorker(data.Worker), "started", data.Duration, data.Error)
	case history.ResourceStopping:
		line.Of, line.Message = data.Resource, "resource"+onWorker(data.Worker)+" stopping"
	case history.ResourceStopped:
		line.Of = data.Resource
		ended("resource"+onWorker(data.Worker), "stopped", data.Duration, data.Error)
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

// onWorker names a worker at the end of a text. It is "" for a process of the owner of the run.
func onWorker(worker string) string {
	if worker == "" {
		return ""
	}
	return " on " + inspect.WorkerText(worker)
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
