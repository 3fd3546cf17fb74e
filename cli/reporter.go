package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
)

// reporter shows a run while it goes on. Several goroutines may call its methods at
// the same time.
type reporter interface {
	// event shows the next stored event.
	event(history.Event)
	// note shows what the command itself does.
	note(text string)
	// end shows how the run ended and returns its record.
	end() history.Record
	// abandon brings the output into a proper state if the command does not wait
	// for the end of the run. It may be called after end.
	abandon()
}

func newReporter(command *cobra.Command, asJSON, verbose bool, attempts attempts) reporter {
	out, look := command.OutOrStdout(), lookOf(command)
	switch screen := screenOf(out); {
	case asJSON:
		return &jsonReporter{out: newEncoder(out), err: command.ErrOrStderr()}
	case screen.terminal:
		return newPainter(out, screen, look, verbose, attempts)
	default:
		return newLineReporter(out, command.ErrOrStderr(), look, verbose, attempts)
	}
}

// jsonReporter writes each event as a line of JSON, and the record last.
type jsonReporter struct {
	err io.Writer

	mu     sync.Mutex
	out    *json.Encoder
	record history.Record
}

// recordJSON is the last line of the JSON output.
type recordJSON struct {
	Type   string         `json:"type"` // "record"
	Record history.Record `json:"record"`
}

func (j *jsonReporter) event(event history.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.record.Apply(event) // the store has checked the event
	_ = j.out.Encode(event)
}

func (j *jsonReporter) note(text string) { _, _ = fmt.Fprintln(j.err, text) }

func (j *jsonReporter) end() history.Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.out.Encode(recordJSON{"record", j.record})
	return j.record
}

func (j *jsonReporter) abandon() {}
