package sqlhistory

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// call is one call of Append that is not finished.
type call struct {
	ctx    context.Context // of the caller; its end ends only the waiting
	since  time.Time       // when it was put into the queue
	events []history.Event // their sequence numbers are set by the write
	fields []json.RawMessage
	asked  []int64 // the sequence numbers that the caller has given

	entries      []history.Entry // of AppendEntries
	askedEntries []int64

	alone bool // to be written in a transaction of its own; for the one who writes

	done chan struct{} // closed when the call is stored or refused
	err  error         // to be read after done is closed
}

func newCall(ctx context.Context) *call {
	return &call{ctx: ctx, since: time.Now(), done: make(chan struct{})}
}

// finish tells the caller that the call was stored or refused, as its error says.
func (c *call) finish() { close(c.done) }

// isDone reports whether the call was stored or refused.
func (c *call) isDone() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// queue holds the calls that nobody has begun to write. A writer takes all of them.
// So the calls that are made during a transaction share the next transaction, and
// many runs at the same time cost little more than one run.
type queue struct {
	mu    sync.Mutex
	calls []*call
}

func (q *queue) add(c *call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = append(q.calls, c)
}

// remove removes a call from the queue, and reports whether the queue still had it.
func (q *queue) remove(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.Index(q.calls, c)
	if i >= 0 {
		q.calls = slices.Delete(q.calls, i, i+1)
	}
	return i >= 0
}

func (q *queue) takeAll() []*call {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.calls
	q.calls = nil
	return taken
}

// putBack puts calls before those that came after they were taken.
func (q *queue) putBack(calls []*call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = slices.Concat(calls, q.calls)
}

// takeUntil takes the calls that were put into the queue until a moment.
func (q *queue) takeUntil(moment time.Time) (taken []*call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var kept []*call
	for _, one := range q.calls {
		if one.since.After(moment) {
			kept = append(kept, one)
		} else {
			taken = append(taken, one)
		}
	}
	q.calls = kept
	return taken
}

// append stores what the call adds, together with other calls that wait.
func (s *Store) append(c *call) error {
	if err := s.enqueue(c); err != nil {
		return err
	}
	return s.await(c)
}

// enqueue puts a call into the queue.
func (s *Store) enqueue(c *call) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	s.queue.add(c)
	return nil
}

// await waits until a call of the queue is stored or refused. The store has no goroutine of
// its own: one of the callers that wait writes for all.
func (s *Store) await(c *call) error {
	select {
	case <-c.done:
		return c.err
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
		return s.writeQueue(c)
	case <-c.ctx.Done():
		return s.leave(c, c.ctx.Err())
	}
}

// leave removes a call from the queue and returns err. If another caller is already
// writing the call, leave waits for the outcome and returns it. A write is short,
// so it is not interrupted.
func (s *Store) leave(c *call, err error) error {
	if s.queue.remove(c) {
		return err
	}
	<-c.done
	return c.err
}
