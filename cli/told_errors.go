package cli

import (
	"strings"

	"github.com/fxrun/fxrun/history"
)

// toldErrors are errors that stand in the output already. Each is told once: where
// it happened, and not again where the run ends.
type toldErrors struct{ texts []string }

// line is lineOf without the errors that were told, and takes note of its own.
func (t *toldErrors) line(event history.Event, of attempts) eventLine {
	line := lineOf(event, of)
	message, inRun := "", ""
	switch data := event.Data.(type) {
	case history.StepFailed:
		if data.Retry {
			return line
		}
		message, inRun = data.Error.Message, data.Step+": "+data.Error.Message
	case history.ResourceStarted:
		message, inRun = data.Error.Message, data.Error.Message
	case history.ResourceStopped:
		message, inRun = data.Error.Message, data.Error.Message
	case history.RunFinished:
		message, inRun = data.Error.Message, data.Error.Message
	default:
		return line
	}
	if message == "" {
		return line
	}
	rest := message
	if _, atEnd := event.Data.(history.RunFinished); atEnd {
		rest = t.without(message)
	} else if t.has(inRun) {
		rest = ""
	}
	line.text = strings.TrimSuffix(line.text, because(message)) + because(rest)
	t.add(inRun)
	return line
}

// add takes note of an error as the error of its run has it.
func (t *toldErrors) add(text string) { t.texts = append(t.texts, text) }

func (t *toldErrors) has(text string) bool {
	for _, told := range t.texts {
		if strings.Contains(told+"\n", text+"\n") {
			return true
		}
	}
	return false
}

// without returns what of the error of a run was not told, in whole lines.
func (t *toldErrors) without(message string) string {
	for _, told := range t.texts {
		at := strings.Index(message+"\n", told+"\n")
		if at < 0 {
			continue
		}
		begin := strings.LastIndexByte(message[:at], '\n') + 1
		message = message[:begin] + strings.TrimPrefix(message[at+len(told):], "\n")
	}
	return strings.TrimSuffix(message, "\n")
}
