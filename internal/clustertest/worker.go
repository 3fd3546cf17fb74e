package clustertest

import (
	"context"
	"errors"
	"sync"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Worker executes steps of runs, in one child container for each run.
type Worker struct {
	launcher *runs.Launcher
	lost     chan struct{} // closed when it is lost

	mu    sync.Mutex
	sites map[string]*site
}

// ErrLost is the error of a step whose worker is lost.
var ErrLost = errors.New("the worker is lost")

// Lose has the cluster take the worker for lost: it asks it for no more, and does not wait for
// what is under way there.
func (w *Worker) Lose() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.isLost() {
		close(w.lost)
	}
}

// Stop ends what the worker has open, as the end of its process does. It waits for that.
func (w *Worker) Stop(cause error) {
	w.Lose()
	w.mu.Lock()
	sites := make([]*site, 0, len(w.sites))
	for _, one := range w.sites {
		sites = append(sites, one)
	}
	w.mu.Unlock()
	for _, one := range sites {
		one.cancel(cause)
		<-one.ended
	}
}

func (w *Worker) isLost() bool {
	select {
	case <-w.lost:
		return true
	default:
		return false
	}
}

// Attempt makes an attempt at a step of a run: see [runs.Execution.Attempt].
func (w *Worker) Attempt(ctx context.Context, run, step string, attempt int) (runs.Attempted, error) {
	type result struct {
		done runs.Attempted
		err  error
	}
	results := make(chan result, 1)
	go func() {
		done, err := w.attempt(ctx, run, step, attempt)
		results <- result{done, err}
	}()
	select {
	case got := <-results:
		return got.done, got.err
	case <-w.lost:
		return runs.Attempted{}, ErrLost
	}
}

func (w *Worker) attempt(ctx context.Context, run, step string, attempt int) (runs.Attempted, error) {
	site, err := w.site(ctx, run)
	if err != nil {
		return runs.Attempted{}, err
	}
	return site.execution.Attempt(ctx, step, attempt)
}

// again executes a step once more, and tells nobody.
func (w *Worker) again(ctx context.Context, run, step string) error {
	request, err := w.launcher.RecordedRequest(ctx, run)
	if err != nil {
		return err
	}
	request.Steps = []string{step}
	return w.launcher.ExecuteRun(ctx, request, silent{}, runs.RunOptions{})
}

// silent records nothing.
type silent struct{}

func (silent) Record(context.Context, ...history.Event) error { return nil }

// site is a run on a worker, in a call of ExecuteRun.
type site struct {
	execution *runs.Execution // read after begun
	begun     chan struct{}
	outcome   chan error // holds the outcome of the run
	cancel    context.CancelCauseFunc
	ended     chan struct{}
	err       error // read after ended
}

// site returns the run on this worker, which it opens unless it is open.
func (w *Worker) site(ctx context.Context, run string) (*site, error) {
	w.mu.Lock()
	found := w.sites[run]
	if found == nil {
		found = &site{begun: make(chan struct{}), outcome: make(chan error, 1), ended: make(chan struct{})}
		own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
		found.cancel = cancel
		w.sites[run] = found
		go func() {
			defer close(found.ended)
			defer cancel(nil)
			request, err := w.launcher.RecordedRequest(own, run)
			if err == nil {
				err = w.launcher.ExecuteRun(own, request, nil, runs.RunOptions{Executor: found})
			}
			found.err = err
		}()
	}
	w.mu.Unlock()
	select {
	case <-found.begun:
		return found, nil
	case <-found.ended:
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.sites[run] == found {
			delete(w.sites, run)
		}
		return nil, found.err
	}
}

// Execute waits for the end of the run, while others call for attempts.
func (s *site) Execute(ctx context.Context, execution *runs.Execution) error {
	s.execution = execution
	close(s.begun)
	select {
	case outcome := <-s.outcome:
		return outcome
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// close closes what is open for a run, and returns what went wrong with that.
func (w *Worker) close(run string, outcome error) error {
	w.mu.Lock()
	found := w.sites[run]
	delete(w.sites, run)
	w.mu.Unlock()
	if found == nil {
		return nil
	}
	found.outcome <- outcome
	<-found.ended
	if outcome != nil && found.err != nil && found.err.Error() == outcome.Error() {
		return nil // it is no fault of the worker
	}
	return found.err
}
