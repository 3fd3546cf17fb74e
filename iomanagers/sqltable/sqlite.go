package sqltable

import (
	"context"
	"database/sql"
	"strings"
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

func (*sqLite) limits() limits { return limits{numbers: true, times: 1, textTimes: true} }

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
	return p.columnsFor(s, stored, d.columnType)
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
	return d.inTurn(ctx, conn, func() error {
		return each(jobs, func(j *job) error { return d.write(ctx, conn, j, staged[j]) })
	})
}

// inTurn calls do in a transaction that writes, when it is the turn of conn.
func (d *sqLite) inTurn(ctx context.Context, conn *sql.Conn, do func() error) error {
	select {
	case d.writing <- struct{}{}:
		defer func() { <-d.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	return transaction(ctx, conn, "BEGIN IMMEDIATE", do)
}

// write makes the rows of a job the value of its place. s has them if they were staged.
func (d *sqLite) write(ctx context.Context, conn *sql.Conn, j *job, s *staged) error {
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
	if s != nil {
		err = d.copy(ctx, insert, j, s, stored)
	} else {
		j.count, err = insert.all(ctx, j.feed)
	}
	if err != nil {
		return err
	}
	return p.list(ctx, conn, j.count, stored)
}
