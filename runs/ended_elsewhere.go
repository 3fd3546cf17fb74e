package runs

import (
	"context"
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/history"
)

// endedElsewhere returns how a run on a cluster has ended whose end the history does not take from this
// process, because another one has adopted the run and has recorded its end. own is how this process
// has seen the end, and refused is why the history did not take it. If the history has no end, or can't
// be read, it returns both as they are.
func (r *Run) endedElsewhere(own, refused error) (end, recording error) {
	ctx := context.WithoutCancel(r.life)
	record, err := history.Find(ctx, r.launcher.config.Store, r.ID())
	if err != nil || !record.Status.Finished() {
		return own, errors.Join(refused, err)
	}
	_ = r.log.hear(ctx) // the observer is told of the end
	switch {
	case record.Status == history.StatusSucceeded:
		return nil, nil
	case own != nil && !errors.Is(own, errEnded) && statusOf(own, errors.Is(own, ErrCancelled)) == record.Status:
		return own, nil // which says the same, and has the errors themselves
	case record.Status == history.StatusCancelled:
		return fmt.Errorf("%w: %w", ErrCancelled, record.Error.Err()), nil
	}
	return record.Error.Err(), nil
}
