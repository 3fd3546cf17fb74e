package runs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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

	// What follows only who writes touches.

	users      worker.Pool // calls the store and the observer, until close
	complained bool        // of the observer
}

// batch is what goes to the store in one call.
type batch struct {
	ctx    context.Context // of the first call
	events []history.Event
	starts []int           // where the events of each call begin
	done   chan struct{}   // closed once it is stored or refused; nil if nobody waits
	also   []history.Event // of other runs, which are stored with those of this run, or not at all
	err    error           // of the calls from failed on
	failed int

	settled []func() // are called once it is stored or refused
}

// settle tells that the batch is stored or refused.
func (b *batch) settle() {
	for _, settled := range b.settled {
		settled()
	}
	b.settled = nil
}

// outcome is what a call gets, once the batch is done.
func (b *batch) outcome(call int) error {
	if b.err != nil && call >= b.failed {
		return b.err
	}
	return nil
}

// call returns the events of one call.
func (b *batch) call(i int) []history.Event {
	if i+1 < len(b.starts) {
		return b.events[b.starts[i]:b.starts[i+1]]
	}
	return b.events[b.starts[i]:]
}

func newRunLog(launch launch, store history.Store, abort context.CancelCauseFunc) *runLog {
	return &runLog{id: launch.id, store: store, observe: launch.observe, mask: launch.child.Mask, abort: abort}
}

// append stores events and hands them to the observer, all or none. After the
// store has refused one, no more are taken: the history would have a hole.
//
// What says that something is about to happen to the run or its resources is
// stored, and all that came before it, when append returns. What has happened,
// and what is only told, is not waited for: it is stored with the next that is,
// or in a moment, and before the run's end at the latest. Nor is the start of a
// step, which would so cost more than many a step; but it is written at once,
// while the step begins.
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
	switch _, starts := data[0].(history.StepStarted); {
	case how.wait || mustWait(data, len(b.events)):
		l.wait(b)
		return b.outcome(call)
	case starts:
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

// write stores a batch, lets everybody know, and sees to the next one.
func (l *runLog) write(b *batch) {
	defer func() { // also when the observer ends the goroutine
		b.settle()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.writing = false
		if b.done != nil {
			close(b.done)
		}
		if l.next != nil && l.next.done != nil {
			// In another goroutine: this one has its own work to go on with.
			go l.writeNext()
		} else if l.next != nil {
			l.writeSoon()
		}
	}()
	if b.err = l.failed(); b.err != nil || len(b.events) == 0 {
		return
	}
	ctx := b.ctx
	if len(b.starts) > 1 { // one caller's patience is not that of all
		ctx = context.WithoutCancel(ctx)
	}
	stored, err := l.put(ctx, slices.Concat(b.events, b.also))
	if isRefusal(err) && len(b.starts) > 1 {
		l.writeCalls(ctx, b)
		return
	}
	if err != nil {
		b.err = l.fail(b.events, err)
		return
	}
	b.settle()
	l.follow(ctx, stored[:len(b.events)])
}

// put gives events to the store, whose code is a user's.
func (l *runLog) put(ctx context.Context, events []history.Event) (stored []history.Event, err error) {
	err = l.users.Guard(func() (err error) {
		stored, err = l.store.Append(ctx, events...)
		return err
	})
	return stored, err
}

// isRefusal reports whether the store has refused an event because of what it
// says.
func isRefusal(err error) bool {
	return errors.Is(err, history.ErrTransition) || errors.Is(err, history.ErrConflict) || errors.Is(err, history.ErrInvalid)
}

// writeCalls stores the calls of a refused batch up to the one that is at
// fault.
func (l *runLog) writeCalls(ctx context.Context, b *batch) {
	for i := range b.starts {
		events := b.call(i)
		stored, err := l.put(ctx, events)
		if err != nil {
			b.err, b.failed = l.fail(events, err), i
			return
		}
		l.follow(ctx, stored)
	}
}

// fail notes that the store did not take events, which ends the run.
func (l *runLog) fail(events []history.Event, err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = fmt.Errorf("recording %s of run %s: %w", events[0].Type(), l.id, err)
	l.abort(l.err)
	return l.err
}

// follow tells of events that are stored. If the observer does not return from
// one of them, it is told of those that follow nevertheless.
func (l *runLog) follow(ctx context.Context, stored []history.Event) {
	stored = append(l.foreign(ctx, firstSeq(stored)), stored...)
	for len(stored) > 0 {
		told := 0
		tell := func() error {
			for ; told < len(stored); told++ {
				l.note(stored[told])
				if l.observe != nil {
					l.observe(stored[told])
				}
			}
			return nil
		}
		if l.observe == nil {
			_ = tell()
			return
		}
		if err := l.users.Guard(tell); err == nil {
			return
		} else if !l.complained {
			l.complained = true
			_ = l.append(context.Background(), history.LogWritten{
				Level: slog.LevelError, Message: "the observer of the run failed", Attrs: history.Attrs{{Name: "error", Value: err.Error()}},
			})
		}
		stored = stored[told+1:]
	}
}

// foreign returns the events before seq that others have appended, for the observer. Without
// them it could not compute the record of the run, as [history.Record.Apply] finds the gap.
func (l *runLog) foreign(ctx context.Context, seq int64) []history.Event {
	reached := l.reached()
	if l.observe == nil || seq <= reached+1 {
		return nil
	}
	var found []history.Event
	_ = l.users.Guard(func() (err error) { // an observer without these events is better than no run
		found, err = l.store.Events(context.WithoutCancel(ctx), history.EventQuery{
			RunID: l.id, AfterSeq: reached, Limit: int(seq - reached - 1),
		})
		return err
	})
	return found
}

// firstSeq returns the sequence number of the first of the events that has one, and 0
// if none has one, as it is with progress.
func firstSeq(events []history.Event) int64 {
	for _, event := range events {
		if event.Seq > 0 {
			return event.Seq
		}
	}
	return 0
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

// finish stores how the run ended, and the events of other runs that follow from it, even if an earlier event was refused: a
// full disk may have space again. A run of which an event could not be stored
// since failure was asked has failed by that: the error says so too.
func (l *runLog) finish(finished history.RunFinished, following func(*history.RunFinished) []history.Event) (followed bool, err error) {
	l.mu.Lock()
	l.ended = true
	if l.writing || l.next != nil { // what nobody waits for
		if l.next == nil {
			l.next = &batch{ctx: context.Background()}
		}
		l.wait(l.next)
		l.mu.Lock()
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	var late error
	if !l.told {
		late = l.err
	}
	if late != nil && finished.Status == history.StatusSucceeded {
		finished.Status, finished.Error = history.StatusFailed, history.FailureOf(late)
	}
	l.mu.Unlock()
	also := following(&finished)
	l.mu.Lock()
	err = l.end(finished, also)
	if isRefusal(err) && len(also) > 0 {
		finished.Error.Message += fmt.Sprintf("; the run is not repeated: %v", err)
		l.mu.Lock()
		err, also = l.end(finished, nil), nil
	}
	if isRefusal(err) && finished.Status == history.StatusSucceeded { // no run is left without its end
		failed := history.RunFinished{Status: history.StatusFailed, Error: history.FailureOf(err), Duration: finished.Duration}
		l.mu.Lock()
		err = errors.Join(err, l.end(failed, nil))
	}
	return err == nil && len(also) > 0, errors.Join(late, err)
}

// close ends what the log keeps running. It is called once nothing more is to be
// stored.
func (l *runLog) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.users.Close()
}

// end stores the last event. The caller holds the lock; end gives it back.
func (l *runLog) end(finished history.RunFinished, also []history.Event) error {
	l.err = nil
	b, _ := l.enqueue(context.Background(), nil, []history.EventData{finished})
	b.also = also
	l.wait(b)
	return b.outcome(0)
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
