package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fxrun/fxrun/history"
)

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
	l.tell(b.tells)
	if b.reads {
		b.unread = l.hear(b.ctx)
	}
	if b.err = l.failed(); b.err != nil || len(b.events) == 0 {
		return
	}
	ctx := b.ctx
	if len(b.starts) > 1 { // one caller's patience is not that of all
		ctx = context.WithoutCancel(ctx)
	}
	stored, err := l.putBatch(ctx, b)
	switch {
	case isRefusal(err) && len(b.starts) > 1:
		l.writeCalls(ctx, b)
		return
	case isRefusal(err) && l.isTolerant():
		b.refuse(0, l.notTaken(b.events, err))
		return
	case err != nil:
		b.err = l.fail(b.events, err)
		return
	}
	b.settle()
	l.follow(ctx, stored[:len(b.events)])
}

// putBatch gives a batch to the store, and tells once its place is known, if somebody waits for
// that.
func (l *runLog) putBatch(ctx context.Context, b *batch) (stored []history.Event, err error) {
	events := slices.Concat(b.events, b.also)
	store, ok := l.store.(history.Ordered)
	if !ok || b.ordered == nil || l.isTolerant() {
		return l.put(ctx, events)
	}
	err = l.users.Guard(func() (err error) {
		end := store.Enqueue(ctx, events...)
		b.order()
		stored, err = end()
		return err
	})
	return stored, err
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
// fault, and those that follow it if the log is tolerant.
func (l *runLog) writeCalls(ctx context.Context, b *batch) {
	for i := range b.starts {
		events := b.call(i)
		stored, err := l.put(ctx, events)
		if isRefusal(err) && l.isTolerant() {
			b.refuse(i, l.notTaken(events, err))
			continue
		}
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
	l.err = l.notTaken(events, err)
	l.abort(l.err)
	return l.err
}

// notTaken says which events the store did not take.
func (l *runLog) notTaken(events []history.Event, err error) error {
	return fmt.Errorf("recording %s of run %s: %w", events[0].Type(), l.id, err)
}
