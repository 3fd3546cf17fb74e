package runs

import (
	"context"
	"fmt"
	"runtime"
	"slices"
)

// WorkOptions are the options of [Launcher.Work]. The zero value takes runs until the
// context ends.
type WorkOptions struct {
	// MaxRuns is the largest number of queued runs that this call of Work executes at the
	// same time. The default is four for each processor. [Limits] limits the runs of all
	// processes together.
	MaxRuns int
	// UntilEmpty makes Work return when the queue has no more runs for it, and the
	// launcher executes none. A run that may begin later is waited for. A run that this
	// program cannot execute is not.
	UntilEmpty bool
	// Taken is called with each run that Work takes, after the history says so. It must
	// return soon. Nil calls nothing.
	Taken func(*Run)
}

// Work takes the queued runs of the store, and executes them, until ctx ends. It then takes
// no more, and returns without an error; runs that it has taken go on until they end, or
// until [Launcher.Close] ends them. After Close was called, the error matches [ErrClosed].
//
// A run is queued by [Prepared.Queue], by the retry policy of a job, or by its policy for
// crashes. Any number of processes may work at the same time: exactly one of them executes
// each run. The run with the highest priority is taken first, and of equal ones the first
// that was queued, if the [Limits] have a place for it.
//
// The launch is prepared again, from the definitions and the environment of this
// process. If it has no such job, or no such step, the run stays in the queue for others,
// and its log says so. If its config is not complete here, the run fails. Before the first
// look at the queue, lost runs are recorded as failed, or resumed if their policy says so.
// Those on the [Cluster] of this launcher are adopted: see [Launcher.Adopt].
//
// What goes wrong with the store or the locks is written to the logger of the launcher,
// and tried again.
func (l *Launcher) Work(ctx context.Context, options WorkOptions) error {
	if options.MaxRuns < 1 {
		options.MaxRuns = 4 * runtime.GOMAXPROCS(0)
	}
	l.adopters.Add(1)
	defer l.adopters.Add(-1)
	l.settleLost(ctx) // what follows from a lost run may stand in the queue then
	w := &taker{options: options, empty: make(chan struct{})}
	if err := l.line.join(w); err != nil {
		return err
	}
	defer l.line.quit(w)
	select {
	case <-ctx.Done():
		return nil
	case <-w.empty:
		return nil
	case <-l.closing:
		return fmt.Errorf("working on queued runs: %w", ErrClosed)
	}
}

// taker is a call of [Launcher.Work]. The lock of the line guards it.
type taker struct {
	options WorkOptions
	active  int           // runs that it has taken and that have not ended
	empty   chan struct{} // closed when there is nothing more to do
	done    bool          // empty is closed
}

// join has the line take queued runs for a worker.
func (l *line) join(w *taker) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.launcher.closing:
		return fmt.Errorf("working on queued runs: %w", ErrClosed)
	default:
	}
	l.workers = append(l.workers, w)
	l.expect()
	return nil
}

// quit ends the taking of runs for a worker.
func (l *line) quit(w *taker) {
	l.mu.Lock()
	l.workers = slices.DeleteFunc(l.workers, func(other *taker) bool { return other == w })
	l.mu.Unlock()
	l.change()
}

// hasWorker reports whether somebody here takes queued runs.
func (l *line) hasWorker() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.workers) > 0
}

// enlist returns a worker that may take one more run, and counts this run. It returns nil
// if there is none.
func (l *line) enlist() *taker {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := slices.IndexFunc(l.workers, (*taker).isFree)
	if at < 0 {
		return nil
	}
	l.workers[at].active++
	return l.workers[at]
}

// isFree reports whether the worker may take one more run.
func (w *taker) isFree() bool { return !w.done && w.active < w.options.MaxRuns }

// discharge says that a run of a worker has ended, or was not taken.
func (l *line) discharge(w *taker) {
	l.mu.Lock()
	w.active--
	l.mu.Unlock()
}

// release ends the workers that have nothing more to do.
func (l *line) release(turn *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if turn.left || slices.ContainsFunc(l.workers, func(w *taker) bool { return w.active > 0 }) || !l.launcher.isIdle() {
		return
	}
	for _, w := range l.workers {
		if w.options.UntilEmpty && !w.done {
			w.done = true
			close(w.empty)
		}
	}
}
