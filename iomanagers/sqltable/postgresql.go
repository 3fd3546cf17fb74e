package sqltable

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// postgreSQL keeps tables in PostgreSQL.
type postgreSQL struct {
	db          *sql.DB
	schema      string // of places that name none
	lockTimeout time.Duration
	copier      copier  // nil if the driver of the pool can't copy
	fetcher     fetcher // nil if it gives values only one by one
}

// wanted returns the columns of a table for rows.
func (d *postgreSQL) wanted(p place, s *schema, stored storedColumns) []storedColumn {
	return append(p.columnsFor(s, stored, d.columnType), storedColumn{rowColumn, "bigint"})
}

func (d *postgreSQL) columns(ctx context.Context, q querier, p place) (storedColumns, error) {
	return readColumns(ctx, q, `SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, p.table)
}

// errChange says that the table has to be changed, by somebody who has it alone.
var errChange = errors.New("the table has to be changed")

func (d *postgreSQL) place(p place) place { return p.in(cmp.Or(p.named, d.schema)) }

func (d *postgreSQL) store(ctx context.Context, jobs []*job) error {
	err := each(jobs, func(j *job) error {
		if err := checkNames(j.schema.columns); err != nil {
			return err
		}
		return d.makeCatalog(ctx, j.place)
	})
	if err != nil {
		return err
	}
	err = d.storeAs(ctx, jobs, false)
	if errors.Is(err, errChange) { // said before the first row was read
		err = d.storeAs(ctx, jobs, true)
	}
	return err
}

// makeCatalog makes the catalog, and its schema, if they aren't there.
func (d *postgreSQL) makeCatalog(ctx context.Context, p place) error {
	var exists bool
	if err := d.db.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", p.catalog).Scan(&exists); err != nil || exists {
		return err
	}
	return inTx(ctx, d.db, func(tx *sql.Tx) error {
		// IF NOT EXISTS alone fails where two create at once.
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", lockNumber(p.catalog)); err != nil {
			return err
		}
		if p.schema != "" {
			if err := tx.QueryRowContext(ctx, "SELECT to_regnamespace($1) IS NOT NULL", quote(p.schema)).Scan(&exists); err != nil {
				return err
			}
			if !exists { // asked first, since it needs a right that not everybody has
				if _, err := tx.ExecContext(ctx, "CREATE SCHEMA "+quote(p.schema)); err != nil {
					return err
				}
			}
		}
		_, err := tx.ExecContext(ctx, p.catalogDefinition("timestamp with time zone"))
		return err
	})
}

// storeAs stores in one transaction. Stores of other partitions go on beside it, unless it
// is alone, which it must be to change the columns of tables.
func (d *postgreSQL) storeAs(ctx context.Context, jobs []*job, alone bool) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	return inTx(ctx, conn, func(tx *sql.Tx) error {
		columns := map[*job]storedColumns{}
		err := each(inOrder(jobs), func(j *job) (err error) {
			columns[j], err = d.take(ctx, tx, j, alone)
			return err
		})
		if err != nil {
			return err
		}
		return each(jobs, func(j *job) error { return d.fill(ctx, conn, tx, j, columns[j]) })
	})
}

// take locks the place of a job, and gives its table the columns that the rows need.
func (d *postgreSQL) take(ctx context.Context, tx *sql.Tx, j *job, alone bool) (storedColumns, error) {
	p := j.place
	lock := "pg_advisory_xact_lock_shared"
	if alone {
		lock = "pg_advisory_xact_lock"
	}
	if _, err := tx.ExecContext(ctx, "SELECT "+lock+"($1)", lockNumber(p.table)); err != nil {
		return nil, err
	}
	stored, err := d.columns(ctx, tx, p)
	if err != nil {
		return nil, err
	}
	wanted := d.wanted(p, j.schema, stored)
	changed, err := prepare(ctx, tx, p, stored, wanted, func() error {
		if !alone {
			return errChange
		}
		_, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = "+strconv.FormatInt(max(1, d.lockTimeout.Milliseconds()), 10))
		return err
	})
	if err != nil {
		return nil, err
	}
	if changed {
		if stored, err = d.columns(ctx, tx, p); err != nil {
			return nil, err
		}
		if err := p.noteColumns(ctx, tx, stored); err != nil {
			return nil, err
		}
	}
	if alone {
		if err := d.index(ctx, tx, p, wanted); err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = 0"); err != nil {
			return nil, err
		}
	}
	// Another Store of the same value waits here, and then finds and removes the rows of this one.
	return stored, p.list(ctx, tx, 0, stored)
}

// fill makes the rows of a job the value of its place.
func (d *postgreSQL) fill(ctx context.Context, conn *sql.Conn, tx *sql.Tx, j *job, columns storedColumns) error {
	p := j.place
	var partition *string
	emptying := "DELETE FROM " + p.table
	var args []any
	if hasPartitions(columns) {
		partition = &p.partition
		emptying += " WHERE " + quote(partitionColumn) + " = $1"
		args = append(args, p.partition)
	}
	if _, err := tx.ExecContext(ctx, emptying, args...); err != nil {
		return err
	}
	copies, err := d.copies(ctx, tx, p)
	if err != nil {
		return err
	}
	if copies {
		into := &postgresCopy{driver: d.copier, conn: conn, place: p, columns: j.schema.columns, partition: partition}
		j.count, err = into.all(ctx, j.feed)
	} else {
		into := &postgresInsert{tx: tx, place: p, columns: j.schema.columns, partition: partition}
		j.count, err = into.all(ctx, d, j.feed)
	}
	if err != nil {
		return err
	}
	return p.list(ctx, tx, j.count, columns)
}

// index makes the index that gives rows in their order, if it isn't there.
func (d *postgreSQL) index(ctx context.Context, tx *sql.Tx, p place, columns []storedColumn) error {
	key := quote(rowColumn)
	if hasPartitions(columns) {
		key = quote(partitionColumn) + ", " + key
	}
	var exists bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_index WHERE indrelid = to_regclass($1)
		AND pg_get_indexdef(indexrelid) LIKE '%(' || $2)`, p.table, strings.ReplaceAll(key, `"`, "")+")").Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = tx.ExecContext(ctx, "CREATE INDEX ON "+p.table+" ("+key+")")
	return err
}

// inTx calls fn in a transaction. Whatever goes wrong, a panic too, rolls back.
func inTx(ctx context.Context, on sqldb.Beginner, fn func(tx *sql.Tx) error) error {
	err := sqldb.InTx(ctx, on, fn)
	if errors.Is(err, sqldb.ErrUnknownOutcome) {
		return fmt.Errorf("%w: %w", iomanagers.ErrUnknownOutcome, err)
	}
	return err
}

// lockNumber is what names the lock of a table.
func lockNumber(table string) int64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, "fxrun sqltable "+table)
	return int64(h.Sum64())
}
