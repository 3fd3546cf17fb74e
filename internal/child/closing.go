package child

import (
	"errors"
	"sync/atomic"
)

// ErrClosed is matched by the error of every use of a container, or of a child
// container, after it was closed.
var ErrClosed = errors.New("the container is closed")

// errChildClosed is the ErrClosed of a child. It is the cause of the context of
// a child that was closed.
var errChildClosed error = closedChild{}

type closedChild struct{} //nolint:errname // there is one

func (closedChild) Error() string        { return "the child container is closed" }
func (closedChild) Is(target error) bool { return target == ErrClosed }

// errOwnClose is the error of a Close that is called by a function which Close
// has to wait for.
var errOwnClose = errors.New("Close was called by a function that it has to wait for: it goes on as soon as that has returned")

// closing is the end of a child or of a parent. It happens once.
type closing struct {
	begun atomic.Bool
	ended chan struct{}
	err   error
}

func newClosing() *closing { return &closing{ended: make(chan struct{})} }

// run lets the first call do the work. Other calls wait for it. A call by a
// function that the work has to wait for returns at once.
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
