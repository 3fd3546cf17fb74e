package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/fxrun/fxrun/runs"
)

// reporter tells about a run while it goes on. Its methods may be called at
// once from several goroutines.
type reporter interface {
	// event takes the next event, as stored.
	event(runs.Event)
	// note tells what the command itself does.
	note(text string)
	// end tells how the run ended and returns its record.
	end() runs.Record
	// abandon leaves the output in order where the end can't be waited for. It
	// may be called after end.
	abandon()
}

func newReporter(command *cobra.Command, asJSON, verbose bool) reporter {
	out, program := command.OutOrStdout(), command.Parent().CommandPath()
	switch screen := screenOf(out); {
	case asJSON:
		return &jsonReporter{out: json.NewEncoder(out), err: command.ErrOrStderr()}
	case screen.terminal:
		return newPainter(out, screen, program, verbose)
	default:
		return &lineReporter{out: out, err: command.ErrOrStderr(), program: program, verbose: verbose, board: newBoard(), told: make(map[string]time.Time)}
	}
}

// lineReporter writes a line for each event.
type lineReporter struct {
	out, err io.Writer
	program  string
	verbose  bool

	mu    sync.Mutex
	board *board
	told  map[string]time.Time // when progress of a step was last told
}

// progressEvery is the least time between two lines about a step's progress.
const progressEvery = 5 * time.Second

func (l *lineReporter) event(event runs.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.board.apply(event)
	if progress, ok := event.Data.(runs.StepProgress); ok {
		if event.Time.Sub(l.told[progress.Step]) < progressEvery {
			return
		}
		l.told[progress.Step] = event.Time
	}
	line := lineOf(event)
	if line.debug && !l.verbose {
		return
	}
	_, _ = fmt.Fprintln(l.out, event.Time.Local().Format(time.TimeOnly)+gap+line.text)
}

func (l *lineReporter) note(text string) { _, _ = fmt.Fprintln(l.err, text) }

func (l *lineReporter) end() runs.Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	writeSummary(l.out, screen{}, l.board.record, l.board.values, l.program)
	return l.board.record
}

func (l *lineReporter) abandon() {}

// jsonReporter writes each event as a line of JSON, and the record last.
type jsonReporter struct {
	err io.Writer

	mu     sync.Mutex
	out    *json.Encoder
	record runs.Record
}

// recordJSON is the last line.
type recordJSON struct {
	Type   string      `json:"type"` // "record"
	Record runs.Record `json:"record"`
}

func (j *jsonReporter) event(event runs.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.record.Apply(event) // a store that took the event has checked it
	_ = j.out.Encode(event)
}

func (j *jsonReporter) note(text string) { _, _ = fmt.Fprintln(j.err, text) }

func (j *jsonReporter) end() runs.Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	_ = j.out.Encode(recordJSON{"record", j.record})
	return j.record
}

func (j *jsonReporter) abandon() {}
