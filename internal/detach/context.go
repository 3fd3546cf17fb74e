// Package detach is for work that must not stop in the middle. Its context ends
// together with another context, until the last, short part of the work begins.
package detach

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Grace is how long the last part of some work may take after the parent has ended, so
// that nothing waits forever for a missing answer.
const Grace = 10 * time.Second

// Context ends with its parent until it is detached. It has the values of its parent, and
// no deadline. It is safe for concurrent use.
type Context struct {
	context.Context // contexts that are derived from it end at once, which is not possible for a type of this package
	cancel          context.CancelCauseFunc
	parent          context.Context

	mu       sync.Mutex
	err      error
	detached bool
	unwatch  func() bool
	timer    *time.Timer
}

var _ context.Context = (*Context)(nil)

// New returns a context that ends when parent ends. The caller must call [Context.End].
func New(parent context.Context) *Context {
	c := &Context{parent: parent}
	c.Context, c.cancel = context.WithCancelCause(context.WithoutCancel(parent))
	c.unwatch = context.AfterFunc(parent, func() { c.end(parent.Err()) })
	if err := parent.Err(); err != nil {
		c.end(err) // at once, and not after a moment
	}
	return c
}

// Detach makes the context independent of its parent. If grace is positive, the context
// ends at most this long after its parent. If grace is 0, only [Context.End] ends it. If
// the context has ended before, Detach returns its error. A second call changes nothing.
func (c *Context) Detach(grace time.Duration) error {
	if err := c.parent.Err(); err != nil && !c.isDetached() {
		c.end(err)
		return err
	}
	if c.isDetached() {
		return c.Err()
	}
	if !c.unwatch() {
		<-c.Done() // by the parent, or by End
		return c.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.detached = true
	if grace > 0 {
		c.unwatch = context.AfterFunc(c.parent, func() { c.endAfter(grace) })
	}
	return c.err
}

func (c *Context) isDetached() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.detached
}

// End ends the context. Calls after the first do nothing.
func (c *Context) End() {
	c.mu.Lock()
	c.unwatch()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.mu.Unlock()
	c.end(context.Canceled)
}

func (c *Context) endAfter(grace time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.timer = time.AfterFunc(grace, func() { c.end(c.parent.Err()) })
	}
}

func (c *Context) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		c.cancel(err)
	}
}

// Err returns the error of the parent if the parent has ended this context. It asks the parent
// directly, so it knows at once that the parent has ended.
func (c *Context) Err() error {
	if err := c.parent.Err(); err != nil && !c.isDetached() {
		c.end(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Explain returns an error that matches the error of the context, if something ended
// because the context ended. Contexts that are derived from this context always end with
// context.Canceled.
func (c *Context) Explain(err error) error {
	if ended := c.Err(); err != nil && ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}
