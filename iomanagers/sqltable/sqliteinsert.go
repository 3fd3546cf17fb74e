package sqltable

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
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

// mostBehind bounds the bytes of text that wait for a statement to be executed while more rows are
// read. Larger rows are read when the statement before has been executed.
const mostBehind = 1 << 20

func (s *sqliteInsert) all(ctx context.Context, rows *feed) (n int, err error) {
	width := s.width()
	each := max(1, mostParameters/width)
	full, err := prepareSQLite(ctx, s.conn, s.statement(each))
	if err != nil {
		return 0, err
	}
	defer full.close()

	values := &sqliteValues{behind: executeBehind(ctx, full, each*width), partition: s.partition}
	n, err = values.all(ctx, rows)
	if refused := values.behind.refused; refused != nil {
		return n, s.refusedOf(ctx, plainArguments(nil, refused), values.behind.executed*each, err)
	}
	if err == nil && values.used > 0 {
		args := plainArguments(nil, values.args[:values.used])
		if _, err = s.conn.ExecContext(ctx, s.statement(values.used/width), args...); err != nil {
			err = s.refusedOf(ctx, args, values.behind.executed*each, err)
		}
	}
	return n, err
}

// sqliteValues gathers the values of rows for statements that are executed behind it.
type sqliteValues struct {
	behind    *executionBehind
	partition *string
	args      []driver.NamedValue // of the next statement
	used      int                 // of args
	size      int                 // of the texts and bytes in them
}

// all gives the values of all rows to statements, but those that are too few for one.
func (v *sqliteValues) all(ctx context.Context, rows *feed) (n int, err error) {
	defer func() { // also when a stream panics
		if failed := v.behind.end(); failed != nil { // its rows came before those of err
			err = failed
		}
	}()
	if v.args, err = v.behind.arguments(); err != nil {
		return 0, err
	}
	return rows.each(ctx, v.row)
}

func (v *sqliteValues) row(values []any) error {
	for _, value := range values {
		v.add(value)
	}
	if v.partition != nil {
		v.add(*v.partition)
	}
	if v.used < len(v.args) {
		return nil
	}
	return v.execute()
}

// add keeps a value, and nothing of the memory of its row, which may be used again for another row.
func (v *sqliteValues) add(value any) {
	switch text := value.(type) {
	case string:
		v.size += len(text)
	case []byte:
		v.size += len(text)
		value = bytes.Clone(text)
	}
	v.args[v.used].Value = value
	v.used++
}

func (v *sqliteValues) execute() (err error) {
	large := v.size > mostBehind
	if err := v.behind.execute(v.args); err != nil {
		return err
	}
	v.used, v.size = 0, 0
	if v.args, err = v.behind.arguments(); err == nil && large {
		err = v.behind.wait()
	}
	return err
}

// width returns how many values a row has.
func (s *sqliteInsert) width() int {
	if s.partition != nil {
		return len(s.columns) + 1
	}
	return len(s.columns)
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
	if err != nil {
		return s.refusedFrom(ctx, from, err)
	}
	return nil
}

// copy puts all rows of another table into the table, in their order.
func (s *sqliteInsert) copy(ctx context.Context, from string) error {
	if err := s.copyWhere(ctx, from, "TRUE"); err != nil {
		return s.refusedFrom(ctx, from, err)
	}
	return nil
}

// copyWhere puts those rows of another table into the table for which a condition holds.
func (s *sqliteInsert) copyWhere(ctx context.Context, from, condition string) error {
	names := columnList(s.columns)
	into, selected := names, names
	var args []any
	if s.partition != nil {
		into, selected = into+", "+quote(partitionColumn), selected+", ?"
		args = append(args, *s.partition)
	}
	_, err := s.conn.ExecContext(ctx,
		"INSERT INTO "+s.table+" ("+into+") SELECT "+selected+" FROM "+from+" WHERE "+condition+" ORDER BY "+rowIDColumn, args...)
	return err
}
