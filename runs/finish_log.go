package runs

import (
	"context"
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/history"
)

// finish stores how the run ended, and the events of other runs that follow from it, even if an
// earlier event was refused: a full disk may have space again. A run of which an event could
// not be stored since failure was asked has failed by that: the error says so too.
func (l *runLog) finish(finished history.RunFinished, following func(*history.RunFinished) []history.Event) (followed bool, err error) {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.flush()
	l.mu.Lock()
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

// flush waits until all is written that nobody waits for.
func (l *runLog) flush() {
	l.mu.Lock()
	if !l.writing && l.next == nil {
		l.mu.Unlock()
		return
	}
	if l.next == nil {
		l.next = &batch{ctx: context.Background()}
	}
	l.wait(l.next)
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
