package postgresaddress

import (
	"context"
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
// the whole limit while something is expected of it, be it the answer to a statement or a step
// of the connecting. Each part of an answer begins the limit anew. An idle connection expects
// nothing.
//
// A context for each call would not do: pgx and database/sql make calls of their own, such as
// those that prepare a statement, and the hook AfterConnect has no time limit.
func EndSilence(config *pgconn.Config, limit time.Duration) {
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		made, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &bounded{Conn: made, limit: limit}, nil
	}
}

// bounded is a connection on which a read or a write may not take longer than a limit.
type bounded struct {
	net.Conn
	limit time.Duration

	mu            sync.Mutex // pgx sets deadlines while another goroutine reads
	reads, writes time.Time  // the deadlines that pgx has set; zero means none
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
	if err := b.begin(&b.reads, b.Conn.SetReadDeadline); err != nil {
		return 0, err
	}
	n, err := b.Conn.Read(into)
	return n, b.explain(err, &b.reads)
}

func (b *bounded) Write(from []byte) (int, error) {
	if err := b.begin(&b.writes, b.Conn.SetWriteDeadline); err != nil {
		return 0, err
	}
	n, err := b.Conn.Write(from)
	return n, b.explain(err, &b.writes)
}

// begin sets the deadline for one read or write, unless pgx has set an earlier one.
func (b *bounded) begin(asked *time.Time, set func(time.Time) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	at := time.Now().Add(b.limit)
	if !asked.IsZero() && asked.Before(at) {
		at = *asked
	}
	return set(at)
}

// explain says that the server was silent, unless the deadline was that of pgx.
func (b *bounded) explain(err error, asked *time.Time) error {
	failure, ok := errors.AsType[net.Error](err)
	if !ok || !failure.Timeout() {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !asked.IsZero() && !time.Now().Before(*asked) {
		return err
	}
	return &silentError{b.limit}
}

// silentError is a timeout for pgx.
type silentError struct{ limit time.Duration }

func (s *silentError) Error() string   { return fmt.Sprintf("%v within %s", ErrSilent, s.limit) }
func (s *silentError) Unwrap() error   { return ErrSilent }
func (s *silentError) Timeout() bool   { return true }
func (s *silentError) Temporary() bool { return true }
