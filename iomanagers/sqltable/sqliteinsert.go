package sqltable

import (
	"context"
	"database/sql"
	"strings"
)

// sqliteInsert puts rows into a table, many with one statement.
type sqliteInsert struct {
	conn      *sql.Conn
	table     string
	columns   []column
	partition *string // nil where the table has no column for it
}

// mostParameters is what every SQLite takes in one statement.
const mostParameters = 999

func (s *sqliteInsert) all(ctx context.Context, rows *feed) (n int, err error) {
	width := len(s.columns)
	if s.partition != nil {
		width++
	}
	each := max(1, mostParameters/width)
	full, err := s.conn.PrepareContext(ctx, s.statement(each)) //nolint:sqlclosecheck // it is, below
	if err != nil {
		return 0, err
	}
	defer full.Close() //nolint:errcheck // it was used up

	args := make([]any, 0, each*width)
	n, err = rows.each(ctx, func(values []any) error {
		args = append(args, values...)
		if s.partition != nil {
			args = append(args, *s.partition)
		}
		if len(args) < cap(args) {
			return nil
		}
		_, err := full.ExecContext(ctx, args...)
		args = args[:0]
		return err
	})
	if err == nil && len(args) > 0 {
		_, err = s.conn.ExecContext(ctx, s.statement(len(args)/width), args...)
	}
	return n, err
}

// statement inserts that many rows.
func (s *sqliteInsert) statement(rows int) string {
	names, marks := columnList(s.columns), strings.TrimSuffix(strings.Repeat("?, ", len(s.columns)), ", ")
	if s.partition != nil {
		names, marks = names+", "+quote(partitionColumn), marks+", ?"
	}
	values := strings.TrimSuffix(strings.Repeat("("+marks+"), ", rows), ", ")
	return "INSERT INTO " + s.table + " (" + names + ") VALUES " + values
}

// copyWhole puts all rows of another table with the same columns and indexes into the table, in
// their order. If the table is empty and has no triggers, SQLite copies the records of such a
// statement as they are, in the order of their numbers, and those of the indexes too. It does not do
// so if the statement names columns or an order.
func (s *sqliteInsert) copyWhole(ctx context.Context, from string) error {
	_, err := s.conn.ExecContext(ctx, "INSERT INTO "+s.table+" SELECT * FROM "+from)
	return err
}

// copy puts all rows of another table into the table, in their order.
func (s *sqliteInsert) copy(ctx context.Context, from string) error {
	names := columnList(s.columns)
	into, selected := names, names
	var args []any
	if s.partition != nil {
		into, selected = into+", "+quote(partitionColumn), selected+", ?"
		args = append(args, *s.partition)
	}
	_, err := s.conn.ExecContext(ctx, "INSERT INTO "+s.table+" ("+into+") SELECT "+selected+" FROM "+from+" ORDER BY "+rowIDColumn, args...)
	return err
}
