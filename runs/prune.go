package runs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/locks"
)

const (
	// pruneFirst is how long a launcher waits before it looks for old runs for the first
	// time, and pruneEvery the time from the end of one look to the next.
	pruneFirst = time.Minute
	pruneEvery = 10 * time.Minute
	// pruneAtOnce is how many runs a launcher asks the store for at once.
	pruneAtOnce = 100
	// pruneAtEnd is how many old runs of its own jobs a launcher removes when it is closed,
	// and pruneAtEndWithin how long it takes at most. The process may live for the time of
	// one run only, as one that cron starts does.
	pruneAtEnd       = 20
	pruneAtEndWithin = 200 * time.Millisecond
	// pruneLock is the name of the lock of the one process that removes old runs.
	pruneLock = "prune"
)

// Pruned says what a call of [Launcher.Prune] did.
type Pruned struct {
	// Removed are the IDs of the runs of which nothing is left.
	Removed []string `json:"removed"`
	// Reduced are the IDs of the runs whose record is left: see history.Pruner.
	Reduced []string `json:"reduced"`
	// Events is how many events were removed.
	Events int64 `json:"events"`
}

// ErrKeepsAll is matched by the error of [Launcher.Prune] if the store cannot remove
// runs.
var ErrKeepsAll = errors.New("the store cannot remove runs")

// Prunable returns the runs that [Launcher.Prune] would remove or reduce now. It changes
// nothing.
func (l *Launcher) Prunable(ctx context.Context, retention Retention) ([]history.PrunableRun, error) {
	pruner, ok := l.config.Store.(history.Pruner)
	if !ok {
		return nil, fmt.Errorf("looking for old runs: %w", ErrKeepsAll)
	}
	var found []history.PrunableRun
	err := panics.Guard(func() (err error) {
		found, err = pruner.Prunable(ctx, retention.at(time.Now()))
		return err
	})
	return found, err
}

// Prune removes the runs that the retention does not keep: their events, their records, and
// the values of their ops. It takes small steps, between which others can write. While
// another process removes old runs, it waits.
//
// A launcher also does this by itself, from time to time, with the retention of its config,
// for as long as it executes runs.
//
// The values of ops are removed by the IO managers that the ops of the present definitions
// use, if they implement iomanagers.Remover. If an IO manager cannot be started or fails, the
// runs stay, and the error says so. The result is also valid with an error.
func (l *Launcher) Prune(ctx context.Context, retention Retention) (Pruned, error) {
	pruned := Pruned{Removed: []string{}, Reduced: []string{}}
	pruner, ok := l.config.Store.(history.Pruner)
	if !ok {
		return pruned, fmt.Errorf("removing old runs: %w", ErrKeepsAll)
	}
	lock, err := locks.Wait(ctx, l.config.Locks, pruneLock)
	if err != nil {
		return pruned, fmt.Errorf("removing old runs: %w", err)
	}
	limits := retention.at(time.Now())
	limits.Limit = pruneAtOnce
	err = l.pruneAll(ctx, pruner, limits, &pruned, nil)
	return pruned, errors.Join(err, lock.Unlock())
}

// pruneAll removes runs until there are none to remove. pause is called between two of them,
// unless it is nil.
func (l *Launcher) pruneAll(ctx context.Context, pruner history.Pruner, limits history.Retention, pruned *Pruned, pause func(took time.Duration)) error {
	values := &opValues{launcher: l}
	defer values.close()
	for {
		found, err := pruner.Prunable(ctx, limits)
		if err != nil || len(found) == 0 {
			return err
		}
		for _, run := range found {
			began := time.Now()
			if err := l.pruneOne(ctx, pruner, values, run.ID, pruned); err != nil {
				return err
			}
			if pause != nil {
				pause(time.Since(began))
			}
		}
	}
}

// pruneOne removes one run. Its values go first: nobody would find them without the run.
func (l *Launcher) pruneOne(ctx context.Context, pruner history.Pruner, values *opValues, id string, pruned *Pruned) error {
	if err := values.remove(ctx, id); err != nil {
		return fmt.Errorf("removing run %s: %w", id, err)
	}
	done, err := pruner.Prune(ctx, id)
	pruned.Events += done.Events
	switch {
	case errors.Is(err, history.ErrNotFound), errors.Is(err, history.ErrTransition): // somebody was faster, or repeats it now
		return nil
	case err != nil:
		return err
	case done.Removed:
		pruned.Removed = append(pruned.Removed, id)
	default:
		pruned.Reduced = append(pruned.Reduced, id)
	}
	return nil
}

// pruning is what a launcher does about old runs by itself.
type pruning struct {
	mu   sync.Mutex
	jobs []string // whose runs the launcher has executed
	told bool     // that something went wrong
}

// note notes that the launcher executes a run of a job.
func (p *pruning) note(job string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.jobs, job) {
		p.jobs = append(p.jobs, job)
	}
}

// pruneNowAndThen removes old runs from time to time until ctx ends. It does nothing for as
// long again as it has worked, so that it takes at most half of one processor.
func (l *Launcher) pruneNowAndThen(ctx context.Context) {
	timer := time.NewTimer(pruneFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		limits := l.config.Retention.at(time.Now())
		limits.Limit = pruneAtOnce
		l.pruneIfFree(ctx, limits, func(took time.Duration) { backoff.Wait(ctx, took) })
		timer.Reset(pruneEvery)
	}
}

// pruneAtClose removes a few old runs of the jobs that the launcher has executed, for no
// longer than a moment.
func (l *Launcher) pruneAtClose() {
	l.pruning.mu.Lock()
	jobs := slices.Clone(l.pruning.jobs)
	l.pruning.mu.Unlock()
	if len(jobs) == 0 || l.alone {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), pruneAtEndWithin)
	defer cancel()
	limits := l.config.Retention.at(time.Now())
	limits.Limit, limits.Jobs, limits.Whole = pruneAtEnd, jobs, true
	left := pruneAtEnd
	l.pruneIfFree(ctx, limits, func(time.Duration) {
		if left--; left <= 0 {
			cancel()
		}
	})
}

// pruneIfFree removes old runs unless there are none or another process does so. What goes
// wrong is no fault of a run, and is told once.
func (l *Launcher) pruneIfFree(ctx context.Context, limits history.Retention, pause func(time.Duration)) {
	pruner, ok := l.config.Store.(history.Pruner)
	if !ok || limits.FinishedBefore.IsZero() && limits.Keep == 0 {
		return
	}
	err := panics.Guard(func() error {
		found, err := pruner.Prunable(ctx, limits)
		if err != nil || len(found) == 0 {
			return err
		}
		lock, err := l.config.Locks.TryLock(ctx, pruneLock)
		if errors.Is(err, locks.ErrHeld) {
			return nil
		}
		if err != nil {
			return err
		}
		var pruned Pruned
		return errors.Join(l.pruneAll(ctx, pruner, limits, &pruned, pause), lock.Unlock())
	})
	l.pruning.mu.Lock()
	defer l.pruning.mu.Unlock()
	if err == nil || ctx.Err() != nil || l.pruning.told {
		return
	}
	l.pruning.told = true
	_ = panics.Guard(func() error {
		l.config.Logger.WarnContext(ctx, "old runs could not be removed", "error", err)
		return nil
	})
}
