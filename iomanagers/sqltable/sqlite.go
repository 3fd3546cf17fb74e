package sqltable

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// sqLite keeps tables in SQLite.
type sqLite struct {
	db *sql.DB
	// writing is held by the one who writes, so that those of one process queue up here,
	// and wait no longer than their contexts last.
	writing chan struct{}
}

func (*sqLite) place(p place) place {
	if p.schema == "" {
		p = p.in("main")
	}
	p.questionMarks = true
	return p
}

func (*sqLite) limits() limits { return limits{numbers: true, times: 1} }

func (*sqLite) columnType(c column) string {
	return map[class]string{
		integers: "INTEGER", floats: "REAL", booleans: "BOOLEAN", texts: "TEXT",
		blobs: "BLOB", times: "DATETIME", documents: "TEXT",
	}[c.class]
}

func (*sqLite) classOf(typ string) class {
	name, _, _ := strings.Cut(strings.ToUpper(typ), "(") // what stands in parentheses means nothing to SQLite
	switch strings.TrimSpace(name) {
	case "INTEGER", "INT", "BIGINT":
		return integers
	case "REAL", "DOUBLE", "FLOAT":
		return floats
	case "BOOLEAN":
		return booleans
	case "TEXT", "VARCHAR":
		return texts
	case "BLOB":
		return blobs
	case "DATETIME", "TIMESTAMP":
		return times
	case "NUMERIC", "DECIMAL":
		return decimals
	}
	return 0
}

// wanted returns the columns of a table for rows.
func (d *sqLite) wanted(p place, s *schema, stored storedColumns) []storedColumn {
	var columns []storedColumn
	for _, c := range s.columns {
		columns = append(columns, storedColumn{c.name, d.columnType(c)})
	}
	if _, shared := stored.find(partitionColumn); shared || p.partition != "" {
		columns = append(columns, storedColumn{partitionColumn, "TEXT"})
	}
	return columns
}

func (d *sqLite) columns(ctx context.Context, q querier, p place) (storedColumns, error) {
	return readColumns(ctx, q, `SELECT name, type FROM pragma_table_info(?, ?) ORDER BY cid`, p.name, p.schema)
}

func (d *sqLite) store(ctx context.Context, jobs []*job) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool

	staged := staging{}
	defer staged.drop(ctx, conn) // also when a stream panics
	if err := d.stage(ctx, conn, jobs, staged); err != nil {
		return err
	}
	select {
	case d.writing <- struct{}{}:
		defer func() { <-d.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return transaction(ctx, conn, "BEGIN IMMEDIATE", func() error {
		return each(jobs, func(j *job) error { return d.write(ctx, conn, j, staged[j]) })
	})
}

// staging are the temporary tables that have taken the streams of jobs.
type staging map[*job]string

// drop drops the tables.
func (s staging) drop(ctx context.Context, conn *sql.Conn) {
	for _, table := range s {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE "+table); err != nil {
			discard(conn) // which drops all of them
			return
		}
	}
}

// stage reads the streams of jobs, whose rows come when they come. Temporary tables take them
// without keeping other writers waiting.
func (d *sqLite) stage(ctx context.Context, conn *sql.Conn, jobs []*job, staged staging) error {
	return each(jobs, func(j *job) error {
		if !j.streams {
			return nil
		}
		table := fmt.Sprintf(`temp."fxrun_staging_%d"`, len(staged))
		definition := "CREATE TABLE " + table + " (" + definitions(d.wanted(place{}, j.schema, nil)) + ")"
		for _, statement := range []string{"DROP TABLE IF EXISTS " + table, definition} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		staged[j] = table
		return transaction(ctx, conn, "BEGIN DEFERRED", func() (err error) {
			insert := &sqliteInsert{conn: conn, table: table, columns: j.schema.columns}
			j.count, err = insert.all(ctx, j.feed)
			return err
		})
	})
}

// write makes the rows of a job, which a table has if they were a stream, the value of its place.
func (d *sqLite) write(ctx context.Context, conn *sql.Conn, j *job, staged string) error {
	p := j.place
	if _, err := conn.ExecContext(ctx, p.catalogDefinition("DATETIME")); err != nil {
		return err
	}
	stored, err := d.columns(ctx, conn, p)
	if err != nil {
		return err
	}
	wanted := d.wanted(p, j.schema, stored)
	changed, err := prepare(ctx, conn, p, stored, wanted, func() error { return nil })
	if err != nil {
		return err
	}
	if changed {
		if stored, err = d.columns(ctx, conn, p); err != nil {
			return err
		}
		if err := p.noteColumns(ctx, conn, stored); err != nil {
			return err
		}
	}
	insert := &sqliteInsert{conn: conn, table: p.table, columns: j.schema.columns}
	emptying := "DELETE FROM " + p.table
	var args []any
	if hasPartitions(wanted) {
		insert.partition = &p.partition
		emptying += " WHERE " + quote(partitionColumn) + " = ?"
		args = append(args, p.partition)
		index := "CREATE INDEX IF NOT EXISTS " + qualified(p.schema, p.name+partitionColumn) + " ON " + quote(p.name) + " (" + quote(partitionColumn) + ")"
		if _, err := conn.ExecContext(ctx, index); err != nil {
			return err
		}
	}
	if _, err := conn.ExecContext(ctx, emptying, args...); err != nil {
		return err
	}
	if staged != "" {
		err = insert.copy(ctx, staged)
	} else {
		j.count, err = insert.all(ctx, j.feed)
	}
	if err != nil {
		return err
	}
	return p.list(ctx, conn, j.count, stored)
}

// transaction calls fn between begin and COMMIT on a connection. Whatever goes wrong, a
// panic too, rolls back: after an error nothing is changed.
func transaction(ctx context.Context, conn *sql.Conn, begin string, fn func() error) (err error) {
	if err := insist(ctx, conn, begin); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			rollBack(ctx, conn)
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	if err := insist(ctx, conn, "COMMIT"); err != nil {
		return err
	}
	done = true
	return nil
}

// insist begins or ends a transaction, as soon as nobody else holds the lock that this needs,
// unless ctx ends before. The statement itself does not get ctx: where that ends during the
// statement, drivers return its error even if the statement has taken effect.
func insist(ctx context.Context, conn *sql.Conn, statement string) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := conn.ExecContext(context.WithoutCancel(ctx), statement)
		if !isBusy(err) {
			return err
		}
		select { // the driver has waited too, as long as its busy_timeout says
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func isBusy(err error) bool {
	const busy = 5 // SQLITE_BUSY; the extended codes have more bits
	coded, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	return ok && coded.Code()&0xff == busy
}

func rollBack(ctx context.Context, conn *sql.Conn) {
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if err == nil || strings.Contains(err.Error(), "no transaction is active") {
		return // SQLite rolls back by itself, where it was interrupted
	}
	discard(conn)
}

// discard closes a connection whose state is not known: nobody else shall have it.
func discard(conn *sql.Conn) { _ = conn.Raw(func(any) error { return driver.ErrBadConn }) }

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
		for _, v := range values {
			if t, ok := v.(time.Time); ok { // in a form that does not hang on the driver's settings
				v = t.Format(timeLayout)
			}
			args = append(args, v)
		}
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

// open reads in a transaction, which sees the database as it was at its begin.
func (d *sqLite) open(ctx context.Context, p place, s *schema) (_ rows.Source, err error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	source := &sqliteSource{ctx: ctx, conn: conn, cells: newCells(s)}
	if err := insist(ctx, conn, "BEGIN DEFERRED"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, source.Close())
		}
	}()
	catalog := p
	catalog.name = p.catalogName
	if listed, err := d.columns(ctx, conn, catalog); err != nil || len(listed) == 0 {
		return nil, errors.Join(err, iomanagers.ErrNotFound)
	}
	stored, err := d.columns(ctx, conn, p)
	if err != nil {
		return nil, err
	}
	if listed, err := p.isListed(ctx, conn); err != nil {
		return nil, err
	} else if !listed || len(stored) == 0 {
		return nil, iomanagers.ErrNotFound
	}
	if err := stored.check(s.columns, d.classOf); err != nil {
		return nil, err
	}
	query := "SELECT " + selectedBySQLite(s.columns) + " FROM " + p.table
	var args []any
	if _, shared := stored.find(partitionColumn); shared {
		query += " WHERE " + quote(partitionColumn) + " = ?"
		args = append(args, p.partition)
	}
	source.found, err = conn.QueryContext(ctx, query+" ORDER BY "+rowIDColumn, args...) //nolint:rowserrcheck // by cells.read
	return source, err
}

// selectedBySQLite writes the columns of a query. An expression has no declared type, so the driver
// gives times as the text that they are.
func selectedBySQLite(columns []column) string {
	selected := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = quote(c.name)
		if c.class == times {
			selected[i] = "+" + selected[i]
		}
	}
	return strings.Join(selected, ", ")
}

type sqliteSource struct {
	ctx   context.Context //nolint:containedctx // a source is one call, spread over time
	conn  *sql.Conn
	found *sql.Rows
	cells *cells
}

func (s *sqliteSource) Read(dst any) error { return s.cells.read(s.ctx, s.found, dst) }

func (s *sqliteSource) Close() error {
	var err error
	if s.found != nil {
		err = s.found.Close()
	}
	rollBack(s.ctx, s.conn)
	return errors.Join(err, s.conn.Close())
}
