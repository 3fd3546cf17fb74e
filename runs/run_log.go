package runs

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// runLog is the one writer of a run's events in this process.
type runLog struct {
	id      string
	store   Store
	observe func(Event)
	abort   context.CancelCauseFunc // ends the run whose history can't be kept

	mu      sync.Mutex
	current Status
	err     error // the first that the store returned
}

func newRunLog(id string, store Store, observe func(Event), abort context.CancelCauseFunc) *runLog {
	return &runLog{id: id, store: store, observe: observe, abort: abort}
}

// append stores events and hands them to the observer. After the store has
// refused one, no more are taken: the history would have a hole.
func (l *runLog) append(ctx context.Context, data ...EventData) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	if l.current.Finished() {
		return fmt.Errorf("recording %d events of run %s: %w", len(data), l.id, ErrTransition)
	}
	events := make([]Event, len(data))
	for i := range data {
		events[i] = Event{RunID: l.id, Time: time.Now(), Data: data[i]}
	}
	stored, err := l.store.Append(ctx, events...)
	if err != nil {
		l.err = fmt.Errorf("recording %s of run %s: %w", events[0].Type(), l.id, err)
		l.abort(l.err)
		return l.err
	}
	for _, event := range stored {
		l.follow(event)
	}
	return nil
}

func (l *runLog) follow(event Event) {
	switch data := event.Data.(type) {
	case RunQueued:
		l.current = StatusQueued
	case RunStarting:
		l.current = StatusStarting
	case RunStarted:
		l.current = StatusRunning
	case RunFinished:
		l.current = data.Status
	}
	if l.observe != nil {
		l.observe(event)
	}
}

// finish stores how the run ended, even if an earlier event was refused: a
// full disk may have space again.
func (l *runLog) finish(finished RunFinished) error {
	l.mu.Lock()
	l.err = nil
	l.mu.Unlock()
	return l.append(context.Background(), finished)
}

func (l *runLog) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *runLog) status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}
