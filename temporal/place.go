package temporal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fxrun/fxrun/runs"
)

// place is where this process executes steps of a run. It has the container of the run, which the
// first step opens. Package runs sees the executor of a part of the run in it. It is safe for
// concurrent use.
type place struct {
	run    string
	number int // of the placement in the workflow

	opened chan struct{} // closed when steps can be executed
	closed chan struct{} // closed when everything is closed again
	err    error         // of the part of the run; read after closed

	closing chan struct{} // closed when the container should be closed
	outcome error         // what its resources are told then; read after closing
	failed  bool          // nobody wanted it to be closed: the history could not be kept here; read after closed

	leaving chan struct{} // closed when no more attempts begin

	mu        sync.Mutex
	execution *runs.Execution // set before opened is closed, as the next two
	ctx       context.Context // of the attempts
	cancel    context.CancelCauseFunc
	left      error          // why no more attempts begin; nil while they do
	unopened  error          // why the container of the run could not be opened
	attempts  sync.WaitGroup // grows while left is nil
	over      bool           // closing is closed
}

func newPlace(run string, number int) *place {
	return &place{
		run: run, number: number, opened: make(chan struct{}), closed: make(chan struct{}), closing: make(chan struct{}), leaving: make(chan struct{}),
	}
}

// Execute lets activities execute steps, until the place is closed.
func (p *place) Execute(ctx context.Context, execution *runs.Execution) error {
	attempts, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	p.mu.Lock()
	p.execution, p.ctx, p.cancel = execution, attempts, cancel
	p.mu.Unlock()
	close(p.opened)
	select {
	case <-p.closing:
	case <-ctx.Done(): // the container can't be opened, or the history can't be kept
		p.failed = true
		p.close(context.Cause(ctx))
	}
	p.attempts.Wait()
	return p.outcome
}

// attempt makes one attempt at a step. The caller has waited for opened.
func (p *place) attempt(step string, number int) (runs.Attempted, error) {
	if err := p.begin(); err != nil {
		return runs.Attempted{}, err
	}
	defer p.attempts.Done()
	attempted, err := p.execution.Attempt(p.ctx, step, number)
	if errors.Is(err, runs.ErrUnopened) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.unopened = err
	}
	return attempted, err
}

// notOpened returns why the container of the run could not be opened, or nil.
func (p *place) notOpened() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unopened
}

func (p *place) begin() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left != nil {
		if errors.Is(p.left, runs.ErrWorkerLeaving) {
			return p.left
		}
		return fmt.Errorf("%w: %w", runs.ErrWorkerLeaving, p.left)
	}
	p.attempts.Add(1)
	return nil
}

// leave has no more attempts begin. The first reason counts.
func (p *place) leave(reason error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == nil {
		p.left = reason
		close(p.leaving)
	}
}

// cancelAttempts cancels what is executing.
func (p *place) cancelAttempts(cause error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel(cause)
	}
}

// close has the container closed when nothing is executing any more. The first outcome counts: nil is a
// success. It does not wait for closed.
func (p *place) close(outcome error) {
	reason := outcome
	if reason == nil {
		reason = errors.New("the run has ended")
	}
	p.leave(reason)
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		p.over, p.outcome = true, outcome
		close(p.closing)
	}
}

// abandon cancels what is executing and has the container closed.
func (p *place) abandon(reason error) {
	p.leave(reason)
	p.cancelAttempts(reason)
	p.close(reason)
}

// drain lets what is executing go on for a time, cancels it, and waits until the container is closed.
func (p *place) drain(reason error, within time.Duration) {
	p.leave(reason)
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		p.attempts.Wait()
	}()
	timer := time.NewTimer(within)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
		p.cancelAttempts(reason)
	}
	p.close(reason)
	<-p.closed
	<-idle
}
