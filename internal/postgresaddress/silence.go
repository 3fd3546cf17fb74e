package postgresaddress

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrSilent is matched by the error of a connection whose server did not answer in time.
var ErrSilent = errors.New("the PostgreSQL server does not answer")

// EndSilence has each connection that config makes end with [ErrSilent] if the server is silent for
// the whole limit while something is expected of it. Each part of an answer begins the limit
// anew, and a write must end within it. An idle connection expects nothing. Until the hook
// AfterConnect, the limit is ConnectTimeout.
//
// A context for each call would not do: pgx and database/sql make calls of their own, such as
// those that prepare a statement.
func EndSilence(config *pgconn.Config, limit time.Duration) {
	dial, after, connecting := config.DialFunc, config.AfterConnect, config.ConnectTimeout
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		made, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &bounded{Conn: made, limit: connecting}, nil
	}
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		if b := boundedOf(conn); b != nil {
			b.setLimit(limit)
		}
		if after == nil {
			return nil
		}
		return after(ctx, conn)
	}
}

// WithoutLimit calls do, which may use a connection of EndSilence for as long as it likes.
func WithoutLimit(conn *pgconn.PgConn, do func() error) error {
	b := boundedOf(conn)
	if b == nil {
		return do()
	}
	defer b.setLimit(b.setLimit(0))
	return do()
}

// boundedOf returns the connection that EndSilence has made.
func boundedOf(conn *pgconn.PgConn) *bounded {
	network := conn.Conn()
	if encrypted, ok := network.(*tls.Conn); ok {
		network = encrypted.NetConn()
	}
	found, _ := network.(*bounded)
	return found
}

// bounded is a connection on which a read or a write may not take longer than a limit.
type bounded struct {
	net.Conn

	mu            sync.Mutex    // pgx sets deadlines while another goroutine reads
	limit         time.Duration // zero means none
	reads, writes time.Time     // the deadlines that pgx has set; zero means none
	wrote         time.Time     // when the last write began
	silent        bool          // nothing was read in time since wrote; pgx reads again after a timeout
}

// setLimit returns the limit before.
func (b *bounded) setLimit(limit time.Duration) (before time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, b.limit = b.limit, limit
	return before
}

func (b *bounded) SetDeadline(at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads, b.writes = at, at
	return b.Conn.SetDeadline(at)
}

func (b *bounded) SetReadDeadline(at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reads = at
	return b.Conn.SetReadDeadline(at)
}

func (b *bounded) SetWriteDeadline(at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writes = at
	return b.Conn.SetWriteDeadline(at)
}

func (b *bounded) Read(into []byte) (int, error) {
	began := time.Now()
	if err := b.beginRead(began); err != nil {
		return 0, err
	}
	n, err := b.Conn.Read(into)
	if !isTimeout(err) {
		return n, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if isOver(b.reads) || began.Before(b.wrote) { // the end is that of pgx, or nothing was expected when this read began
		return n, err
	}
	b.silent = true
	return n, &silentError{b.limit}
}

func (b *bounded) beginRead(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.silent {
		return &silentError{b.limit}
	}
	return b.Conn.SetReadDeadline(b.deadline(now, b.reads))
}

func (b *bounded) Write(from []byte) (int, error) {
	if err := b.beginWrite(); err != nil {
		return 0, err
	}
	n, err := b.Conn.Write(from)
	if !isTimeout(err) {
		return n, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if isOver(b.writes) {
		return n, err
	}
	return n, &silentError{b.limit}
}

func (b *bounded) beginWrite() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.wrote, b.silent = now, false
	// A read of the background may have begun long ago.
	return errors.Join(b.Conn.SetReadDeadline(b.deadline(now, b.reads)), b.Conn.SetWriteDeadline(b.deadline(now, b.writes)))
}

// deadline returns the end of the limit, or the deadline that pgx has set if that is earlier. Zero
// means that there is none.
func (b *bounded) deadline(now, asked time.Time) time.Time {
	end := now.Add(b.limit)
	if b.limit == 0 || !asked.IsZero() && asked.Before(end) {
		return asked
	}
	return end
}

// isOver reports whether a deadline that pgx has set has passed.
func isOver(asked time.Time) bool { return !asked.IsZero() && !time.Now().Before(asked) }

func isTimeout(err error) bool {
	failure, ok := errors.AsType[net.Error](err)
	return ok && failure.Timeout()
}

// silentError is a timeout for pgx.
type silentError struct{ limit time.Duration }

func (s *silentError) Error() string   { return fmt.Sprintf("%v within %s", ErrSilent, s.limit) }
func (s *silentError) Unwrap() error   { return ErrSilent }
func (s *silentError) Timeout() bool   { return true }
func (s *silentError) Temporary() bool { return true }
