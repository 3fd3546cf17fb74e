package runs

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/worker"
)

const (
	// writeDelay is how long an event that nobody waits for may stay unwritten,
	// for others to share its transaction.
	writeDelay = 2 * time.Millisecond
	// maxUnwritten is how many events may be unwritten before log lines and
	// progress wait too: a store that is slower than a step logs sets the pace.
	maxUnwritten = 1000
)

// runLog is the one writer of a run's events in this process.
//
// While the store takes one batch the events that come meanwhile gather in the
// next: steps that end at once share a transaction. Of the callers that wait,
// one writes for all.
type runLog struct {
	id      string
	store   history.Store
	observe func(history.Event)
	mask    mask                    // of all that is recorded
	abort   context.CancelCauseFunc // ends the run whose history can't be kept

	mu      sync.Mutex
	current history.Status
	seq     int64       // of the last event that was stored
	err     error       // the first that the store returned
	told    bool        // somebody has asked for err
	ended   bool        // the run's end is being recorded: nothing may follow
	next    *batch      // what nobody has begun to write; nil if nothing
	writing bool        // somebody writes, or is about to
	timer   *time.Timer // writes what nobody waits for; nil until needed

	// Of a run whose steps other processes record. Both are set before the steps begin.

	tolerant bool                  // an event that the store refuses is the fault of its call alone
	others   func([]history.Event) // is told of the events that others have appended; nil tells nobody

	// What follows only who writes touches.

	users      worker.Pool // calls the store and the observer, until close
	complained bool        // of the observer
}

func newRunLog(launch launch, store history.Store, abort context.CancelCauseFunc) *runLog {
	return &runLog{id: launch.id, store: store, observe: launch.observe, mask: launch.child.Mask, abort: abort}
}

// append stores events and hands them to the observer, all or none. After the
// store has refused one, no more are taken: the history would have a hole.
//
// An event that announces something about the run or its resources is stored when
// append returns, and so are all events before it. For an event that says what
// has happened, append does not wait: the event is stored together with the next
// announcing event, or a moment later, and in any case before the end of the run.
// append does not wait for the start of a step either, because the wait would
// cost more than many steps. But the start is written at once, while the step
// begins.
func (l *runLog) append(ctx context.Context, data ...history.EventData) error {
	return l.appendAs(ctx, appending{}, data)
}

// appendAs is append in another way than the usual one.
func (l *runLog) appendAs(ctx context.Context, how appending, data []history.EventData) error {
	l.mu.Lock()
	if err := l.refuses(len(data)); err != nil {
		l.mu.Unlock()
		how.settle()
		return err
	}
	b, call := l.enqueue(ctx, how.times, data)
	if how.settled != nil {
		b.settled = append(b.settled, how.settled)
	}
	if how.now {
		b.ordered, b.orderedCall = how.ordered, call
	}
	switch _, starts := data[0].(history.StepStarted); {
	case how.wait || mustWait(data, len(b.events)):
		l.wait(b)
		return b.outcome(call)
	case starts || how.now:
		l.writeBeside()
	case call == 0:
		l.writeSoon()
	}
	l.mu.Unlock()
	return nil
}

// refuses returns why the log takes no more events, or nil if it does. The caller holds the
// lock.
func (l *runLog) refuses(count int) error {
	if l.err == nil && l.ended {
		return fmt.Errorf("recording %d events of run %s: %w", count, l.id, history.ErrTransition)
	}
	return l.err
}

// writeBeside has the next batch written by another goroutine, at once. The
// caller holds the lock.
func (l *runLog) writeBeside() {
	if l.writing {
		return // who writes sees to it afterwards
	}
	b := l.next
	l.next, l.writing = nil, true
	go l.write(b)
}

// mustWait reports whether the writer of these events goes on only when they
// are stored. unwritten is how many events would wait with them else.
func mustWait(data []history.EventData, unwritten int) bool {
	for _, one := range data {
		switch one.(type) {
		case history.RunQueued, history.RunStarting, history.RunStarted, history.RunAdopted, history.RunFinished, history.ResourceStarting, history.ResourceStopping:
			return true
		case history.LogWritten, history.StepProgress: // there may be any number of them
			if unwritten > maxUnwritten {
				return true
			}
		case history.RunCancelRequested, history.ResourceStarted, history.ResourceStopped, history.AssetMaterialized,
			history.StepStarted, history.StepSucceeded, history.StepFailed, history.StepSkipped, history.StepCancelled,
			history.UnknownEvent:
		}
	}
	return false
}

// enqueue puts a call's events into the next batch and returns it, with the
// number of the call in it.
func (l *runLog) enqueue(ctx context.Context, times []time.Time, data []history.EventData) (*batch, int) {
	if l.next == nil {
		l.next = &batch{ctx: ctx}
	}
	b := l.next
	b.starts = append(b.starts, len(b.events))
	for i := range data {
		at := time.Now()
		if times != nil {
			at = times[i]
		}
		b.events = append(b.events, history.Event{RunID: l.id, Time: at, Data: l.mask.event(data[i])})
	}
	return b, len(b.starts) - 1
}

// wait waits until the next batch, which is b, is written, and sees to that if
// nobody else is writing. The caller holds the lock; wait gives it back.
func (l *runLog) wait(b *batch) {
	if l.writing || l.observe != nil {
		if b.done == nil {
			b.done = make(chan struct{})
		}
		if !l.writing {
			// The observer may end its goroutine, as a test's FailNow does. It
			// must not be the one that tears the run down.
			l.next, l.writing = nil, true
			go l.write(b)
		}
		l.mu.Unlock()
		<-b.done
		return
	}
	l.next, l.writing = nil, true
	l.mu.Unlock()
	l.write(b)
}

// writeSoon has the next batch written although nobody waits for it yet. The
// caller holds the lock.
func (l *runLog) writeSoon() {
	switch {
	case l.writing: // who writes sees to it afterwards
	case l.timer == nil:
		l.timer = time.AfterFunc(writeDelay, l.writeNext)
	default:
		l.timer.Reset(writeDelay)
	}
}

// writeNext writes the next batch, if there is one and nobody is writing.
func (l *runLog) writeNext() {
	l.mu.Lock()
	if l.writing || l.next == nil {
		l.mu.Unlock()
		return
	}
	b := l.next
	l.next, l.writing = nil, true
	l.mu.Unlock()
	l.write(b)
}

// continues says how far the log had come when this process took the run. A request to cancel
// the run may have been stored since.
func (l *runLog) continues(seq int64, status history.Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq, l.current = max(l.seq, seq), status
}

// note keeps how far the log has come.
func (l *runLog) note(event history.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seq = max(l.seq, event.Seq)
	if status := statusAfter(event.Data); status != "" {
		l.current = status
	}
}

// reached returns the sequence number of the last event that was stored.
func (l *runLog) reached() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.seq
}

// statusAfter returns the status that an event brings a run to, "" if it
// changes none.
func statusAfter(data history.EventData) history.Status {
	switch data := data.(type) {
	case history.RunQueued:
		return history.StatusQueued
	case history.RunStarting:
		return history.StatusStarting
	case history.RunStarted:
		return history.StatusRunning
	case history.RunFinished:
		return data.Status
	default:
		return ""
	}
}

// failure returns why the history could not be kept, nil if it could so far.
func (l *runLog) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = l.told || l.err != nil
	return l.err
}

// failed is failure for the log itself.
func (l *runLog) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *runLog) status() history.Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.current
}
