package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory"
)

// pause is the time between two attempts.
const pause = 20 * time.Millisecond

// patiently calls do again as long as another process writes, or the server cannot work. A
// server that has never answered is not waited for: its address may be wrong.
func (s *server) patiently(ctx context.Context, since time.Time, do func() error) error {
	for {
		err := do()
		if err == nil {
			return nil
		}
		if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
			return fmt.Errorf("%w: %w", ended, err)
		}
		if ctx.Err() != nil || !canRepeat(err) || !s.known.Load() && isUnreachable(err) {
			return err
		}
		if waited := time.Since(since); waited > s.limits.patience {
			return fmt.Errorf("waiting %s for the server: %w", waited.Round(time.Second), err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// isUnreachable reports whether no server has answered at all.
func isUnreachable(err error) bool {
	_, unconnected := errors.AsType[*pgconn.ConnectError](err)
	return unconnected && codeOf(err) == ""
}

// canRepeat reports whether a transaction that ended with err had no fault of its own.
func canRepeat(err error) bool {
	if code := codeOf(err); code != "" {
		switch code[:2] {
		case "08", // connection
			"53": // no space, memory or connection
			return true
		}
		switch code {
		case "25006", // read only: the server has become a standby
			"25P03",          // idle in a transaction
			"40001", "40P01", // conflicts between transactions
			"55P03",                            // a lock
			"57P01", "57P02", "57P03", "57P05", // shutdown, crash, not yet started, idle
			"58030": // input or output
			return true
		}
		return false
	}
	if errors.Is(err, context.Canceled) { // of a caller
		return false
	}
	_, isNet := errors.AsType[net.Error](err)
	_, isConnect := errors.AsType[*pgconn.ConnectError](err)
	return isNet || isConnect || pgconn.SafeToRetry(err) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed)
}

// codeOf returns the code of an error that the server has sent. It returns "" for any other
// error.
func codeOf(err error) string {
	failure, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || len(failure.Code) != 5 {
		return ""
	}
	return failure.Code
}

// explain adds advice for people to the errors of the server.
func (a *address) explain(err error) error {
	switch codeOf(err) {
	case "42P01", "42703", "XX001", "XX002": // no such table or column, damaged data or index
		if errors.Is(err, sqlhistory.ErrDamaged) {
			return err
		}
		return fmt.Errorf("%w: the tables of schema %s can't be used: %w; put a backup of the schema back, or rename it, and the next run begins a new history; values of assets are not in it",
			sqlhistory.ErrDamaged, a.schema, err)
	case "42501": // a right is missing
		return fmt.Errorf("role %s may not do this: %w; grant it CREATE on the database, or all rights on schema %s and its tables", a.config.User, err, a.schema)
	case "54000": // a limit: the entry of an index is too long
		return fmt.Errorf("%w: PostgreSQL keeps run IDs, job names and keys of steps, assets and partitions of up to 2600 bytes: %w", history.ErrInvalid, err)
	}
	return err
}
