package runs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
)

// RequestCancel asks a run of any process to stop: it records the request, which the
// process that executes the run obeys, or cancels a queued run that nobody has taken. It
// does not wait for the end of the run. The error of a run that has ended, or whose process
// is gone, matches container.ErrInvalid. The process of a run on a [Cluster] may be gone: the
// one that adopts the run obeys the request.
func (l *Launcher) RequestCancel(ctx context.Context, record history.Record, request history.RunCancelRequested) error {
	refused := func(format string, args ...any) error {
		return fault.Join("cancelling run "+record.ID, []error{fmt.Errorf(format, args...)})
	}
	if record.Status.Finished() {
		return refused("it has already ended: it %s", endOf(record.Status))
	}
	if liveness, _ := l.Liveness(ctx, record); liveness == LivenessGone && !record.Takeable && record.Cluster == (history.Cluster{}) {
		return refused("the process that executed it (%s) is gone, so nobody can stop it; the next run records it as failed", record.Owner)
	}
	if cancelled, err := l.cancelQueued(ctx, record, request.Reason); cancelled || err != nil {
		return err
	}
	_, err := l.config.Store.Append(ctx, history.Event{RunID: record.ID, Time: time.Now(), Data: request})
	if !errors.Is(err, history.ErrTransition) {
		return err
	}
	now, findErr := history.Find(ctx, l.config.Store, record.ID)
	if findErr != nil {
		return errors.Join(err, findErr)
	}
	return refused("it has already ended: it %s", endOf(now.Status))
}

// cancelQueued records that a queued run is cancelled which nobody has taken. It returns
// false, and does nothing, if the run is queued no more, or if the process that has queued
// it still exists: then that process has to obey a history.RunCancelRequested.
func (l *Launcher) cancelQueued(ctx context.Context, record history.Record, reason string) (bool, error) {
	liveness, err := l.Liveness(ctx, record)
	if err != nil {
		return false, err
	}
	if !record.Takeable || record.Owner != "" && liveness != LivenessGone {
		return false, nil
	}
	err = l.endQueued(ctx, record, history.RunFinished{
		Status: history.StatusCancelled, Error: history.Failure{Message: cancelledBecause(reason).Error()},
	})
	if err != nil {
		return false, err
	}
	now, err := history.Find(ctx, l.config.Store, record.ID)
	return now.Status == history.StatusCancelled, err
}

func endOf(status history.Status) string {
	if status == history.StatusCancelled {
		return "was cancelled"
	}
	return string(status)
}
