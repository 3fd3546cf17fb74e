package sqltable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/fxrun/fxrun/iomanagers"
)

// cells are where the columns of a query are scanned to, for one row after another.
type cells struct {
	cells   []cell
	targets []any
	rows    int // that were read before
}

func newCells(s *schema) *cells {
	c := &cells{cells: make([]cell, len(s.columns)), targets: make([]any, len(s.columns))}
	for i := range s.columns {
		c.cells[i].column = &s.columns[i]
		c.targets[i] = &c.cells[i]
	}
	return c
}

// read fills the slice that dst points to, up to its capacity, with the next rows found.
func (c *cells) read(ctx context.Context, found *sql.Rows, dst any) error {
	into := reflect.ValueOf(dst).Elem()
	n := 0
	for ; n < into.Cap() && found.Next(); n++ {
		c.begin(into, n)
		if err := found.Scan(c.targets...); err != nil {
			return c.fault(ctx, n, err)
		}
	}
	c.rows += n
	if n < into.Cap() {
		if err := found.Err(); err != nil {
			return err
		}
	}
	if n == 0 {
		return io.EOF
	}
	return nil
}

// begin makes a row of a slice the one that the cells scan to.
func (c *cells) begin(into reflect.Value, n int) {
	into.SetLen(n + 1)
	row := into.Index(n)
	if row.Kind() == reflect.Pointer {
		row.Set(reflect.New(row.Type().Elem()))
		row = row.Elem()
	}
	for i := range c.cells {
		c.cells[i].row = row
	}
}

// fault says which row and column could not be scanned, in our own words if a cell refused it.
func (c *cells) fault(ctx context.Context, n int, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if refused, ok := errors.AsType[*cellError](err); ok {
		err = refused
	}
	return fmt.Errorf("%w: row %d: %w", iomanagers.ErrType, c.rows+n, err)
}
