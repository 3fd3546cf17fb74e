package sqltable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// feed gives the values of rows that are to be stored.
type feed struct {
	columns []column
	limits  limits
	batches iter.Seq2[any, error]
	held    bool // spool has all rows, in place of batches
	spool   spool
}

// each calls fn with the values of every row, in the order of columns, and returns how many
// there were. fn keeps the values, but not the slice.
func (f *feed) each(ctx context.Context, fn func(values []any) error) (int, error) {
	if f.held {
		return f.spool.rows, f.spool.each(ctx, len(f.columns), fn)
	}
	values := make([]any, len(f.columns))
	n := 0
	for batch, err := range f.batches {
		if err != nil {
			return n, err
		}
		if err := ctx.Err(); err != nil {
			return n, err
		}
		for all, i := reflect.ValueOf(batch), 0; i < all.Len(); i++ {
			row := all.Index(i)
			if row.Kind() == reflect.Pointer {
				if row.IsNil() {
					return n, fmt.Errorf("row %d: %w: nil, which no table has a row for", n, iomanagers.ErrUnsupported)
				}
				row = row.Elem()
			}
			for c := range f.columns {
				if values[c], err = f.columns[c].value(row, f.limits); err != nil {
					return n, fmt.Errorf("row %d: %w", n, err)
				}
			}
			if err := fn(values); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

// hold reads all batches, and keeps the values of their rows: a sequence may use the memory of
// its rows again. Whoever has called it calls release, also after an error.
func (f *feed) hold(ctx context.Context) error {
	if _, err := f.each(ctx, f.spool.add); err != nil {
		return err
	}
	f.held = true
	return f.spool.endBlock()
}

// release gives back what hold has taken.
func (f *feed) release() { f.spool.close() }

// readAhead reads a source to the end and closes it.
func readAhead(source rows.Source, s *schema) (_ rows.Source, err error) {
	defer func() { err = errors.Join(err, source.Close()) }()
	var batches []reflect.Value
	for {
		batch := reflect.New(s.shape.Slice)
		batch.Elem().Set(reflect.MakeSlice(s.shape.Slice, 0, rows.Size))
		err := source.Read(batch.Interface())
		if errors.Is(err, io.EOF) {
			return &held{batches: batches}, nil
		}
		if err != nil {
			return nil, err
		}
		batches = append(batches, batch.Elem())
	}
}

// held is a source of rows in memory.
type held struct{ batches []reflect.Value }

func (h *held) Read(dst any) error {
	if len(h.batches) == 0 {
		return io.EOF
	}
	into := reflect.ValueOf(dst).Elem()
	into.SetLen(min(into.Cap(), h.batches[0].Len()))
	n := reflect.Copy(into, h.batches[0])
	if h.batches[0] = h.batches[0].Slice(n, h.batches[0].Len()); h.batches[0].Len() == 0 {
		h.batches = h.batches[1:]
	}
	return nil
}

func (h *held) Close() error { return nil }
