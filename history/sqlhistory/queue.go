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

// call is one call of Append that is not finished.
type call struct {
	ctx    context.Context // of the caller; its end ends only the waiting
	events []history.Event // their sequence numbers are set by the write
	fields []json.RawMessage
	asked  []int64 // the sequence numbers that the caller has given

	entries      []history.Entry // of AppendEntries
	askedEntries []int64

	done chan struct{} // closed when the call is stored or refused
	err  error         // to be read after done is closed
}

func newCall(ctx context.Context) *call { return &call{ctx: ctx, done: make(chan struct{})} }

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

// writeQueue writes all calls that wait, and c among them, unless another caller
// has already written c. The caller holds the token.
func (s *Store) writeQueue(c *call) error {
	select {
	case <-c.done:
		return c.err
	default:
	}
	// The queue is taken only when the database is locked. Until then calls can
	// leave the queue, and calls that come in the meantime are also written.
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
	// One of the calls has caused the error, and what this store remembers of the
	// runs is no longer valid. So each call is written in a transaction of its own.
	for _, one := range calls {
		if one.err = s.db.Patiently(one.ctx, s.begin); one.err == nil {
			_ = s.writeCalls([]*call{one})
		}
	}
	return c.err
}

// writeCalls writes calls in the transaction that has begun, and ends it. Each call
// gets its own outcome. The error is the error of the transaction: if there is one,
// nothing is stored, unless it matches [ErrOutcomeUnknown].
func (s *Store) writeCalls(calls []*call) error {
	err := s.tryCalls(calls)
	if err != nil && s.canRepeat(err) {
		err = s.repeatCalls(calls)
	}
	if err == nil {
		if lost := s.kept(); lost != nil {
			for _, one := range calls {
				one.err = lost
			}
		}
		return nil // a second attempt with single calls would not help
	}
	err = s.db.Explain(err)
	for _, one := range calls {
		one.err = err
	}
	return err
}

// tryCalls writes calls once, in the transaction that has begun, and ends it.
func (s *Store) tryCalls(calls []*call) error {
	w, err := s.beginWrite()
	if err == nil {
		err = w.addCalls(calls)
	}
	if err == nil {
		err = w.save()
	}
	if err == nil {
		_, err = s.insert.commit.Exec()
		s.unknown = err != nil && s.canRepeat(err)
	}
	if err != nil {
		s.rollBack()
	}
	w.keep(err == nil)
	return err
}

// addCalls adds the events of all calls, as their callers have given them.
func (w *write) addCalls(calls []*call) error {
	for _, one := range calls {
		if one.err = one.ctx.Err(); one.err != nil {
			continue
		}
		for i := range one.events {
			one.events[i].Seq = one.asked[i]
		}
		for i := range one.entries {
			one.entries[i].Seq = one.askedEntries[i]
		}
		var err error
		if one.err, err = w.add(one.events, one.fields); err != nil {
			return err
		}
		if one.err != nil {
			continue
		}
		if one.err, err = w.addEntries(one.entries); err != nil {
			return err
		}
	}
	return nil
}

// rollBack ends a transaction that has failed. After some errors SQLite has already
// rolled back, and then this rollback returns an error too. After any other error the
// transaction may still be open. So after each error of the rollback, the next write
// gets a new connection.
func (s *Store) rollBack() {
	_, unsure := s.insert.rollback.Exec()
	s.unsure = unsure != nil
}

// kept returns an error if what was written is lost.
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
	if err != nil && s.canRepeat(err) {
		s.rollBack() // which tells whether the connection still works
	}
	return err
}

// reconnect closes the connection that writes, because its state is not known, and
// opens another one.
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
