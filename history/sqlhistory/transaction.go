package sqlhistory

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"
)

// writeQueue writes all calls that wait, and c among them, unless another caller has already
// written c. The caller holds the token. As long as the database cannot work, the calls are in
// the queue, which each of them leaves when its context ends.
func (s *Store) writeQueue(c *call) error {
	if c.isDone() {
		return c.err
	}
	begun := false // whether the database has begun a transaction in the last attempt
	err := s.db.Patiently(c.ctx, c.since, func() (err error) {
		if begun, err = s.writeCalls(); c.isDone() {
			return nil // others go on
		}
		return err
	})
	if err == nil {
		return c.err
	}
	err = s.db.Explain(err)
	if !begun && c.ctx.Err() == nil { // calls that have waited too long need no attempts of their own
		for _, other := range s.queue.takeUntil(time.Now().Add(-s.db.Patience)) {
			if other.err = other.ctx.Err(); other.err == nil {
				other.err = err
			}
			other.finish()
		}
	}
	return s.leave(c, err)
}

// writeCalls writes the calls of the queue, and each gets its own outcome. With an error, those
// that are neither stored nor refused are in the queue again. begun says whether the database has
// begun a transaction.
func (s *Store) writeCalls() (begun bool, err error) {
	// The queue is taken only when the database is locked. Until then calls can
	// leave the queue, and calls that come in the meantime are also written.
	if err := s.begin(); err != nil {
		return false, err
	}
	calls := s.queue.takeAll()
	if slices.ContainsFunc(calls, func(one *call) bool { return one.alone }) {
		return true, s.writeEach(calls)
	}
	err = s.attempt(calls)
	if s.canRepeat(err) {
		for _, one := range calls { // one of them may be the cause
			one.alone = true
		}
		s.putBack(calls)
		return true, err
	}
	if err == nil || len(calls) == 1 || errors.Is(err, ErrOutcomeUnknown) {
		s.finish(calls, err)
		return true, nil
	}
	// One of the calls has caused the error, and what this store remembers of the
	// runs is no longer valid.
	if err := s.begin(); err != nil {
		s.putBack(calls)
		return true, err
	}
	return true, s.writeEach(calls)
}

// writeEach writes each call in a transaction of its own. The first of them has begun. A call for
// which the database cannot work holds up those behind it until its patience is over.
func (s *Store) writeEach(calls []*call) error {
	for i := range calls {
		if i > 0 {
			if err := s.begin(); err != nil {
				s.putBack(calls[i:])
				return err
			}
		}
		one := calls[i : i+1]
		err := s.attempt(one)
		if s.canRepeat(err) {
			waited := time.Since(one[0].since)
			if waited <= s.db.Patience {
				s.putBack(calls[i:])
				return err
			}
			err = fmt.Errorf("waiting %s for the database: %w", waited.Round(time.Second), err)
		}
		s.finish(one, err)
	}
	return nil
}

// canRepeat reports whether a transaction has ended with an error that was not its own, so that
// it can be repeated.
func (s *Store) canRepeat(err error) bool {
	return err != nil && s.db.CanRepeat != nil && s.db.CanRepeat(err) && !errors.Is(err, ErrOutcomeUnknown)
}

// finish tells each caller the outcome of the transaction that was to store its call. If this
// outcome is not known, a call that was refused still gets the error of its refusal.
func (s *Store) finish(calls []*call, err error) {
	unknown := errors.Is(err, ErrOutcomeUnknown)
	if err != nil {
		err = s.db.Explain(err)
	} else {
		err = s.kept()
	}
	for _, one := range calls {
		if err != nil && (!unknown || one.err == nil) {
			one.err = err
		}
		one.finish()
	}
}

// putBack puts calls of which nothing is stored back into the queue. The callers whose contexts
// have ended wait for their outcomes, and look into the queue no more.
func (s *Store) putBack(calls []*call) {
	var waiting []*call
	for _, one := range calls {
		if one.err = one.ctx.Err(); one.err != nil {
			one.finish()
		} else {
			waiting = append(waiting, one)
		}
	}
	s.queue.putBack(waiting)
}

// attempt writes calls once, in the transaction that has begun, and finds out whether they are
// stored. If this is not possible, the error matches [ErrOutcomeUnknown]. With any other error
// nothing is stored.
func (s *Store) attempt(calls []*call) error {
	unknown, err := s.tryCalls(calls)
	if !unknown {
		return err
	}
	stored := false
	looking := s.db.Patiently(context.Background(), time.Now(), func() (err error) {
		if err = s.begin(); err != nil {
			return err
		}
		stored, err = s.areStored(calls)
		s.rollBack()
		return err
	})
	switch {
	case looking != nil:
		return &unknownOutcomeError{looking}
	case stored:
		return nil
	}
	return err
}

// tryCalls writes calls once, in the transaction that has begun, and ends it. Each call gets its
// own refusal. The error is that of the transaction, which has then stored nothing, unless unknown
// says that it may be committed.
func (s *Store) tryCalls(calls []*call) (unknown bool, err error) {
	w, err := s.beginWrite()
	if err == nil {
		err = w.addCalls(calls)
	}
	if err == nil {
		err = w.save()
	}
	if err == nil {
		_, err = s.insert.commit.Exec()
		unknown = s.canRepeat(err)
	}
	if err != nil {
		s.rollBack()
	}
	w.keep(err == nil)
	return unknown, err
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
	if s.canRepeat(err) {
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
