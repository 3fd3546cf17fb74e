package inspect

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/fxrun/fxrun/history"
)

// LogQuery says which events of a run to read. An event must fit every field that is
// set.
type LogQuery struct {
	// Run is the ID of the run.
	Run string
	// After is the sequence number after which to begin.
	After int64
	// Limit is the largest number of events to return. 0 means 200.
	Limit int
	// Step leaves out the events of other steps. Events of the whole run are left out
	// too.
	Step string
	// Level leaves out log lines of lower levels, and also the events other than log
	// lines if it is slog.LevelWarn or higher, unless they tell of a failure. The zero
	// Level is slog.LevelInfo.
	Level slog.Level
	// Text leaves out the events whose JSON does not contain it, without regard to case.
	Text string
	// Stream keeps only the lines that the process of a step has written to this stream:
	// "stdout" or "stderr".
	Stream string
	// Progress keeps the events about the progress of steps, which are left out
	// otherwise.
	Progress bool
}

// LogPage is a part of the log of a run.
type LogPage struct {
	// Events are the events that fit the query, oldest first.
	Events []history.Event `json:"events"`
	// Next is the sequence number after which the next page begins.
	Next int64 `json:"next"`
	// More says that the log goes on after this page.
	More bool `json:"more"`
}

const (
	// pageOfLog is how many events a page has by default, and scannedPage how many are
	// read from the store at once.
	pageOfLog, scannedPage = 200, 1000
	// scannedAtMost is how many events one query looks at. If few of them fit, the page is
	// short, and the caller asks for the next one: no query takes long.
	scannedAtMost = 50_000
)

// Log returns a page of the log of a run. A page may have no events although the log
// goes on: see LogPage.More.
func (i *Inspector) Log(ctx context.Context, query LogQuery) (LogPage, error) {
	if query.Limit <= 0 {
		query.Limit = pageOfLog
	}
	page := LogPage{Events: []history.Event{}, Next: query.After}
	for scanned := 0; scanned < scannedAtMost; {
		events, err := i.store.Events(ctx, history.EventQuery{RunID: query.Run, AfterSeq: page.Next, Limit: scannedPage})
		if err != nil {
			return LogPage{}, err
		}
		scanned += len(events)
		for _, event := range events {
			if len(page.Events) == query.Limit {
				page.More = true
				return page, nil
			}
			page.Next = event.Seq
			if query.Fits(event) {
				page.Events = append(page.Events, event)
			}
		}
		if page.More = len(events) == scannedPage; !page.More {
			break
		}
	}
	return page, nil
}

// Fits reports whether an event of the run fits the query, apart from After.
func (q LogQuery) Fits(event history.Event) bool {
	if _, ok := event.Data.(history.StepProgress); ok && !q.Progress {
		return false
	}
	if q.Step != "" && event.Step() != q.Step {
		return false
	}
	line, isLine := event.Data.(history.LogWritten)
	if q.Stream != "" && (!isLine || streamOf(line) != q.Stream) {
		return false
	}
	if isLine {
		if line.Level < q.Level {
			return false
		}
	} else if q.Level >= slog.LevelWarn && !tellsFailure(event) {
		return false
	}
	if q.Text == "" {
		return true
	}
	encoded, err := json.Marshal(event)
	return err == nil && strings.Contains(strings.ToLower(string(encoded)), strings.ToLower(q.Text))
}

// streamOf returns the stream that a line was written to by the process of a step, or "".
func streamOf(line history.LogWritten) string {
	for _, attr := range line.Attrs {
		if attr.Name == "stream" {
			stream, _ := attr.Value.(string)
			return stream
		}
	}
	return ""
}

// tellsFailure reports whether an event says that something has failed.
func tellsFailure(event history.Event) bool {
	none := history.Failure{}
	switch data := event.Data.(type) {
	case history.RunFinished:
		return data.Status == history.StatusFailed
	case history.StepFailed:
		return true
	case history.ResourceStarted:
		return data.Error != none
	case history.ResourceStopped:
		return data.Error != none
	case history.LogWritten:
		return data.Level >= slog.LevelError
	default:
		return false
	}
}
