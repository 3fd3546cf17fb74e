package sqltable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/fxrun/fxrun/iomanagers"
)

var _ iomanagers.Remover = (*Manager)(nil)

// RemoveBelow drops the tables of all assets whose keys begin with prefix and a slash, in one
// transaction: see iomanagers.Remover. In PostgreSQL it waits for those who read a table, for no
// longer than LockTimeout.
func (m *Manager) RemoveBelow(ctx context.Context, prefix string) error {
	err := errors.New("the key is empty") // never all tables
	if prefix != "" {
		err = m.removeBelow(ctx, prefix)
	}
	if err != nil {
		return fmt.Errorf("removing the values below %s: %w", prefix, contextual(ctx, err))
	}
	return nil
}

func (m *Manager) removeBelow(ctx context.Context, prefix string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d, err := m.knownDialect(ctx)
	if err != nil {
		return err
	}
	p := d.place(m.place(prefix, "", ""))
	return d.change(ctx, p, func(q querier) error {
		found, err := p.below(ctx, q)
		if err != nil {
			return err
		}
		for asset, table := range found {
			if _, err := q.ExecContext(ctx, "DROP TABLE IF EXISTS "+qualified(p.schema, table)); err != nil {
				return err
			}
			if _, err := q.ExecContext(ctx, p.sql("DELETE FROM "+p.catalog+" WHERE asset = $1"), asset); err != nil {
				return err
			}
		}
		return nil
	})
}

// below returns the tables of the assets below the key of the place, as the catalog has them, by
// asset.
func (p place) below(ctx context.Context, q querier) (map[string]string, error) {
	start := p.asset + "/"
	rows, err := q.QueryContext(ctx, p.sql("SELECT DISTINCT asset, table_name FROM "+p.catalog+" WHERE substr(asset, 1, "+strconv.Itoa(utf8.RuneCountInString(start))+") = $1"), start)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[string]string)
	for rows.Next() {
		var asset, table string
		if err := rows.Scan(&asset, &table); err != nil {
			return nil, err
		}
		found[asset] = table
	}
	return found, rows.Err()
}

// change calls do in a transaction, if there is a catalog.
func (d *sqLite) change(ctx context.Context, p place, do func(q querier) error) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	catalog, err := readColumns(ctx, conn, `SELECT name, type FROM pragma_table_info(?, ?) ORDER BY cid`, p.catalogName, p.schema)
	if err != nil || len(catalog) == 0 {
		return err
	}
	return d.inTurn(ctx, conn, func() error { return do(conn) })
}

func (d *postgreSQL) change(ctx context.Context, p place, do func(q querier) error) error {
	exists := false
	if err := d.db.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", p.catalog).Scan(&exists); err != nil || !exists {
		return err
	}
	return inTx(ctx, d.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = "+strconv.FormatInt(max(1, d.lockTimeout.Milliseconds()), 10)); err != nil {
			return err
		}
		return do(tx)
	})
}
