package sqlhistory

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/history"
)

// call is one call of Append, on its way into the file.
type call struct {
	ctx    context.Context // of the caller; it ends only the waiting
	events []history.Event // get their sequence numbers
	fields []json.RawMessage

	done chan struct{} // closed once it is stored or refused
	err  error         // read after done
}

// queue holds the calls that nobody has begun to write. Whoever writes takes
// all of them: calls that come while a transaction is under way share the next
// one, so that many runs at once cost little more than one.
type queue struct {
	mu    sync.Mutex
	calls []*call
}

func (q *queue) add(c *call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = append(q.calls, c)
}

// remove takes a call back and reports whether it was still there.
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

// append stores the call's events, together with those of others that wait.
// There is no goroutine of the store's own: of the callers that wait, one
// writes for all.
func (s *Store) append(c *call) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	s.queue.add(c)
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

// leave takes a call out of the queue and returns err. If somebody writes it
// already the outcome is waited for: a write takes a moment and is not worth
// interrupting.
func (s *Store) leave(c *call, err error) error {
	if s.queue.remove(c) {
		return err
	}
	<-c.done
	return c.err
}

// writeQueue writes all calls that wait, those of c among them, unless
// somebody has done that already. The caller holds the token.
func (s *Store) writeQueue(c *call) error {
	select {
	case <-c.done:
		return c.err
	default:
	}
	// The queue is taken only once the file is locked: until then everybody can
	// leave it, and all who come meanwhile are written too.
	if err := s.db.Patiently(c.ctx, s.begin); err != nil {
		return s.leave(c, err)
	}
	calls := s.queue.takeAll()
	defer func() {
		for _, one := range calls {
			close(one.done)
		}
	}()
	if s.writeCalls(calls) == nil || len(calls) == 1 {
		return c.err
	}
	// One of them is at fault, and only the file knows by now what was there
	// before it: each is written by itself.
	for _, one := range calls {
		if one.err = s.db.Patiently(one.ctx, s.begin); one.err == nil {
			_ = s.writeCalls([]*call{one})
		}
	}
	return c.err
}

// writeCalls writes calls in the transaction that has begun, and ends it. Each
// call gets its own outcome; the error is that of the transaction, of which
// nothing is stored then.
func (s *Store) writeCalls(calls []*call) error {
	w := &write{store: s, changes: make(map[string]*change)}
	var err error
	for _, one := range calls {
		if one.err = one.ctx.Err(); one.err != nil {
			continue
		}
		if one.err, err = w.add(one.events, one.fields); err != nil {
			break
		}
	}
	if err == nil {
		err = w.save()
	}
	if err == nil {
		_, err = s.insert.commit.Exec()
	}
	if err == nil {
		if err = s.kept(); err != nil {
			for _, one := range calls {
				one.err = err
			}
			return nil // to try each of them again would not help
		}
	}
	if err != nil {
		err = s.db.Explain(err)
		// After some errors SQLite has rolled back by itself, and says here that
		// there is nothing to do. Any other error would leave the transaction open
		// for ever. So after each the next write gets a new connection.
		_, unsure := s.insert.rollback.Exec()
		s.unsure = unsure != nil
		for _, one := range calls {
			one.err = err
		}
	}
	w.keep(err == nil)
	return err
}

// kept returns why what was written is lost, nil if it is not.
func (s *Store) kept() error {
	if s.lost == nil && s.db.Kept != nil {
		s.lost = s.db.Kept()
	}
	return s.lost
}

func (s *Store) begin() error {
	if s.lost != nil {
		return s.lost
	}
	if s.unsure {
		if err := s.reconnect(); err != nil {
			return err
		}
	}
	_, err := s.insert.begin.Exec()
	return err
}

// reconnect closes the connection that writes, whose state is not known, and opens
// another one.
func (s *Store) reconnect() error {
	if s.conn != nil {
		_ = s.insert.close()
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn }) // which closes it
		s.conn, s.insert = nil, nil
	}
	if err := s.connect(context.Background()); err != nil {
		return fmt.Errorf("connecting to %s again: %w", s.db.Name, err)
	}
	s.unsure = false
	return nil
}
