package temporal

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/fxrun/fxrun/runs"
)

// process is this process as a worker: it executes steps of the runs of all launchers. It is safe
// for concurrent use.
type process struct {
	config   Config
	client   client.Client
	launcher *runs.Launcher
	logger   *slog.Logger
	queue    string        // the task queue of this process alone
	slots    chan struct{} // taken while a step is executed

	mu     sync.Mutex
	left   error             // why no more runs begin here; nil while they do
	places map[string]*place // by run
}

// errStopping is why a worker leaves its runs to others when it ends.
var errStopping = fmt.Errorf("%w: it was told to end", runs.ErrWorkerLeaving)

// Work executes steps of runs until ctx ends. Then it begins no more steps, lets those that are
// running go on for the time Config.Drain, cancels the others, closes the containers of its
// runs, and returns without an error. The runs go on at other workers. If Temporal can't be
// reached, Work waits for it and logs a warning every few seconds. Its error says what in the
// configuration Temporal refuses.
//
// The launcher needs the history and the locks of those that launch the runs. Work also takes
// over runs whose launcher is gone: see [runs.Launcher.Adopt]. One call of Work at a time is
// enough for a process, since it executes steps of many runs.
func (c *Cluster) Work(ctx context.Context, launcher *runs.Launcher) error {
	p := &process{
		config: c.config, client: c.client, launcher: launcher, logger: c.logger, queue: c.config.TaskQueue + "/" + launcher.Name(),
		slots: make(chan struct{}, c.config.parallel()), places: make(map[string]*place),
	}
	failed := make(chan error, 4)
	var own, shared worker.Worker
	err := c.persist(ctx, "starting a worker", func() (err error) {
		own, shared, err = p.start(failed)
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil // nothing has begun
		}
		return fmt.Errorf("starting a worker for Temporal at %s, namespace %s: %w", c.config.Address, c.config.Namespace, err)
	}
	defer own.Stop()
	var adopting sync.WaitGroup
	adoption, stopAdopting := context.WithCancel(ctx)
	adopting.Go(func() {
		if err := launcher.Adopt(adoption); err != nil && adoption.Err() == nil {
			c.logger.Warn("runs whose launcher is gone are left to other processes", "error", err)
		}
	})
	defer adopting.Wait()
	defer stopAdopting()
	select {
	case <-ctx.Done():
	case err = <-failed:
		err = fmt.Errorf("executing steps for Temporal at %s: %w", c.config.Address, err)
	}
	p.refuse()
	stopped := make(chan struct{})
	go func() { // it waits for the places
		defer close(stopped)
		shared.Stop()
	}()
	p.drain()
	<-stopped
	return err
}

// start starts the two workers of this process. A worker that could not be started can't be started again.
func (p *process) start(failed chan<- error) (own, shared worker.Worker, err error) {
	own, shared = p.ownWorker(failed), p.sharedWorker(failed)
	if err := own.Start(); err != nil {
		return nil, nil, err
	}
	if err := shared.Start(); err != nil {
		own.Stop()
		return nil, nil, err
	}
	return own, shared, nil
}

// sharedWorker executes workflows, and holds places for runs.
func (p *process) sharedWorker(failed chan<- error) worker.Worker {
	shared := worker.New(p.client, p.config.TaskQueue, worker.Options{
		MaxConcurrentActivityExecutionSize: p.config.MaxRuns, DisableEagerActivities: true,
		StickyScheduleToStartTimeout: time.Second, // so that others soon go on with the workflows of a lost worker
		WorkerStopTimeout:            forever, Identity: p.launcher.Name(), OnFatalError: telling(failed), DisableRegistrationAliasing: true,
	})
	shared.RegisterWorkflowWithOptions(runWorkflow, workflow.RegisterOptions{Name: workflowName})
	shared.RegisterActivityWithOptions(p.hold, activity.RegisterOptions{Name: holdName})
	return shared
}

// ownWorker executes steps, and what concerns the places of this process.
func (p *process) ownWorker(failed chan<- error) worker.Worker {
	own := worker.New(p.client, p.queue, worker.Options{
		// Steps wait in this process for one of its slots, so that orders to cancel and to close never wait.
		MaxConcurrentActivityExecutionSize: 2 * p.config.MaxRuns * (p.config.parallel() + 1), DisableWorkflowWorker: true,
		WorkerStopTimeout: forever, Identity: p.launcher.Name(), OnFatalError: telling(failed), DisableRegistrationAliasing: true,
	})
	own.RegisterActivityWithOptions(p.step, activity.RegisterOptions{Name: stepName})
	own.RegisterActivityWithOptions(p.close, activity.RegisterOptions{Name: closeName})
	own.RegisterActivityWithOptions(p.cancel, activity.RegisterOptions{Name: cancelName})
	return own
}

// telling returns a function that passes an error on, unless enough others wait.
func telling(failed chan<- error) func(error) {
	return func(err error) {
		select {
		case failed <- err:
		default:
		}
	}
}

// enter makes a place for a run.
func (p *process) enter(run string, number int) (*place, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.left != nil:
		return nil, errorOf(leavingError, p.left)
	case p.places[run] != nil:
		return nil, errorOf(occupiedError, fmt.Errorf("the worker %s already holds a place for the run", p.launcher.Name()))
	}
	made := newPlace(run, number)
	p.places[run] = made
	return made, nil
}

func (p *process) exit(left *place) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.places, left.run)
}

// place returns the place of a run, or nil if this process has none for this placement.
func (p *process) place(run string, number int) *place {
	p.mu.Lock()
	defer p.mu.Unlock()
	if found := p.places[run]; found != nil && found.number == number {
		return found
	}
	return nil
}

// refuse has no more runs begin here.
func (p *process) refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left = errStopping
}

// drain leaves all runs to other workers. It returns after their containers were closed.
func (p *process) drain() {
	p.mu.Lock()
	places := slices.Collect(maps.Values(p.places))
	p.mu.Unlock()
	var draining sync.WaitGroup
	for _, one := range places {
		draining.Go(func() {
			one.leave(errStopping)
			p.tellLeaving(one)
			one.drain(errStopping, p.config.Drain)
		})
	}
	draining.Wait()
}
