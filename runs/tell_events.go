package runs

import (
	"context"
	"log/slog"

	"github.com/fxrun/fxrun/history"
)

// follow tells of events that are stored. If the observer does not return from
// one of them, it is told of those that follow nevertheless.
func (l *runLog) follow(ctx context.Context, stored []history.Event) {
	l.tell(append(l.foreign(ctx, firstSeq(stored)), stored...))
}

// tell notes how far the log has come, and tells the observer.
func (l *runLog) tell(stored []history.Event) {
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

// foreign returns the events before seq that others have appended, if anybody asks for them.
// Without them an observer could not compute the record of the run, as [history.Record.Apply]
// finds the gap.
func (l *runLog) foreign(ctx context.Context, seq int64) []history.Event {
	reached := l.reached()
	if l.observe == nil && l.listener() == nil || seq <= reached+1 {
		return nil
	}
	var found []history.Event
	_ = l.users.Guard(func() (err error) { // an observer without these events is better than no run
		found, err = l.store.Events(context.WithoutCancel(ctx), history.EventQuery{
			RunID: l.id, AfterSeq: reached, Limit: int(seq - reached - 1),
		})
		return err
	})
	l.pass(found)
	return found
}

// pass tells of events that others have appended.
func (l *runLog) pass(found []history.Event) {
	if others := l.listener(); others != nil && len(found) > 0 {
		others(found)
	}
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
