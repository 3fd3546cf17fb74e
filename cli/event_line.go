package cli

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// eventLine is an event as people see it.
type eventLine struct {
	text   string // one line
	more   string // more lines for the commands that show details: a stack
	colour colour
	debug  bool // shown only with --verbose
}

// attempts holds the largest number of attempts at each step, by the key of the
// step. If a step is missing, the number is not known: the history does not contain
// it.
type attempts map[string]int

// text says which attempt it is, and how many there may be.
func (a attempts) text(step string, attempt int) string {
	if most := a[step]; most >= attempt {
		return fmt.Sprintf("attempt %d of %d", attempt, most)
	}
	return fmt.Sprintf("attempt %d", attempt)
}

// clockTime is the layout of the time of day with milliseconds, which show how long
// each step took.
const clockTime = "15:04:05.000"

// writeEvent writes the time of an event, the line of the event, and its stack
// below.
func writeEvent(out io.Writer, screen screen, event history.Event, line eventLine, layout string) error {
	text := screen.in(dim, event.Time.Local().Format(layout)) + gap + screen.in(line.colour, line.text) + "\n"
	if line.more != "" {
		text += "    " + strings.ReplaceAll(cleanLines(line.more), "\n", "\n    ") + "\n"
	}
	_, err := io.WriteString(out, text)
	return err
}

// lineOf returns an event as a line, without its time.
func lineOf(event history.Event, of attempts) eventLine {
	switch data := event.Data.(type) {
	case history.RunQueued:
		return eventLine{text: fmt.Sprintf("run %s queued: %s, %s", event.RunID, launchedText(data), counted(len(data.Steps), "step"))}
	case history.RunStarting:
		text := "run starting"
		if data.Cluster != (history.Cluster{}) {
			text += " in " + clean(inspect.ClusterText(data.Cluster))
		}
		return eventLine{text: text, colour: dim}
	case history.RunStarted:
		return eventLine{text: "run running", colour: dim}
	case history.RunAdopted:
		return eventLine{text: "run taken over by " + clean(inspect.WorkerText(data.Owner)), colour: dim}
	case history.RunCancelRequested:
		return eventLine{text: "run cancellation requested" + because(inspect.CancelRequestText(data, durationText)), colour: yellow}
	case history.RunFinished:
		return eventLine{
			text: "run " + told(data.Status) + took(data.Duration) + because(data.Error.Message), more: data.Error.Stack,
			colour: statusColour(string(data.Status)),
		}
	case history.AssetMaterialized:
		return eventLine{text: strings.TrimRight("asset "+valueName(data)+" materialized "+valueSummary(data), " ")}
	case history.LogWritten:
		return logLine(data)
	case history.ResourceStarting, history.ResourceStarted, history.ResourceStopping, history.ResourceStopped:
		return resourceLine(data)
	case history.UnknownEvent:
		return eventLine{text: clean(string(event.Type())) + " " + clean(string(data.Fields)), colour: dim}
	case history.StepStarted, history.StepProgress, history.StepSucceeded, history.StepFailed, history.StepSkipped, history.StepCancelled:
		return stepLine(data, of)
	}
	return eventLine{text: fmt.Sprintf("%T", event.Data)}
}

func resourceLine(data history.EventData) eventLine {
	switch data := data.(type) {
	case history.ResourceStarting:
		return eventLine{text: resourceName(data.Resource, data.Step, data.Worker) + " starting", colour: dim}
	case history.ResourceStarted:
		return endLine(resourceName(data.Resource, data.Step, data.Worker), "started", data.Duration, data.Error)
	case history.ResourceStopping:
		return eventLine{text: resourceName(data.Resource, data.Step, data.Worker) + " stopping", colour: dim}
	case history.ResourceStopped:
		return endLine(resourceName(data.Resource, data.Step, data.Worker), "stopped", data.Duration, data.Error)
	default:
		return eventLine{}
	}
}

func resourceName(key, step, worker string) string {
	name := "resource " + clean(key)
	if step != "" {
		name += " of step " + clean(step)
	}
	return name + onWorker(worker)
}

// onWorker names a worker at the end of a text. It is "" for a process of the owner of the run.
func onWorker(worker string) string {
	if worker == "" {
		return ""
	}
	return " on " + clean(inspect.WorkerText(worker))
}

// endLine returns the line for the end of something, which may have failed.
func endLine(what, done string, duration time.Duration, failure history.Failure) eventLine {
	if failure.Message == "" {
		return eventLine{text: what + " " + done + took(duration)}
	}
	return eventLine{text: what + " not " + done + took(duration) + because(failure.Message), more: failure.Stack, colour: red}
}

func stepLine(data history.EventData, of attempts) eventLine {
	switch data := data.(type) {
	case history.StepStarted:
		text := "step " + clean(data.Step) + " started" + onWorker(data.Worker)
		if data.Attempt > 1 {
			text += ", " + of.text(data.Step, data.Attempt)
		}
		return eventLine{text: text}
	case history.StepProgress:
		return eventLine{text: "step " + clean(data.Step) + " at " + progressText(progressOf(data)), colour: dim}
	case history.StepSucceeded:
		return eventLine{text: "step " + clean(data.Step) + " succeeded" + took(data.Duration) + inspect.UsageText(data.Usage, durationText), colour: green}
	case history.StepFailed:
		text, colour := "step "+clean(data.Step)+" failed"+took(data.Duration)+inspect.UsageText(data.Usage, durationText), red
		if data.Retry {
			text += ", " + of.text(data.Step, data.Attempt+1) + within(data.RetryDelay)
			colour = yellow
		}
		return eventLine{text: text + because(data.Error.Message), more: data.Error.Stack, colour: colour}
	case history.StepSkipped:
		return eventLine{text: "step " + clean(data.Step) + " skipped" + because(data.Because), colour: yellow}
	case history.StepCancelled:
		return eventLine{text: "step " + clean(data.Step) + " cancelled" + took(data.Duration) + inspect.UsageText(data.Usage, durationText), colour: yellow}
	default:
		return eventLine{}
	}
}

// logLine returns a line that the code of the user logged.
func logLine(data history.LogWritten) eventLine {
	var text strings.Builder
	text.WriteString(data.Level.String())
	for _, from := range []string{data.Step, data.Resource} {
		if from != "" {
			text.WriteString(" " + clean(from) + ":")
		}
	}
	text.WriteString(" " + clean(data.Message))
	for _, attr := range data.Attrs {
		text.WriteString(" " + clean(attr.Name) + "=" + valueText(attr.Value))
	}
	line := eventLine{text: text.String(), debug: data.Level < slog.LevelInfo}
	switch {
	case data.Level >= slog.LevelError:
		line.colour = red
	case data.Level >= slog.LevelWarn:
		line.colour = yellow
	case line.debug:
		line.colour = dim
	}
	return line
}

func launchedText(data history.RunQueued) string {
	if data.Job != "" {
		return "job " + data.Job
	}
	return "selection " + clean(data.Selection)
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return countText(int64(n)) + " " + noun + "s"
}

func took(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return " after " + durationText(d)
}

func within(d time.Duration) string {
	if d <= 0 {
		return " now"
	}
	return " in " + durationText(d)
}

func because(text string) string {
	if text == "" {
		return ""
	}
	return ": " + clean(strings.ReplaceAll(strings.TrimSpace(text), "\n", "; "))
}

// progressOf returns the progress that an event tells.
func progressOf(data history.StepProgress) history.Progress {
	return history.Progress{Rows: data.Rows, Total: data.Total, Message: data.Message}
}

// progressText returns the progress of a step as text.
func progressText(progress history.Progress) string {
	text := countText(progress.Rows)
	if progress.Total > 0 {
		text += " of " + countText(progress.Total)
	}
	if progress.Message != "" {
		text += ", " + clean(progress.Message)
	}
	return text
}

// valueSummary returns the data of a materialization in one line.
func valueSummary(value history.AssetMaterialized) string {
	var texts []string
	if rows := rowsOf(value); rows != "" {
		texts = append(texts, "rows="+rows)
	}
	if size := sizeOf(value); size != "" {
		texts = append(texts, "size="+strings.ReplaceAll(size, " ", ""))
	}
	if more := metadataText(value); more != "" {
		texts = append(texts, more)
	}
	return strings.Join(texts, " ")
}
