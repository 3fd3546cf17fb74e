package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// version tells whether somebody has written into the database. SQLite keeps a number for each
// connection, which changes when another connection has written, of this process or of
// another one. So it has a connection of its own, from the first call of read until close.
type version struct {
	readers *sql.DB

	mu     sync.Mutex
	conn   *sql.Conn // nil before the first read, and after an error
	ask    *sql.Stmt
	closed bool
}

// read returns the number.
func (v *version) read() (number int64, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return 0, sql.ErrConnDone
	}
	ctx := context.Background() // it takes a few microseconds
	if v.conn == nil {
		if v.conn, err = v.readers.Conn(ctx); err != nil {
			v.conn = nil
			return 0, err
		}
		if v.ask, err = v.conn.PrepareContext(ctx, `PRAGMA data_version`); err != nil {
			return 0, errors.Join(err, v.leave())
		}
	}
	if err := v.ask.QueryRowContext(ctx).Scan(&number); err != nil {
		return 0, errors.Join(err, v.leave())
	}
	return number, nil
}

// leave gives the connection back. The caller holds the lock.
func (v *version) leave() error {
	var errs []error
	if v.ask != nil {
		errs = append(errs, v.ask.Close())
	}
	if v.conn != nil {
		errs = append(errs, v.conn.Close())
	}
	v.ask, v.conn = nil, nil
	return errors.Join(errs...)
}

func (v *version) close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	return v.leave()
}
