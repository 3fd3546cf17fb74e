package sqltable

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"time"
)

// fetcher is what the driver of a pool offers if it gives rows as PostgreSQL sends them. The
// drivers of modules/sqldb/postgres do. So a program with SQLite alone links no pgx.
type fetcher interface {
	// QueryRaw executes a query without parameters on a connection that sql.Conn.Raw gives, and
	// calls each with the values of every row. The formats are those of its columns, 0 for text and
	// 1 for binary. A value that is nil is NULL. The values are valid until each returns.
	QueryRaw(ctx context.Context, connection any, query string, formats []int16, each func(values [][]byte) error) error
}

// postgresFetch reads rows of a cursor in the binary format of PostgreSQL. A pool of database/sql
// makes a value of type any of each column, looks for the way to convert it, and does so twice.
type postgresFetch struct {
	driver  fetcher
	cells   *cells
	formats []int16
	scan    []func(c *cell, value []byte) error
}

func newPostgresFetch(driver fetcher, cells *cells, s *schema, stored storedColumns) *postgresFetch {
	f := &postgresFetch{driver: driver, cells: cells}
	for _, c := range s.columns {
		column, _ := stored.find(c.name) // it was checked
		scan, format := fetchedAs(column.typ)
		f.scan, f.formats = append(f.scan, scan), append(f.formats, format)
	}
	return f
}

// read fills a slice, up to its capacity, with the rows that a query finds.
func (f *postgresFetch) read(ctx context.Context, conn *sql.Conn, query string, into reflect.Value) error {
	n := 0
	var fault error
	err := conn.Raw(func(connection any) error {
		fault = f.driver.QueryRaw(ctx, connection, query, f.formats, func(values [][]byte) error {
			if n == into.Cap() || len(values) != len(f.scan) {
				return fmt.Errorf("the database gives %d values in row %d of %d", len(values), n, into.Cap())
			}
			f.cells.begin(into, n)
			for i, value := range values {
				if err := f.scanCell(&f.cells.cells[i], i, value); err != nil {
					return f.cells.fault(ctx, n, err)
				}
			}
			n++
			return nil
		})
		return nil // an error here could close the connection, and wait for the transaction to end
	})
	f.cells.rows += n
	switch {
	case err != nil:
		return err
	case fault != nil:
		return fault
	case n == 0:
		return io.EOF
	}
	return nil
}

func (f *postgresFetch) scanCell(c *cell, i int, value []byte) error {
	var err error
	if value == nil {
		err = c.scanNull()
	} else {
		err = f.scan[i](c, value)
	}
	if err != nil {
		return &cellError{c.column.name, err}
	}
	return nil
}

// errLength says that a value is no value of its type.
var errLength = errors.New("the database gives another number of bytes than the type of the column has")

// The formats of values: text, and binary as the send function of a type writes it.
const (
	asText   int16 = 0
	asBinary int16 = 1
)

// fetchedAs returns how values of a type of PostgreSQL are scanned, and in which format.
func fetchedAs(typ string) (scan func(c *cell, value []byte) error, format int16) {
	switch typ {
	case "smallint":
		return fixed(2, func(c *cell, v []byte) error { return c.fetchInteger(int64(int16(binary.BigEndian.Uint16(v)))) }), asBinary
	case "integer":
		return fixed(4, func(c *cell, v []byte) error { return c.fetchInteger(int64(int32(binary.BigEndian.Uint32(v)))) }), asBinary
	case "bigint":
		return fixed(8, func(c *cell, v []byte) error { return c.fetchInteger(int64(binary.BigEndian.Uint64(v))) }), asBinary
	case "real":
		return fixed(4, func(c *cell, v []byte) error {
			return c.fetchFloat(float64(math.Float32frombits(binary.BigEndian.Uint32(v))))
		}), asBinary
	case "double precision":
		return fixed(8, func(c *cell, v []byte) error {
			return c.fetchFloat(math.Float64frombits(binary.BigEndian.Uint64(v)))
		}), asBinary
	case "boolean":
		return fixed(1, func(c *cell, v []byte) error { return c.scan(v[0] != 0) }), asBinary
	case "timestamp with time zone":
		return fixed(8, func(c *cell, v []byte) error { return c.fetchTime(int64(binary.BigEndian.Uint64(v))) }), asBinary
	case "bytea":
		return func(c *cell, v []byte) error { return c.scan(v) }, asBinary
	}
	return func(c *cell, v []byte) error { return c.scanText(c.field(), string(v)) }, asText
}

// fixed refuses values of another length.
func fixed(length int, scan func(c *cell, value []byte) error) func(c *cell, value []byte) error {
	return func(c *cell, value []byte) error {
		if len(value) != length {
			return fmt.Errorf("%w: %d", errLength, len(value))
		}
		return scan(c, value)
	}
}

func (c *cell) fetchInteger(n int64) error {
	if c.scanInteger(c.field(), n) {
		return nil
	}
	return c.refuse("%d", n)
}

func (c *cell) fetchFloat(f float64) error {
	if c.scanFloat(c.field(), f) {
		return nil
	}
	return c.refuse("%v", f)
}

// fetchTime takes microseconds since copyEpoch, from a column that only a field of times gets. The
// least and the largest number are the infinite times of PostgreSQL.
func (c *cell) fetchTime(micros int64) error {
	switch micros {
	case math.MaxInt64:
		return c.refuse("%q", "infinity")
	case math.MinInt64:
		return c.refuse("%q", "-infinity")
	}
	*c.field().Addr().Interface().(*time.Time) = time.UnixMicro(copyEpoch + micros).UTC()
	return nil
}
