package cli

import (
	"sync"

	"github.com/fxrun/fxrun/history"
)

// relay passes the events of a run, and of those that repeat it, to the reporter of the
// run. It keeps the events of a run that has no reporter yet.
type relay struct {
	mu        sync.Mutex
	reporters map[string]reporter
	kept      map[string][]history.Event
}

func newRelay() *relay {
	return &relay{reporters: make(map[string]reporter), kept: make(map[string][]history.Event)}
}

func (r *relay) event(event history.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reporter := r.reporters[event.RunID]; reporter != nil {
		reporter.event(event)
		return
	}
	r.kept[event.RunID] = append(r.kept[event.RunID], event)
}

// to gives a run its reporter, which gets all events of the run.
func (r *relay) to(run string, reporter reporter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, event := range r.kept[run] {
		reporter.event(event)
	}
	delete(r.kept, run)
	r.reporters[run] = reporter
}
