package postgreslocks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fxrun/fxrun/internal/postgresaddress"
	"github.com/fxrun/fxrun/locks"
)

// session is a connection with its locks. Only the holder of the turn of the Database uses
// it.
type session struct {
	owner   *Database
	conn    *pgx.Conn
	process string // of the server
	held    map[int64]*lock
	lost    chan struct{}
	ended   chan struct{} // ends the goroutine that looks after the session
}

func newSession(owner *Database, conn *pgx.Conn, process string) *session {
	s := &session{owner: owner, conn: conn, process: process, held: make(map[int64]*lock), lost: make(chan struct{}), ended: make(chan struct{})}
	go s.lookAfter()
	return s
}

// take takes a lock. The server would give a session a lock that it has, so the locks of
// the session are compared first.
func (s *session) take(ctx context.Context, key int64) (*lock, error) {
	if s.held[key] != nil {
		return nil, locks.ErrHeld
	}
	taken := false
	if err := s.ask(`SELECT pg_try_advisory_lock($1)`, key, &taken); err != nil {
		return nil, err
	}
	if !taken {
		return nil, locks.ErrHeld
	}
	made := &lock{session: s, key: key}
	s.held[key] = made
	if err := ctx.Err(); err != nil {
		_ = s.release(made)
		return nil, err
	}
	return made, nil
}

func (s *session) release(l *lock) error {
	if s.held[l.key] != l {
		return nil // it was released, or lost
	}
	delete(s.held, l.key)
	released := false
	err := s.ask(`SELECT pg_advisory_unlock($1)`, l.key, &released)
	if err == nil && !released {
		err = errors.New("the server did not know the lock")
	}
	return err
}

// ask gets the answer to a question about a lock. The end of a caller's context must not
// end it, since pgx would close the connection, and all locks would be lost.
func (s *session) ask(question string, key int64, answer *bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	return s.conn.QueryRow(ctx, question, key).Scan(answer)
}

// lookAfter notices that the session was lost while nobody uses it.
func (s *session) lookAfter() {
	ticks := time.NewTicker(pingEvery)
	defer ticks.Stop()
	for {
		select {
		case <-s.ended:
			return
		case <-ticks.C:
		}
		select {
		case <-s.ended:
			return
		case s.owner.turn <- struct{}{}:
		}
		if s.owner.now == s {
			s.ping()
		}
		<-s.owner.turn
	}
}

func (s *session) ping() {
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	if process, err := postgresaddress.ProcessOf(ctx, s.conn.PgConn()); err != nil || process != s.process { // another session has none of the locks
		s.owner.lose()
	}
}

func (s *session) close() error {
	close(s.ended)
	clear(s.held)
	ctx, cancel := context.WithTimeout(context.Background(), silence)
	defer cancel()
	return s.conn.Close(ctx)
}

type lock struct {
	session *session
	key     int64
}

// Unlock releases the lock. The lock of a session that was lost needs no release.
func (l *lock) Unlock() error {
	turn := l.session.owner.turn
	turn <- struct{}{}
	defer func() { <-turn }()
	if err := l.session.release(l); err != nil {
		// The server may still have the lock, and ends it with the session.
		if l.session.owner.now == l.session {
			l.session.owner.lose()
		}
		return fmt.Errorf("releasing a lock: %w", err)
	}
	return nil
}

func (l *lock) Lost() <-chan struct{} { return l.session.lost }
