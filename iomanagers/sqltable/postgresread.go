package sqltable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// open reads in a transaction, through a cursor: a reader that breaks off has little to
// throw away, and one that takes its time holds up no statement.
func (d *postgreSQL) open(ctx context.Context, p place, s *schema) (_ rows.Source, err error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	source := &postgresSource{ctx: ctx, conn: conn, tx: tx, cells: newCells(s)}
	defer func() {
		if err != nil {
			err = errors.Join(err, source.Close())
		}
	}()
	// Locked before the transaction sees anything: otherwise the table could be made anew
	// in between, and would be seen empty.
	if _, err := tx.ExecContext(ctx, "LOCK TABLE "+p.table+" IN ACCESS SHARE MODE"); hasState(err, "42P01", "3F000") {
		return nil, iomanagers.ErrNotFound // no such table, or schema
	} else if err != nil {
		return nil, err
	}
	stored, err := p.stored(ctx, tx, d, s)
	if hasState(err, "42P01") {
		return nil, iomanagers.ErrNotFound // no catalog
	}
	if err != nil {
		return nil, err
	}
	query, args := p.selection(columnList(s.columns), stored)
	// pgx remembers what columns a statement has. So the name of the cursor, which is all
	// that FETCH says, is another one for other columns.
	source.cursor = "fxrun_" + strconv.FormatUint(uint64(lockNumber(fmt.Sprint(query, stored))), 36)
	if d.fetcher != nil {
		source.fetch = newPostgresFetch(d.fetcher, source.cells, s, stored)
	}
	_, err = tx.ExecContext(ctx, "DECLARE "+source.cursor+" NO SCROLL CURSOR FOR "+query+" ORDER BY "+quote(rowColumn), args...)
	return source, err
}

// hasState says that err is PostgreSQL's, with one of the codes.
func hasState(err error, codes ...string) bool {
	fault, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	return ok && slices.Contains(codes, fault.SQLState())
}

type postgresSource struct {
	ctx    context.Context //nolint:containedctx // a source is one call, spread over time
	conn   *sql.Conn
	tx     *sql.Tx
	cells  *cells
	fetch  *postgresFetch // nil if the driver gives values only one by one
	cursor string
}

func (s *postgresSource) Read(dst any) error {
	into := reflect.ValueOf(dst).Elem()
	wanted := min(into.Cap(), rows.Size)
	query := "FETCH FORWARD " + strconv.Itoa(wanted) + " FROM " + s.cursor
	if s.fetch != nil {
		return s.fetch.read(s.ctx, s.conn, query, into)
	}
	found, err := s.tx.QueryContext(s.ctx, query)
	if err != nil {
		return err
	}
	defer found.Close()
	part := reflect.New(into.Type())
	part.Elem().Set(into.Slice3(0, 0, wanted))
	if err := s.cells.read(s.ctx, found, part.Interface()); err != nil {
		return err
	}
	into.SetLen(part.Elem().Len())
	return nil
}

func (s *postgresSource) Close() error {
	err := s.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
		err = nil
	}
	return errors.Join(err, s.conn.Close())
}
