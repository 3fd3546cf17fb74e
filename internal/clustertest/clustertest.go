// Package clustertest has a cluster in one process, for tests of what every cluster needs.
// Its flows are goroutines that outlive the executor that has started them, and its workers
// are launchers over one store and one place of locks.
package clustertest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// Cluster has the flows of runs and the workers. Its zero value cannot be used: see [New].
type Cluster struct {
	name  string
	slots chan struct{} // as many steps as it has places for are executed at the same time

	mu      sync.Mutex
	workers []*Worker
	changed chan struct{} // closed when a worker comes
	flows   map[string]*flow
	faults  Faults
}

// Faults are what a cluster does wrong, so that a suite can be seen to find it.
type Faults struct {
	// Twice executes each step once more, of which the history knows nothing.
	Twice bool
	// Here executes the steps in the process of the owner.
	Here bool
	// EndsWithOwner cancels a run that its owner leaves.
	EndsWithOwner bool
	// IgnoresNeeds begins steps although steps that they need have failed.
	IgnoresNeeds bool
	// IgnoresDrain begins steps after a drain.
	IgnoresDrain bool
	// Forgets does not execute the last step, and says that all is well.
	Forgets bool
	// KeepsOpen does not close what is open on the workers.
	KeepsOpen bool
	// NoErrors returns no error of a step.
	NoErrors bool
}

// New returns a cluster that executes a number of steps at the same time. It ends with its
// flows, which end with their runs: see [Cluster.Wait].
func New(name string, maxParallel int, faults Faults) *Cluster {
	return &Cluster{
		name: name, slots: make(chan struct{}, maxParallel), changed: make(chan struct{}), flows: make(map[string]*flow), faults: faults,
	}
}

// Add adds a worker, which executes steps by a launcher.
func (c *Cluster) Add(launcher *runs.Launcher) *Worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	worker := &Worker{launcher: launcher, lost: make(chan struct{}), sites: make(map[string]*site)}
	c.workers = append(c.workers, worker)
	close(c.changed)
	c.changed = make(chan struct{})
	return worker
}

// pick returns a worker that is not lost, another one each time. It waits until there is one.
func (c *Cluster) pick(ctx context.Context) *Worker {
	for {
		c.mu.Lock()
		changed := c.changed
		for i, worker := range c.workers {
			if !worker.isLost() {
				c.workers = append(append(c.workers[:i:i], c.workers[i+1:]...), worker)
				c.mu.Unlock()
				return worker
			}
		}
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// all returns the workers that are not lost.
func (c *Cluster) all() []*Worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	var alive []*Worker
	for _, worker := range c.workers {
		if !worker.isLost() {
			alive = append(alive, worker)
		}
	}
	return alive
}

// Wait waits until all flows have ended.
func (c *Cluster) Wait() {
	c.mu.Lock()
	flows := make([]*flow, 0, len(c.flows))
	for _, one := range c.flows {
		flows = append(flows, one)
	}
	c.mu.Unlock()
	for _, one := range flows {
		<-one.ended
	}
}

// Executor returns what launchers execute runs with.
func (c *Cluster) Executor() runs.Cluster { return executor{c} }

type executor struct{ cluster *Cluster }

func (x executor) SecretsApart() bool { return false }

func (x executor) Place(string) history.Cluster {
	return history.Cluster{Name: "clustertest", Place: x.cluster.name}
}

func (x executor) Execute(ctx context.Context, execution *runs.Execution) error {
	if err := execution.Begin(ctx); err != nil {
		return err
	}
	if x.cluster.faults.Here {
		return execution.Schedule(ctx, cap(x.cluster.slots), execution.Step)
	}
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	var follows sync.WaitGroup
	follows.Go(func() { execution.Follow(following) })
	defer follows.Wait()
	defer stop()
	flow := x.cluster.flow(execution)
	draining := execution.Draining()
	for {
		select {
		case <-flow.ended:
			err := execution.Settle(ctx, flow.err)
			if x.cluster.faults.NoErrors {
				return nil
			}
			return err
		case <-draining:
			draining = nil
			flow.drain()
		case <-ctx.Done():
			if errors.Is(context.Cause(ctx), runs.ErrLeft) {
				if x.cluster.faults.EndsWithOwner {
					flow.cancel(context.Canceled)
				}
				return context.Cause(ctx)
			}
			flow.cancel(context.Cause(ctx))
			select {
			case <-flow.ended:
				return execution.Settle(ctx, flow.err)
			case <-execution.Owned().Done():
				return context.Cause(execution.Owned())
			}
		}
	}
}

// flow takes the steps of one run from the first to the last.
type flow struct {
	cluster *Cluster
	id      string
	ctx     context.Context
	cancel  context.CancelCauseFunc
	drained chan struct{}
	drain   func()
	ended   chan struct{}
	err     error // read after ended

	mu     sync.Mutex
	errs   []error
	failed bool
}

// flow returns the flow of a run, which it starts unless it exists.
func (c *Cluster) flow(execution *runs.Execution) *flow {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.flows[execution.RunID()]; found != nil {
		return found
	}
	f := &flow{cluster: c, id: execution.RunID(), drained: make(chan struct{}), ended: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancelCause(context.Background())
	f.drain = sync.OnceFunc(func() { close(f.drained) })
	c.flows[f.id] = f
	go f.execute(execution.Plan().Steps)
	return f
}

func (f *flow) execute(steps []*assets.Step) {
	defer close(f.ended)
	defer f.cancel(nil)
	succeeded := make(map[string]chan bool) // by step; holds one value once it has ended
	for _, step := range steps {
		succeeded[step.Key] = make(chan bool, 1)
	}
	var all sync.WaitGroup
	for i, step := range steps {
		all.Go(func() {
			ok := true
			for _, need := range step.Needs {
				needed := <-succeeded[need]
				succeeded[need] <- needed
				ok = ok && needed
			}
			forgotten := f.cluster.faults.Forgets && i == len(steps)-1
			ok = (ok || f.cluster.faults.IgnoresNeeds) && !forgotten && f.step(step.Key)
			succeeded[step.Key] <- ok
		})
	}
	all.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	var outcome error
	switch {
	case f.ctx.Err() != nil:
		outcome = context.Cause(f.ctx)
	case f.failed:
		outcome = errors.New("a step of the run has failed")
	}
	if !f.cluster.faults.KeepsOpen {
		for _, worker := range f.cluster.all() {
			f.errs = append(f.errs, worker.close(f.id, outcome))
		}
	}
	f.err = errors.Join(f.errs...)
}

// step has a step executed until it needs no more attempts.
func (f *flow) step(key string) bool {
	select {
	case f.cluster.slots <- struct{}{}:
		defer func() { <-f.cluster.slots }()
	case <-f.ctx.Done():
		return false
	}
	for attempt := 1; ; {
		if f.ctx.Err() != nil || f.isDrained() && attempt == 1 && !f.cluster.faults.IgnoresDrain {
			return false
		}
		worker := f.cluster.pick(f.ctx)
		if worker == nil {
			return false
		}
		done, err := worker.Attempt(f.ctx, f.id, key, attempt)
		if f.cluster.faults.Twice && attempt == 1 && err == nil {
			_ = worker.again(f.ctx, f.id, key)
		}
		switch {
		case errors.Is(err, runs.ErrUnopened):
			f.note(err)
			f.cancel(err)
			return false
		case err != nil:
			backoff.Wait(f.ctx, 10*time.Millisecond)
		case done.Status == history.StepStatusPending:
			attempt = done.Attempt + 1
			backoff.Wait(f.ctx, done.Delay)
		case done.Status == history.StepStatusSucceeded:
			return true
		default:
			f.note(nil)
			return false
		}
	}
}

func (f *flow) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs, f.failed = append(f.errs, err), true
}

func (f *flow) isDrained() bool {
	select {
	case <-f.drained:
		return true
	default:
		return false
	}
}
