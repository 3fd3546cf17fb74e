package sqltable

import (
	"context"
	"fmt"
)

// SQLite does not say which row a constraint has refused. So after such an error the rows are
// inserted again, fewer at a time, to find it. The transaction is rolled back in any case.

// refusedOf returns the error of a statement for rows, with the number of the row that a
// constraint has refused. before is the number of the first one.
func (s *sqliteInsert) refusedOf(ctx context.Context, args []any, before int, err error) error {
	width := s.width()
	return s.trying(ctx, err, func() error {
		for i := 0; len(args) > 0; i++ {
			if _, refused := s.conn.ExecContext(ctx, s.statement(1), args[:width]...); refused != nil {
				return fmt.Errorf("row %d: %w", before+i, refused)
			}
			args = args[width:]
		}
		return nil
	})
}

// refusedFrom returns the error of a statement that copies the rows of another table, with the
// number of the row that a constraint has refused.
func (s *sqliteInsert) refusedFrom(ctx context.Context, from string, err error) error {
	return s.trying(ctx, err, func() error {
		var last int // the rows have the numbers from 1 on
		if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+from).Scan(&last); err != nil {
			return nil
		}
		copied := func(first, last int) error {
			return s.copyWhere(ctx, from, fmt.Sprintf("%s BETWEEN %d AND %d", rowIDColumn, first, last))
		}
		first := 1
		for first < last { // what is copied stays, so that all of this takes about twice as long as one copy
			middle := (first + last) / 2
			switch err := copied(first, middle); {
			case err == nil:
				first = middle + 1
			case isCode(err, constraintCode) && s.inTransaction(ctx):
				last = middle
			default:
				return nil
			}
		}
		if refused := copied(first, last); refused != nil {
			return fmt.Errorf("row %d: %w", first-1, refused)
		}
		return nil
	})
}

// trying returns the error that try finds for a row, and err if it finds none. What try changes is
// undone.
func (s *sqliteInsert) trying(ctx context.Context, err error, try func() error) error {
	if !isCode(err, constraintCode) || !s.inTransaction(ctx) {
		return err
	}
	const begin, end = "SAVEPOINT fxrun_refused", "ROLLBACK TO fxrun_refused; RELEASE fxrun_refused"
	if _, failed := s.conn.ExecContext(ctx, begin); failed != nil {
		return err
	}
	found := try()
	if _, failed := s.conn.ExecContext(context.WithoutCancel(ctx), end); failed != nil || !isCode(found, constraintCode) {
		return err
	}
	return found
}

// inTransaction reports whether the transaction goes on, which a trigger may have rolled back. Then
// the table has its earlier rows again, and statements would be committed.
func (s *sqliteInsert) inTransaction(ctx context.Context) bool {
	if _, err := s.conn.ExecContext(context.WithoutCancel(ctx), "BEGIN"); err != nil {
		return true // no transaction begins in another one
	}
	rollBack(ctx, s.conn)
	return false
}
