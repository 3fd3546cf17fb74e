package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// QueuedRun is a run that was checked, as the history will keep it. It is plain data, so
// it can be stored, and queued at any later time by [Launcher.QueueRuns].
type QueuedRun struct {
	// ID is the ID of the run.
	ID string `json:"id"`
	// Time is the time at which the run counts as queued.
	Time time.Time `json:"time"`
	// Queued is the first event of the run.
	Queued history.RunQueued `json:"queued"`
}

// Queued returns what [Prepared.Queue] would record at the given time, without recording
// it. Its errors are those of Queue.
func (p *Prepared) Queued(at time.Time) (QueuedRun, error) {
	if p.fault != nil {
		return QueuedRun{}, p.fault
	}
	if err := p.storable(); err != nil {
		return QueuedRun{}, err
	}
	queued := p.launch.record
	queued.Takeable = true
	queued, _ = mask(p.launch.child.Mask).event(queued).(history.RunQueued)
	return QueuedRun{ID: p.launch.id, Time: at.UTC().Truncate(time.Microsecond), Queued: queued}, nil
}

// QueueRuns queues runs in the given order, in one append if none of them exists. A run
// with an ID that the history has stays as it is. So QueueRuns can be repeated, and makes
// each run once.
func (l *Launcher) QueueRuns(ctx context.Context, queued ...QueuedRun) error {
	events := make([]history.Event, len(queued))
	for i, run := range queued {
		events[i] = history.Event{RunID: run.ID, Seq: 1, Time: run.Time, Data: run.Queued}
	}
	err := l.appendQueued(ctx, events...)
	if isRefusal(err) { // one of them exists
		err = nil
		for _, event := range events {
			if one := l.appendQueued(ctx, event); one != nil && !errors.Is(one, history.ErrConflict) && !errors.Is(one, history.ErrTransition) {
				err = errors.Join(err, one)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("queueing runs: %w", err)
	}
	return nil
}

// appendQueued stores the first events of runs, and has the line look at them.
func (l *Launcher) appendQueued(ctx context.Context, events ...history.Event) error {
	var stored []history.Event
	err := panics.Guard(func() (err error) {
		stored, err = l.config.Store.Append(ctx, events...)
		return err
	})
	l.line.queued(stored...)
	return err
}
