package processes

import (
	"bufio"
	"io"

	"github.com/fxrun/fxrun/history"
)

// ReadReports reads the frames of a process until the first error, and returns the events.
func ReadReports(from io.Reader) ([]history.Event, error) {
	var events []history.Event
	lines := bufio.NewReader(from)
	for {
		frame, err := readReport(lines)
		if err != nil {
			return events, err
		}
		if frame.Event != nil {
			events = append(events, *frame.Event)
		}
	}
}

// StepUsage is what finds out what the steps of a process have used.
type StepUsage struct{ of stepUsage }

// Begin notes that a step begins.
func (u *StepUsage) Begin(step string) { u.of.begin(step) }

// End returns what a step has used.
func (u *StepUsage) End(step string) history.Usage { return u.of.end(step) }
