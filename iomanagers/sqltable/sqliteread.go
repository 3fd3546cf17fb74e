package sqltable

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

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
	stored, err := p.stored(ctx, conn, d, s)
	if err != nil {
		return nil, err
	}
	query, args := p.selection(selectedBySQLite(s.columns), stored)
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
