package child

import (
	"errors"
	"sync/atomic"
)

// ErrClosed is matched by every error of a use of a container, or of a child
// container, that has been closed.
var ErrClosed = errors.New("the container is closed")

// errChildClosed is ErrClosed of a child. It is the cause of the end of a closed
// child's context.
var errChildClosed error = closedChild{}

type closedChild struct{} //nolint:errname // there is one

func (closedChild) Error() string        { return "the child container is closed" }
func (closedChild) Is(target error) bool { return target == ErrClosed }

// errOwnClose is the error of a Close that is called by what it has to wait for.
var errOwnClose = errors.New("Close was called by a function that it has to wait for: it goes on as soon as that has returned")

// closing is the end of a child or of a parent, which comes once.
type closing struct {
	begun atomic.Bool
	ended chan struct{}
	err   error
}

func newClosing() *closing { return &closing{ended: make(chan struct{})} }

// run lets the first call do the work; others wait for it. A call from inside of
// what the work has to wait for waits for nothing.
func (c *closing) run(inside bool, work func() error) error {
	if !c.begun.Swap(true) {
		if inside {
			go c.finish(work)
		} else {
			c.finish(work)
		}
	}
	if inside {
		return errOwnClose
	}
	<-c.ended
	return c.err
}

func (c *closing) finish(work func() error) {
	defer close(c.ended)
	c.err = work()
}
