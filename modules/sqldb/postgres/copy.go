package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"sync"

	"github.com/jackc/pgx/v5/stdlib"
)

// copyingConnector is a connector of pgx whose driver also copies.
type copyingConnector struct{ driver.Connector }

func (c copyingConnector) Driver() driver.Driver { return copyingDriver{c.Connector.Driver()} }

// copyingDriver is the driver of the pools that [New] opens. Its connections are those of pgx.
type copyingDriver struct{ driver.Driver }

// CopyFrom executes COPY table (columns) FROM STDIN on a connection of a pool, which sql.Conn.Raw
// gives, and returns the number of rows. from gives what the statement copies, in the format that
// the statement names, and is not read after CopyFrom has returned. CopyFrom does not return
// driver.ErrBadConn. Package iomanagers/sqltable finds this method, so it needs no pgx.
func (copyingDriver) CopyFrom(ctx context.Context, connection any, statement string, from io.Reader) (rows int64, err error) {
	conn, ok := connection.(*stdlib.Conn)
	if !ok {
		return 0, fmt.Errorf("copying to PostgreSQL: the connection is a %T, not one of pgx", connection)
	}
	until := &untilClosed{from: from}
	defer until.close()
	tag, err := conn.Conn().PgConn().CopyFrom(ctx, until, statement)
	if err != nil {
		return 0, err
	}
	return tag.RowsAffected(), nil
}

// untilClosed ends a reader for others. pgx reads in a goroutine of its own, which it leaves behind
// if the connection breaks.
type untilClosed struct {
	mu     sync.Mutex
	from   io.Reader
	closed bool
}

func (u *untilClosed) Read(into []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return 0, io.ErrClosedPipe
	}
	return u.from.Read(into)
}

// close waits for a call of Read and lets no further one reach the reader.
func (u *untilClosed) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
}
