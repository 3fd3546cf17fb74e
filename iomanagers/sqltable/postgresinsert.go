package sqltable

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// postgresInsert puts rows into a table, many with one statement: each of its columns is a
// parameter, an array.
type postgresInsert struct {
	tx        *sql.Tx
	place     place
	columns   []column
	partition *string // nil where the table has no column for it
}

// A statement takes so many rows, or fewer if they hold more bytes than that.
const (
	mostRows  = 5000
	mostBytes = 8 << 20
)

func (s *postgresInsert) all(ctx context.Context, d *postgreSQL, rows *feed) (int, error) {
	arrays := make([]array, len(s.columns))
	var into, selected, from []string
	for i, c := range s.columns {
		var cast string
		arrays[i], cast = newArray(c.class)
		into = append(into, quote(c.name))
		selected = append(selected, fmt.Sprintf("u.c%d::%s", i, d.columnType(c)))
		from = append(from, fmt.Sprintf("unnest($%d::%s[])", i+2, cast))
	}
	names := make([]string, len(arrays))
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	if s.partition != nil {
		into = append(into, quote(partitionColumn))
		selected = append(selected, fmt.Sprintf("$%d::text", len(arrays)+2))
	}
	statement := "INSERT INTO " + s.place.table + " (" + strings.Join(into, ", ") + ", " + quote(rowColumn) + ") SELECT " +
		strings.Join(selected, ", ") + ", $1::bigint + u.n FROM ROWS FROM (" + strings.Join(from, ", ") + ") WITH ORDINALITY AS u (" +
		strings.Join(names, ", ") + ", n)"

	before, held, size := 0, 0, 0
	flush := func() error {
		args := []any{int64(before)}
		for _, a := range arrays {
			args = append(args, a.take())
		}
		if s.partition != nil {
			args = append(args, *s.partition)
		}
		before, held, size = before+held, 0, 0
		_, err := s.tx.ExecContext(ctx, statement, args...)
		return err
	}
	n, err := rows.each(ctx, func(values []any) error {
		for i, v := range values {
			size += arrays[i].add(v)
		}
		if held++; held < mostRows && size < mostBytes {
			return nil
		}
		return flush()
	})
	if err == nil && held > 0 {
		err = flush()
	}
	return n, err
}

// array collects the values of one column.
type array interface {
	add(v any) (bytes int)
	take() any // the values, of which it then holds none
}

// newArray returns an empty array for a class of columns and the name of its type.
func newArray(c class) (array, string) {
	switch c {
	case integers:
		return &arrayOf[int64]{}, "bigint"
	case floats:
		return &arrayOf[float64]{}, "double precision"
	case booleans:
		return &arrayOf[bool]{}, "boolean"
	case blobs:
		return &arrayOf[[]byte]{}, "bytea"
	case times:
		return &arrayOf[time.Time]{}, "timestamp with time zone"
	default:
		return &arrayOf[string]{}, "text"
	}
}

type arrayOf[T any] struct {
	values []T
	nulls  []int // where values are NULL
}

func (a *arrayOf[T]) add(v any) int {
	if v == nil {
		var zero T
		a.nulls = append(a.nulls, len(a.values))
		a.values = append(a.values, zero)
		return 8
	}
	a.values = append(a.values, v.(T))
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 8
}

func (a *arrayOf[T]) take() any {
	values, nulls := a.values, a.nulls
	a.values, a.nulls = make([]T, 0, len(values)), nil
	if len(nulls) == 0 {
		return values
	}
	pointers := make([]*T, len(values))
	for i := range values {
		pointers[i] = &values[i]
	}
	for _, i := range nulls {
		pointers[i] = nil
	}
	return pointers
}
