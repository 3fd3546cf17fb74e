package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxrun/fxrun/internal/goroutine"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/resource"
)

// Pool calls users' functions. Each call is made by a worker, a goroutine that is
// used again for later calls. The zero Pool is ready for use. It is safe for
// concurrent use.
type Pool struct {
	// Members has a worker for as long as it executes a user's function, so that the
	// function can be recognised when it calls back. Nil is for no set. It must be set
	// before the first call.
	Members *goroutine.Set

	mu     sync.Mutex
	idle   []*worker
	closed bool
}

// task is one call of a user's function.
type task struct {
	call func() error
	late func(error) // takes the result if nobody waits for it; may be nil
}

// worker is a goroutine of a pool.
type worker struct {
	tasks   chan task // closed when there are no more
	results chan error
	settled atomic.Bool // the result has been taken, or the function has been given up
	limit   *time.Timer // made when it is first needed
}

// Call calls a user's function and returns its error. A panic, and an end of the
// goroutine, are errors too. Call stops waiting if the function has not returned
// [resource.Grace] after the end of ctx, or after the limit if it is positive. The
// function is given up then, and late takes its result if it returns after all. The
// function is called even if ctx has ended already, because a stop hook must run
// however little time is left.
func (c *Pool) Call(ctx context.Context, limit time.Duration, call func() error, late func(error)) error {
	w := c.take()
	w.tasks <- task{call, late}
	err, returned := w.wait(ctx, limit)
	if !returned {
		close(w.tasks)
		return fmt.Errorf("it ignores its context and was given up: %w", err)
	}
	if errors.Is(err, panics.ErrGoexit) { // the worker has ended, unless the function has only returned this error
		close(w.tasks)
		return err
	}
	c.giveBack(w)
	return timedOut(ctx, err)
}

// Guard is Call without a context and a limit: it waits for as long as the function
// takes.
func (c *Pool) Guard(call func() error) error { return c.Call(context.Background(), 0, call, nil) }

// wait returns the error of the function, or the reason why it was given up.
func (w *worker) wait(ctx context.Context, limit time.Duration) (err error, returned bool) {
	var expired <-chan time.Time
	if limit > 0 {
		expired = w.after(limit)
		defer w.limit.Stop()
	}
	select {
	case err := <-w.results:
		return err, true
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-expired:
		err = tookLonger(limit)
	}
	patience := time.NewTimer(resource.Grace)
	defer patience.Stop()
	select {
	case err := <-w.results:
		return err, true
	case <-patience.C:
	}
	if w.settled.Swap(true) { // it returned at the last moment
		return <-w.results, true
	}
	return err, false
}

// after is time.After with the timer of the worker.
func (w *worker) after(limit time.Duration) <-chan time.Time {
	if w.limit == nil {
		w.limit = time.NewTimer(limit)
	} else {
		w.limit.Reset(limit)
	}
	return w.limit.C
}

// take returns a worker that has nothing to do.
func (c *Pool) take() *worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	if last := len(c.idle) - 1; last >= 0 {
		w := c.idle[last]
		c.idle = c.idle[:last]
		w.settled.Store(false)
		return w
	}
	w := &worker{tasks: make(chan task, 1), results: make(chan error, 1)}
	go w.work(c.Members)
	return w
}

func (c *Pool) giveBack(w *worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		close(w.tasks)
		return
	}
	c.idle = append(c.idle, w)
}

// Close ends the workers that have nothing to do. Functions may still be called. Each
// worker ends after its call then, so that nothing is left behind.
func (c *Pool) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.Rest(0)
}

// Rest ends the workers that have nothing to do, except for the given number.
func (c *Pool) Rest(keep int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	keep = min(keep, len(c.idle))
	for _, w := range c.idle[keep:] {
		close(w.tasks)
	}
	c.idle = c.idle[:keep]
}

func (w *worker) work(members *goroutine.Set) {
	var id goroutine.ID
	if members != nil {
		id = goroutine.Current()
	}
	for t := range w.tasks {
		members.Add(id)
		panics.Call(t.call, func(err error) {
			members.Remove(id)
			w.end(t, err)
		})
	}
}

// end gives the error of a function to who waits for it, or to late.
func (w *worker) end(t task, err error) {
	switch {
	case !w.settled.Swap(true):
		w.results <- err
	case t.late != nil:
		t.late(err)
	}
}
