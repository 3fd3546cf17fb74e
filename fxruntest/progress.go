package fxruntest

import (
	"slices"

	"github.com/fxrun/fxrun/history"
)

// toldProgress gathers the progress of a run's steps, which no log keeps.
type toldProgress struct {
	after  int64 // the sequence number of the last event that was observed
	events []placedProgress
}

// placedProgress is a progress and the event that came before it.
type placedProgress struct {
	after int64
	event history.Event
}

// observe returns an observer that also calls the given one, unless that is nil.
func (p *toldProgress) observe(next func(history.Event)) func(history.Event) {
	return func(event history.Event) {
		if event.Type() == history.TypeStepProgress {
			p.events = append(p.events, placedProgress{p.after, event})
		}
		p.after = max(p.after, event.Seq)
		if next != nil {
			next(event)
		}
	}
}

// among returns the events of the log with the progress where it was told.
func (p *toldProgress) among(log []history.Event) []history.Event {
	for _, told := range slices.Backward(p.events) {
		at := slices.IndexFunc(log, func(event history.Event) bool { return event.Seq > told.after })
		if at < 0 {
			at = len(log)
		}
		log = slices.Insert(log, at, told.event)
	}
	return log
}
