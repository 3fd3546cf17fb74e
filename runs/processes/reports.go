package processes

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fxrun/fxrun/history"
)

// reports sends the events of a process to the one that has started it. It is a
// runs.Recorder.
type reports struct {
	frames    *frameWriter
	confirmed *confirmations
	alone     bool // the process executes one step only
	usage     stepUsage
}

// Record sends events. It waits until those are recorded that must be.
func (r *reports) Record(_ context.Context, events ...history.Event) error {
	for _, event := range events {
		event.Data = r.withUsage(event.Data)
		event, err := fitting(event)
		if err != nil {
			return err
		}
		if err := r.send(event); err != nil {
			return fmt.Errorf("telling the process that has launched the run: %w", err)
		}
	}
	return nil
}

func (r *reports) send(event history.Event) error {
	frame := report{Event: &event}
	if !mustBeRecorded(event) {
		return r.frames.write(frame)
	}
	var confirmed <-chan recorded
	frame.Number, confirmed = r.confirmed.expect()
	if err := r.frames.write(frame); err != nil {
		return err
	}
	return r.confirmed.wait(confirmed)
}

// usageFor returns what the attempt has used that an event ends. The event is one of a step.
func (r *reports) usageFor(step string) history.Usage {
	if r.alone {
		return ownUsage()
	}
	return r.usage.end(step)
}

// withUsage adds to the end of an attempt what it has used.
func (r *reports) withUsage(data history.EventData) history.EventData {
	switch data := data.(type) { //nolint:gochecksumtype // the others neither begin nor end an attempt
	case history.StepStarted:
		if !r.alone {
			r.usage.begin(data.Step)
		}
	case history.StepSucceeded:
		data.Usage = r.usageFor(data.Step)
		return data
	case history.StepFailed:
		data.Usage = r.usageFor(data.Step)
		return data
	case history.StepCancelled:
		data.Usage = r.usageFor(data.Step)
		return data
	}
	return data
}

// room is left in a frame for what stands around an event.
const room = 1 << 10

// fitting returns an event that fits into a frame. A log line is shortened. Any other
// event that is too large is an error.
func fitting(event history.Event) (history.Event, error) {
	encoded, err := json.Marshal(event)
	if err != nil || len(encoded) <= maxReport-room {
		return event, err
	}
	line, ok := event.Data.(history.LogWritten)
	if !ok {
		return event, fmt.Errorf("%s of step %s has %d bytes, and a process can't tell of more than %d: attach less metadata, or a shorter error",
			event.Type(), event.Step(), len(encoded), maxReport-room)
	}
	const kept = 64 << 10
	line.Message = fmt.Sprintf("%.*s", kept, line.Message)
	line.Attrs = history.Attrs{{Name: "shortened", Value: fmt.Sprintf("the line had %d bytes", len(encoded))}}
	event.Data = line
	return event, nil
}
