package runs

import (
	"context"
	"fmt"

	"github.com/fxrun/fxrun/history"
)

// listen has a function told of the events that others append from now on. The log goes on when
// the store refuses an event, since the event of another process may have come before it.
func (l *runLog) listen(others func([]history.Event)) {
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tolerant, l.others = true, others
}

func (l *runLog) listener() func([]history.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.others
}

func (l *runLog) isTolerant() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tolerant
}

// catchUp tells of what others have appended so far.
func (l *runLog) catchUp(ctx context.Context) error {
	l.mu.Lock()
	if l.ended || l.err != nil {
		defer l.mu.Unlock()
		return l.err
	}
	if l.next == nil {
		l.next = &batch{ctx: context.WithoutCancel(ctx)}
	}
	b := l.next
	b.reads = true
	l.wait(b)
	return b.unread
}

// tellAlso tells the observer of events that are in no log.
func (l *runLog) tellAlso(ctx context.Context, events []history.Event) {
	l.mu.Lock()
	if l.ended || l.err != nil {
		l.mu.Unlock()
		return
	}
	if l.next == nil {
		l.next = &batch{ctx: context.WithoutCancel(ctx)}
	}
	b := l.next
	b.tells = append(b.tells, events...)
	l.wait(b)
}

// hearAtOnce is how many events of others are read in one call.
const hearAtOnce = 1000

// hear reads what others have appended, and tells of it.
func (l *runLog) hear(ctx context.Context) error {
	for {
		var found []history.Event
		err := l.users.Guard(func() (err error) {
			found, err = l.store.Events(ctx, history.EventQuery{RunID: l.id, AfterSeq: l.reached(), Limit: hearAtOnce})
			return err
		})
		if err != nil {
			return fmt.Errorf("reading what others have recorded of run %s: %w", l.id, err)
		}
		l.pass(found)
		l.tell(found)
		if len(found) < hearAtOnce {
			return nil
		}
	}
}
