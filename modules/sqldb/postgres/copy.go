package postgres

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/stdlib"
)

// copyingConnector is a connector of pgx whose driver also copies.
type copyingConnector struct{ driver.Connector }

func (c copyingConnector) Driver() driver.Driver { return copyingDriver{c.Connector.Driver()} }

// copyingDriver is the driver of the pools that [New] opens. Its connections are those of pgx.
type copyingDriver struct{ driver.Driver }

// CopyFrom executes COPY table (columns) FROM STDIN on a connection of a pool, which sql.Conn.Raw
// gives, and returns the number of rows. from gives what the statement copies, in the format that
// the statement names. CopyFrom does not return driver.ErrBadConn. Package iomanagers/sqltable
// finds this method, so it needs no pgx.
func (copyingDriver) CopyFrom(ctx context.Context, connection any, statement string, from io.Reader) (rows int64, err error) {
	conn, ok := connection.(*stdlib.Conn)
	if !ok {
		return 0, fmt.Errorf("copying to PostgreSQL: the connection is a %T, not one of pgx", connection)
	}
	tag, err := conn.Conn().PgConn().CopyFrom(ctx, from, statement)
	if err != nil {
		return 0, err
	}
	return tag.RowsAffected(), nil
}
