// Package detach is for work that must not stop half way: a context that ends with
// another one until the last, short part of the work begins.
package detach

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Grace is how long the last part of some work may take after the parent has ended, so
// that nothing waits for ever for an answer that does not come.
const Grace = 10 * time.Second

// Context ends with its parent until it is detached. It has the values of its parent, and
// no deadline. It is safe for concurrent use.
type Context struct {
	context.Context // ends what is derived from it at once, as one of this package could not
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
		c.end(err) // at once, not in a moment
	}
	return c
}

// Detach makes the context independent of its parent. With a grace it ends so long after
// the parent at the latest; with 0 it ends by [Context.End] only. If the context has ended
// before, Detach returns its error. A second call changes nothing.
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

// Err returns the parent's error if the parent has ended this context. The parent is asked, so
// that its end is seen at once, and not in a moment.
func (c *Context) Err() error {
	if err := c.parent.Err(); err != nil && !c.isDetached() {
		c.end(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Explain makes sure that an error of something that ended with the context matches the
// error of the context. What is derived from the context always ends with context.Canceled.
func (c *Context) Explain(err error) error {
	if ended := c.Err(); err != nil && ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}
