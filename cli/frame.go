package cli

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxrun/fxrun/history"
)

// frame draws the board as it is at the time now. The lines fit into width and
// height. The result depends only on the board and the arguments.
func (b *board) frame(now time.Time, width, height int, s screen) []string {
	lines := []string{b.headline(now, width, s)}
	lines = append(lines, b.resourceLines(now, width, s)...)
	room := max(1, height-len(lines)-1)
	lines = append(lines, b.stepLines(now, width, room, s)...)
	return lines[:min(len(lines), max(1, height-1))]
}

// piece is a part of a line in one colour.
type piece struct {
	text   string
	colour colour
}

// line joins pieces and shortens the line to the width.
func line(s screen, width int, pieces ...piece) string {
	var text strings.Builder
	for _, piece := range pieces {
		shown := cut(piece.text, width)
		if width <= 0 {
			break
		}
		width -= utf8.RuneCountInString(shown)
		text.WriteString(s.in(piece.colour, shown))
	}
	return text.String()
}

func (b *board) headline(now time.Time, width int, s screen) string {
	what := b.record.Job
	if what == "" {
		what = clean(b.record.Selection)
	}
	status := string(b.record.Status)
	colour := statusColour(status)
	if !b.record.CancelRequested.IsZero() && !b.record.Status.Finished() {
		status, colour = "cancelling", yellow
	}
	return line(s, width, piece{"run " + b.record.ID, bold}, piece{"  " + what + "  ", plain},
		piece{status, colour}, piece{"  " + elapsed(now, b.record.Queued), dim})
}

func elapsed(now, since time.Time) string {
	if since.IsZero() {
		return ""
	}
	passed := max(0, now.Sub(since))
	if passed < time.Minute { // more digits would change too fast to be read
		return fmt.Sprintf("%.1fs", passed.Truncate(100*time.Millisecond).Seconds())
	}
	return durationText(passed)
}

// resourceLines lists the resources, several in one line.
func (b *board) resourceLines(now time.Time, width int, s screen) []string {
	const title = "  resources  "
	var lines []string
	var pieces []piece
	used := len(title)
	for _, resource := range b.resources {
		next := resource.pieces(now)
		length := 0
		for _, piece := range next {
			length += utf8.RuneCountInString(piece.text)
		}
		if used+length > width && len(pieces) > 0 {
			lines = append(lines, line(s, width, pieces...))
			pieces = nil
		}
		if len(pieces) == 0 {
			head := title
			if len(lines) > 0 {
				head = strings.Repeat(" ", len(title))
			}
			pieces, used = []piece{{head, dim}}, len(title)
		}
		pieces, used = append(pieces, next...), used+length
		if len(lines) == 2 { // three lines are enough, since the history contains all resources
			break
		}
	}
	if len(pieces) > 0 {
		lines = append(lines, line(s, width, pieces...))
	}
	return lines
}

func (r boardResource) pieces(now time.Time) []piece {
	switch r.state {
	case resourceStarting:
		return []piece{{spinner(now) + " ", cyan}, {r.key + " ", plain}, {elapsed(now, r.since) + "   ", dim}}
	case resourceStarted:
		return []piece{{"✓ ", green}, {r.key + " ", plain}, {durationText(r.duration) + "   ", dim}}
	case resourceStopping:
		return []piece{{spinner(now) + " ", yellow}, {r.key + " stopping ", plain}, {elapsed(now, r.since) + "   ", dim}}
	case resourceFailed:
		return []piece{{"✗ ", red}, {r.key + "   ", red}}
	case resourceStopped:
		return []piece{{"· " + r.key + " stopped   ", dim}}
	}
	return nil
}

// stepLines lists the steps, each on a line of its own. If there is not enough
// room, it lists the running steps, then the failed steps, and ends with the number
// of steps in each status.
func (b *board) stepLines(now time.Time, width, room int, s screen) []string {
	keyWidth := 0
	for _, step := range b.record.Steps {
		keyWidth = max(keyWidth, utf8.RuneCountInString(step.Key))
	}
	keyWidth = min(keyWidth, max(12, width/2))
	draw := func(step history.StepRecord) string { return b.stepLine(step, now, width, keyWidth, s) }
	var lines []string
	if len(b.record.Steps) <= room {
		for _, step := range b.record.Steps {
			lines = append(lines, draw(step))
		}
		return lines
	}
	for _, status := range []history.StepStatus{history.StepStatusRunning, history.StepStatusFailed} {
		for _, step := range b.record.Steps {
			if step.Status == status && len(lines) < room-1 {
				lines = append(lines, draw(step))
			}
		}
	}
	return append(lines, line(s, width, piece{"  " + b.stepCounts(), dim}))
}

// stepCounts returns the number of steps in each status.
func (b *board) stepCounts() string {
	counts := make(map[history.StepStatus]int)
	for _, step := range b.record.Steps {
		counts[step.Status]++
	}
	var texts []string
	for _, status := range []history.StepStatus{
		history.StepStatusSucceeded, history.StepStatusFailed, history.StepStatusSkipped, history.StepStatusCancelled,
		history.StepStatusRunning, history.StepStatusPending,
	} {
		if counts[status] > 0 {
			texts = append(texts, countText(int64(counts[status]))+" "+string(status))
		}
	}
	return fmt.Sprintf("%s: %s", counted(len(b.record.Steps), "step"), strings.Join(texts, ", "))
}

func (b *board) stepLine(step history.StepRecord, now time.Time, width, keyWidth int, s screen) string {
	mark, keyColour, took := piece{"· ", dim}, plain, ""
	switch step.Status {
	case history.StepStatusPending:
		keyColour = dim
	case history.StepStatusRunning:
		mark, took = piece{spinner(now) + " ", cyan}, elapsed(now, step.Started)
	case history.StepStatusSucceeded:
		mark, took = piece{"✓ ", green}, durationText(step.Duration)
	case history.StepStatusFailed:
		mark, keyColour, took = piece{"✗ ", red}, red, durationText(step.Duration)
	case history.StepStatusSkipped, history.StepStatusCancelled:
		mark, keyColour = piece{"- ", yellow}, dim
	}
	key := padded(cut(step.Key, keyWidth), keyWidth)
	return line(s, width, piece{"  ", plain}, mark, piece{key, keyColour}, piece{fmt.Sprintf("  %6s  ", took), dim}, piece{b.stepNote(step, now), plain})
}

// stepNote returns additional information about a step.
func (b *board) stepNote(step history.StepRecord, now time.Time) string {
	switch step.Status {
	case history.StepStatusRunning:
		var texts []string
		if step.Attempt > 1 {
			texts = append(texts, b.attempts.text(step.Key, step.Attempt))
		}
		if progress, ok := b.progress[step.Key]; ok {
			texts = append(texts, progressText(progressOf(progress)))
		}
		return strings.Join(texts, gap)
	case history.StepStatusSucceeded:
		return madeText(b.values, step.Key)
	case history.StepStatusSkipped, history.StepStatusCancelled:
		return string(step.Status)
	case history.StepStatusPending:
		if next, ok := b.retries[step.Key]; ok {
			return b.attempts.text(step.Key, next.attempt) + " in " + elapsed(next.at, now) + because(step.Error.Message)
		}
		if waits := b.waits[step.Key]; waits != "" {
			return clean("waits for " + waits)
		}
		return ""
	case history.StepStatusFailed:
		return clean(step.Error.Message)
	}
	return ""
}

// spinner returns the picture of a rotating wheel at the given time.
func spinner(now time.Time) string {
	turns := [...]string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}
	return turns[now.UnixMilli()/int64(frameEvery/time.Millisecond)%int64(len(turns))]
}
