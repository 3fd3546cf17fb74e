package sqltable

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
)

// copier is what the driver of a pool offers if it can copy rows. The drivers of
// modules/sqldb/postgres do. So a program with SQLite alone links no pgx.
type copier interface {
	// CopyFrom executes COPY ... FROM STDIN on a connection that sql.Conn.Raw gives.
	CopyFrom(ctx context.Context, connection any, statement string, from io.Reader) (rows int64, err error)
}

// refusedRow is an error of a copier about one of the rows that it was given, counted from 1.
type refusedRow interface {
	error
	CopiedRow() int64
}

// copies says whether COPY puts rows into a table as INSERT would. It passes by rules, and refuses
// to write where policies decide about rows.
func (d *postgreSQL) copies(ctx context.Context, tx *sql.Tx, p place) (copies bool, err error) {
	if d.copier == nil {
		return false, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT NOT relhasrules AND NOT row_security_active(oid) FROM pg_class WHERE oid = to_regclass($1)`, p.table).Scan(&copies)
	return copies, err
}

// postgresCopy puts rows into a table with COPY in its binary format. The table has exactly the
// types of columns that the manager gives it, so that each value has one form.
//
// Each COPY takes rows that are in memory. One COPY for all rows would last as long as a stream
// takes to make them, and could exceed the timeout of a statement.
type postgresCopy struct {
	driver    copier
	conn      *sql.Conn
	place     place
	columns   []column
	partition *string // nil where the table has no column for it
}

// copyBytes is how much one COPY takes, and a row more.
const copyBytes = 1 << 20

// The binary format begins with a signature, flags and the length of an extension, and ends with a
// row of -1 columns.
var (
	copyHeader  = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyTrailer = []byte{0xff, 0xff}
)

func (c *postgresCopy) all(ctx context.Context, rows *feed) (int, error) {
	names := columnList(c.columns)
	width := len(c.columns) + 1
	if c.partition != nil {
		names += ", " + quote(partitionColumn)
		width++
	}
	statement := "COPY " + c.place.table + " (" + names + ", " + quote(rowColumn) + ") FROM STDIN (FORMAT binary)"
	encode := make([]func(text []byte, v any) []byte, len(c.columns))
	for i, column := range c.columns {
		encode[i] = copyEncoder(column)
	}
	text := append(make([]byte, 0, copyBytes+copyBytes/16), copyHeader...)
	sent, n := 0, 0
	flush := func() error {
		text = append(text, copyTrailer...)
		err := c.send(ctx, statement, text, n-sent)
		if refused, ok := errors.AsType[refusedRow](err); ok {
			err = fmt.Errorf("row %d: %w", int64(sent)+refused.CopiedRow()-1, err)
		}
		text, sent = append(text[:0], copyHeader...), n
		return err
	}
	_, err := rows.each(ctx, func(values []any) error {
		begin := len(text)
		text = binary.BigEndian.AppendUint16(text, uint16(width))
		for i, v := range values {
			if v == nil {
				text = append(text, 0xff, 0xff, 0xff, 0xff) // a length of -1 is NULL
				continue
			}
			text = encode[i](text, v)
		}
		if c.partition != nil {
			text = appendText(text, *c.partition)
		}
		if len(text)-begin > math.MaxInt32 { // which the lengths in it could not tell
			return fmt.Errorf("row %d: %w: a row of %d bytes", n, iomanagers.ErrUnsupported, len(text)-begin)
		}
		n++
		text = appendInt64(text, int64(n))
		if len(text) < copyBytes {
			return nil
		}
		return flush()
	})
	if err == nil && n > sent {
		err = flush()
	}
	return n, err
}

// send copies the rows in text.
func (c *postgresCopy) send(ctx context.Context, statement string, text []byte, rows int) error {
	var copied int64
	var fault error
	err := c.conn.Raw(func(connection any) error {
		copied, fault = c.driver.CopyFrom(ctx, connection, statement, bytes.NewReader(text))
		return nil // an error here could close the connection, and wait for the transaction to end
	})
	switch {
	case err != nil:
		return err
	case fault != nil:
		return fault
	case copied != int64(rows):
		return fmt.Errorf("the database has copied %d of %d rows", copied, rows)
	}
	return nil
}

// copyEncoder returns the function that writes values of a column: their length, and then their
// bytes, as the receive function of the type of the column reads them.
func copyEncoder(c column) func(text []byte, v any) []byte {
	switch {
	case c.class == integers && c.bits == 16:
		return func(text []byte, v any) []byte {
			return binary.BigEndian.AppendUint16(appendLength(text, 2), uint16(v.(int64)))
		}
	case c.class == integers && c.bits == 32:
		return func(text []byte, v any) []byte {
			return binary.BigEndian.AppendUint32(appendLength(text, 4), uint32(v.(int64)))
		}
	case c.class == integers:
		return func(text []byte, v any) []byte { return appendInt64(text, v.(int64)) }
	case c.class == floats && c.bits == 32:
		return func(text []byte, v any) []byte {
			return binary.BigEndian.AppendUint32(appendLength(text, 4), math.Float32bits(float32(v.(float64))))
		}
	case c.class == floats:
		return func(text []byte, v any) []byte { return appendInt64(text, int64(math.Float64bits(v.(float64)))) }
	case c.class == booleans:
		return func(text []byte, v any) []byte {
			if v.(bool) {
				return append(appendLength(text, 1), 1)
			}
			return append(appendLength(text, 1), 0)
		}
	case c.class == blobs:
		return func(text []byte, v any) []byte {
			blob := v.([]byte)
			return append(appendLength(text, len(blob)), blob...)
		}
	case c.class == times:
		return func(text []byte, v any) []byte { return appendInt64(text, v.(time.Time).UnixMicro()-copyEpoch) }
	case c.class == documents:
		return func(text []byte, v any) []byte {
			const version = 1 // of the form of jsonb, which is its text
			document := v.(string)
			return append(append(appendLength(text, 1+len(document)), version), document...)
		}
	default:
		return func(text []byte, v any) []byte { return appendText(text, v.(string)) }
	}
}

// copyEpoch is the time from which PostgreSQL counts, in microseconds of Unix.
var copyEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func appendLength(text []byte, length int) []byte {
	return binary.BigEndian.AppendUint32(text, uint32(length))
}

func appendInt64(text []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(appendLength(text, 8), uint64(n))
}

func appendText(text []byte, s string) []byte { return append(appendLength(text, len(s)), s...) }
