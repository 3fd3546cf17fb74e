package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/history"
)

// reporter tells about a run while it goes on. Its methods may be called at
// once from several goroutines.
type reporter interface {
	// event takes the next event, as stored.
	event(history.Event)
	// note tells what the command itself does.
	note(text string)
	// end tells how the run ended and returns its record.
	end() history.Record
	// abandon leaves the output in order where the end can't be waited for. It
	// may be called after end.
	abandon()
}

func newReporter(command *cobra.Command, asJSON, verbose bool, attempts attempts) reporter {
	out, program := command.OutOrStdout(), typed(command.Parent())
	switch screen := screenOf(out); {
	case asJSON:
		return &jsonReporter{out: newEncoder(out), err: command.ErrOrStderr()}
	case screen.terminal:
		return newPainter(out, screen, program, verbose, attempts)
	default:
		return newLineReporter(out, command.ErrOrStderr(), program, verbose, attempts)
	}
}

// jsonReporter writes each event as a line of JSON, and the record last.
type jsonReporter struct {
	err io.Writer

	mu     sync.Mutex
	out    *json.Encoder
	record history.Record
}

// recordJSON is the last line.
type recordJSON struct {
	Type   string         `json:"type"` // "record"
	Record history.Record `json:"record"`
}

func (j *jsonReporter) event(event history.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.record.Apply(event) // a store that took the event has checked it
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
