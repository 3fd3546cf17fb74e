package cli

import (
	"strings"

	"github.com/fxrun/fxrun/history"
)

// toldErrors are the errors that the output already contains. Each error is written
// where it happened, and is not written again at the end of the run.
type toldErrors struct{ texts []string }

// line does the same as lineOf, but leaves out the errors that were written before.
// It remembers the error of the event.
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

// add remembers an error, in the form in which the error of the run contains it.
func (t *toldErrors) add(text string) { t.texts = append(t.texts, text) }

func (t *toldErrors) has(text string) bool {
	for _, told := range t.texts {
		if strings.Contains(told+"\n", text+"\n") {
			return true
		}
	}
	return false
}

// without returns the lines of the error of a run that the output does not contain
// yet.
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
