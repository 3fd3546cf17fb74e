package ui

import (
	"strings"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// runFault is why a step, or the run, failed.
type runFault struct {
	Title string
	Error string
	Chain []string
	Stack []stackFrame
	Place string // the first frame of the user's own code
	Hides int    // how many frames are not the user's
}

type stackFrame struct {
	Function, Place string
	Own             bool
}

// faultsOf returns why the steps of a run failed, and which resources could not be stopped,
// or why the run failed if none of these tells it.
func faultsOf(record history.Record, timeline *inspect.Timeline) []runFault {
	var faults []runFault
	for _, step := range record.Steps {
		if step.Status != history.StepStatusFailed {
			continue
		}
		title := step.Key + " failed"
		if step.Attempt > 1 {
			title += sprintf(", %d times", step.Attempt)
		}
		faults = append(faults, newFault(title, step.Error))
	}
	stops := stopFaults(timeline)
	if len(faults) > 0 { // else the error of the run tells it all
		faults = append(faults, stops...)
	}
	if len(faults) == 0 && record.Status == history.StatusFailed {
		faults = append(faults, newFault("The run failed", record.Error))
	}
	return faults
}

// stopFaults returns why resources could not be stopped. That does not end a step, so that
// only the run tells it.
func stopFaults(timeline *inspect.Timeline) []runFault {
	var faults []runFault
	for _, lane := range timeline.Resources {
		for _, span := range lane.Spans {
			if span.Kind == inspect.SpanStopping && span.Error != "" {
				faults = append(faults, newFault("resource "+lane.Key+" did not stop cleanly", history.Failure{Message: span.Error}))
			}
		}
	}
	return faults
}

// newFault takes an error apart: its text is a chain of what was being done, and its stack
// has frames of the user's own code between those of libraries.
func newFault(title string, failure history.Failure) runFault {
	fault := runFault{Title: title, Error: strings.TrimSpace(failure.Message)}
	chain := strings.Split(firstLine(fault.Error), ": ")
	if len(chain) > 1 {
		fault.Chain = chain[:len(chain)-1]
		if !strings.Contains(fault.Error, "\n") {
			fault.Error = chain[len(chain)-1]
		}
	}
	lines := strings.Split(failure.Stack, "\n")
	for i := 0; i+1 < len(lines); i++ {
		place, ok := strings.CutPrefix(lines[i+1], "\t")
		if !ok {
			continue
		}
		place, _, _ = strings.Cut(place, " +0x")
		frame := stackFrame{Function: lines[i], Place: place, Own: isOwn(lines[i], place)}
		fault.Stack = append(fault.Stack, frame)
		switch {
		case !frame.Own:
			fault.Hides++
		case fault.Place == "":
			fault.Place = place
		}
	}
	return fault
}

// isOwn reports whether a frame of a stack is neither of Go's own packages nor of a
// library.
func isOwn(function, place string) bool {
	for _, of := range []string{"runtime.", "runtime/", "reflect.", "panic(", "created by", "github.com/fxrun/fxrun/internal/", "github.com/fxrun/fxrun/runs.", "go.uber.org/"} {
		if strings.HasPrefix(function, of) {
			return false
		}
	}
	return !strings.Contains(place, "/pkg/mod/")
}
