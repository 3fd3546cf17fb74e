package processes

import (
	"errors"
	"sync"

	"github.com/fxrun/fxrun/history"
)

// confirmations tell this process that the other one has recorded what it was told.
type confirmations struct {
	endOnce sync.Once
	ended   chan struct{} // closed when no more are to be waited for

	mu      sync.Mutex
	last    int // the number of the last report that asks for one
	waiting map[int]chan recorded
}

func newConfirmations() *confirmations {
	return &confirmations{ended: make(chan struct{}), waiting: make(map[int]chan recorded)}
}

// expect returns the number of a report that asks for a confirmation, and where this comes.
func (c *confirmations) expect() (number int, confirmed <-chan recorded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	waiting := make(chan recorded, 1)
	c.waiting[c.last] = waiting
	return c.last, waiting
}

// take takes the answer to a report.
func (c *confirmations) take(answer recorded) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if waiting, ok := c.waiting[answer.Number]; ok {
		waiting <- answer
		delete(c.waiting, answer.Number)
	}
}

// end has nobody wait any more.
func (c *confirmations) end() { c.endOnce.Do(func() { close(c.ended) }) }

// errUnconfirmed is the error of a report that nobody has confirmed.
var errUnconfirmed = errors.New("it has not confirmed that this is recorded")

// wait waits for a confirmation, or until there is none to wait for.
func (c *confirmations) wait(confirmed <-chan recorded) error {
	select {
	case answer := <-confirmed:
		if answer.Refused != "" {
			return errors.New(answer.Refused)
		}
		return nil
	case <-c.ended:
		return errUnconfirmed
	}
}

// mustBeRecorded reports whether this process may go on only when an event is in the history: see
// runs.Recorder.
func mustBeRecorded(event history.Event) bool {
	switch event.Type() {
	case history.TypeResourceStarting, history.TypeResourceStopping, history.TypeAssetMaterialized:
		return true
	default:
		return false
	}
}
