package cli

import (
	"fmt"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/runs"
)

// board is the state of a run while it goes on. It is computed from the events of
// the run.
type board struct {
	record    history.Record
	resources []boardResource // in the order in which they began to start
	progress  map[string]history.StepProgress
	retries   map[string]retry  // by the key of the step; for steps that wait for their next attempt
	waits     map[string]string // what a step waits for, by its key
	values    inspect.StepValues
	attempts  attempts
}

// retry is the next attempt that a step waits for.
type retry struct {
	attempt int
	at      time.Time
}

// boardResource is the state of one resource of the run.
type boardResource struct {
	key      string
	worker   string // "" for a process of the owner of the run
	state    resourceState
	since    time.Time
	duration time.Duration // of starting, or of stopping
}

type resourceState int

const (
	resourceStarting resourceState = iota
	resourceStarted
	resourceStopping
	resourceStopped
	resourceFailed
)

func newBoard(attempts attempts) *board {
	return &board{
		progress: make(map[string]history.StepProgress), retries: make(map[string]retry), waits: make(map[string]string), values: make(inspect.StepValues), attempts: attempts,
	}
}

// apply adds the next stored event.
func (b *board) apply(event history.Event) {
	_ = b.record.Apply(event) // the store has checked the event
	switch data := event.Data.(type) {
	case history.ResourceStarting, history.ResourceStarted, history.ResourceStopping, history.ResourceStopped:
		if event.Step() == "" { // the board shows no resources of single steps
			b.applyResource(event)
		}
	case history.StepStarted:
		delete(b.progress, data.Step)
		delete(b.retries, data.Step)
		delete(b.waits, data.Step)
	case history.LogWritten:
		if i := slices.IndexFunc(data.Attrs, func(attr history.Attr) bool { return attr.Name == runs.AttrWaitsFor }); i >= 0 && data.Step != "" {
			b.waits[data.Step] = fmt.Sprint(data.Attrs[i].Value)
		}
	case history.StepFailed:
		if data.Retry {
			b.retries[data.Step] = retry{attempt: data.Attempt + 1, at: event.Time.Add(data.RetryDelay)}
		}
	case history.StepProgress:
		b.progress[data.Step] = data
	case history.AssetMaterialized:
		b.values.Add(data)
	default: // the record contains it, or the screen does not show it
	}
}

func (b *board) applyResource(event history.Event) {
	switch data := event.Data.(type) {
	case history.ResourceStarting:
		b.resources = append(b.resources, boardResource{key: data.Resource, worker: data.Worker, since: event.Time})
	case history.ResourceStarted:
		b.set(data.Resource, data.Worker, resourceStarted, event.Time, data.Duration, data.Error)
	case history.ResourceStopping:
		b.set(data.Resource, data.Worker, resourceStopping, event.Time, 0, history.Failure{})
	case history.ResourceStopped:
		b.set(data.Resource, data.Worker, resourceStopped, event.Time, data.Duration, data.Error)
	default:
	}
}

func (b *board) set(key, worker string, state resourceState, at time.Time, took time.Duration, failure history.Failure) {
	i := slices.IndexFunc(b.resources, func(r boardResource) bool { return r.key == key && r.worker == worker })
	if i < 0 {
		return
	}
	if failure.Message != "" || b.resources[i].state == resourceFailed {
		state = resourceFailed
	}
	b.resources[i] = boardResource{key: key, worker: worker, state: state, since: at, duration: took}
}
