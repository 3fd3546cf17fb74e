package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"sync"

	"github.com/jackc/pgx/v5/stdlib"
)

// bulkConnector is a connector of pgx whose driver moves many rows at once.
type bulkConnector struct{ driver.Connector }

func (c bulkConnector) Driver() driver.Driver { return bulkDriver{c.Connector.Driver()} }

// bulkDriver is the driver of the pools that [New] opens. Its connections are those of pgx.
type bulkDriver struct{ driver.Driver }

// CopyFrom executes COPY table (columns) FROM STDIN on a connection of a pool, which sql.Conn.Raw
// gives, and returns the number of rows. from gives what the statement copies, in the format that
// the statement names, and is not read after CopyFrom has returned. CopyFrom does not return
// driver.ErrBadConn. If PostgreSQL says which row it has refused, the error has a method
// CopiedRow() int64 for the number of the row, from 1. Package iomanagers/sqltable finds both
// methods, so it needs no pgx.
func (bulkDriver) CopyFrom(ctx context.Context, connection any, statement string, from io.Reader) (rows int64, err error) {
	conn, ok := connection.(*stdlib.Conn)
	if !ok {
		return 0, fmt.Errorf("copying to PostgreSQL: the connection is a %T, not one of pgx", connection)
	}
	until := &untilClosed{from: from}
	defer until.close()
	tag, err := conn.Conn().PgConn().CopyFrom(ctx, until, statement)
	if err != nil {
		return 0, withCopiedRow(err)
	}
	return tag.RowsAffected(), nil
}

// QueryRaw executes a query without parameters on a connection of a pool, which sql.Conn.Raw gives,
// and calls each with the values of every row, as PostgreSQL sends them. The formats are those of
// the columns, 0 for text and 1 for binary. A value that is nil is NULL. The values are valid until
// each returns. The first error of each ends the query, and is returned. QueryRaw does not return
// driver.ErrBadConn. Package iomanagers/sqltable finds this method.
func (bulkDriver) QueryRaw(ctx context.Context, connection any, query string, formats []int16, each func(values [][]byte) error) error {
	conn, ok := connection.(*stdlib.Conn)
	if !ok {
		return fmt.Errorf("querying PostgreSQL: the connection is a %T, not one of pgx", connection)
	}
	result := conn.Conn().PgConn().ExecParams(ctx, query, nil, nil, nil, formats)
	for result.NextRow() {
		if err := each(result.Values()); err != nil {
			_, _ = result.Close() // reads and drops the rows that are under way
			return err
		}
	}
	_, err := result.Close()
	return err
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
