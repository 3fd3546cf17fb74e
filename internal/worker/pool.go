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
	late func(error) // takes the result where nobody waits for it any more; may be nil
}

// worker is a goroutine of a pool.
type worker struct {
	tasks   chan task // closed when there are no more
	results chan error
	settled atomic.Bool // the result has been taken, or the function has been given up
	limit   *time.Timer // made when it is first needed
}

// Call calls a user's function and returns its error, also for a panic, and for
// an end of the goroutine. The function is given up when it goes on for longer
// than [resource.Grace] after ctx has ended, or after limit if that is positive;
// late takes its result when it returns after all. A context that has ended
// already does not keep the function from being called, because a stop hook must
// run whatever time is left.
func (c *Pool) Call(ctx context.Context, limit time.Duration, call func() error, late func(error)) error {
	w := c.take()
	w.tasks <- task{call, late}
	err, returned := w.wait(ctx, limit)
	if !returned {
		close(w.tasks)
		return fmt.Errorf("it ignores its context and was given up: %w", err)
	}
	if errors.Is(err, panics.ErrGoexit) { // the worker is no more, unless the function has only returned it
		close(w.tasks)
		return err
	}
	c.giveBack(w)
	return timedOut(ctx, err)
}

// Guard calls a user's function and waits for it however long it takes. It returns
// its error, also for a panic, and for an end of the goroutine.
func (c *Pool) Guard(call func() error) error { return c.Call(context.Background(), 0, call, nil) }

// wait returns what the function returned, or else why it was given up.
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

// after is time.After with the worker's own timer.
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

// Rest ends the workers that have nothing to do, except for some to keep.
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

// end hands over what a function returned.
func (w *worker) end(t task, err error) {
	switch {
	case !w.settled.Swap(true):
		w.results <- err
	case t.late != nil:
		t.late(err)
	}
}
