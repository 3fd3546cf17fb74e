package sqltable

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
)

// staging are the rows of streams that were read before the transaction which stores them.
type staging map[*job]*staged

// staged is a temporary table with the rows of a stream.
type staged struct {
	table   string
	indexes []sqliteIndex // that it has
}

// drop drops the tables.
func (s staging) drop(ctx context.Context, conn *sql.Conn) {
	for _, one := range s {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), "DROP TABLE "+qualified("temp", one.table)); err != nil {
			discard(conn) // which drops all of them
			return
		}
	}
}

// stage reads the streams of jobs, whose rows come when they come. Temporary tables take them
// without keeping other writers waiting. They get the indexes of the tables of the values, whose
// records SQLite then copies as they are.
func (d *sqLite) stage(ctx context.Context, conn *sql.Conn, jobs []*job, all staging) error {
	return each(jobs, func(j *job) error {
		if !j.streams {
			return nil
		}
		on, err := d.standingOn(ctx, conn, j.place)
		if err != nil {
			return err
		}
		stored, err := d.columns(ctx, conn, j.place)
		if err != nil {
			return err
		}
		if on.more || !slices.Equal(stored, d.stagedColumns(j.schema)) {
			on.indexes = nil // they may be on other columns, and would not be copied
		}
		one := &staged{table: fmt.Sprintf("fxrun_staging_%d", len(all))}
		name := qualified("temp", one.table)
		definition := "CREATE TABLE " + name + " (" + definitions(d.stagedColumns(j.schema)) + ")"
		for _, statement := range []string{"DROP TABLE IF EXISTS " + name, definition} {
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		all[j] = one
		return transaction(ctx, conn, "BEGIN DEFERRED", func() (err error) {
			insert := &sqliteInsert{conn: conn, table: name, columns: j.schema.columns}
			if j.count, err = insert.all(ctx, j.feed); err != nil {
				return err
			}
			return one.index(ctx, conn, on.indexes)
		})
	})
}

// index gives the table indexes. A unique index that the rows do not allow is left out: the table
// of the value says so, with its own name, when the rows come there.
func (s *staged) index(ctx context.Context, conn *sql.Conn, indexes []sqliteIndex) error {
	for i, index := range indexes {
		_, err := conn.ExecContext(ctx, index.on(s.table, fmt.Sprintf("%s_%d", s.table, i)))
		if isCode(err, constraintCode) {
			continue
		}
		if err != nil {
			return err
		}
		s.indexes = append(s.indexes, index)
	}
	return nil
}

// copy puts the staged rows of a job into its empty place.
func (d *sqLite) copy(ctx context.Context, insert *sqliteInsert, j *job, s *staged, stored storedColumns) error {
	from := qualified("temp", s.table)
	on, err := d.standingOn(ctx, insert.conn, j.place)
	if err != nil {
		return err
	}
	if !on.more && slices.Equal(stored, d.stagedColumns(j.schema)) && !slices.ContainsFunc(on.indexes, s.lacks) {
		return insert.copyWhole(ctx, from)
	}
	return insert.copy(ctx, from)
}

func (s *staged) lacks(index sqliteIndex) bool { return !slices.Contains(s.indexes, index) }

// stagedColumns are the columns of the temporary table for rows.
func (d *sqLite) stagedColumns(s *schema) storedColumns { return d.wanted(place{}, s, nil) }
