package automation

import (
	"context"
	"time"

	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/history"
)

const (
	// keptSkipped and kept are for how long ticks are kept that have asked for no run, and
	// all others.
	keptSkipped = 7 * 24 * time.Hour
	kept        = 90 * 24 * time.Hour
	// pruneFirst is when old ticks are removed first, and pruneEvery when again.
	pruneFirst = 10 * time.Minute
	pruneEvery = 24 * time.Hour
)

// prune removes old ticks, so that the history does not grow for ever. The states and the
// keys stay.
func (t *ticking) prune(ctx context.Context) {
	pruner, ok := t.store.(history.EntryPruner)
	if !ok {
		return
	}
	for wait := pruneFirst; ; wait = pruneEvery {
		if !backoff.Wait(ctx, wait) {
			return
		}
		now := t.clock.now()
		_, err := pruner.PruneEntries(ctx, now.Add(-keptSkipped), []string{kindSkipped, kindQueued})
		if err == nil {
			_, err = pruner.PruneEntries(ctx, now.Add(-kept), []string{kindRequested, kindFailed, kindDefined, kindSwitched, kindReset, kindBegan})
		}
		if err != nil && ctx.Err() == nil {
			t.warn("removing old ticks", err)
		}
	}
}
