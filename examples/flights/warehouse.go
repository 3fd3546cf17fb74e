package main

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"

	"github.com/fxrun/fxrun/examples/flights/delays"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// WarehouseConfig says which table a run writes.
type WarehouseConfig struct {
	Table string `desc:"table of the monthly delays; it is replaced"`
}

var tableName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// Validate refuses names of tables that a database would need in quotes.
func (c WarehouseConfig) Validate() error {
	if !tableName.MatchString(c.Table) {
		return fmt.Errorf("table %q may hold a-z, 0-9 and _, and starts with a letter", c.Table)
	}
	return nil
}

// Warehouse is a table of monthly delays.
type Warehouse struct {
	table string
	db    *sqldb.DB
}

// NewWarehouse returns the warehouse's table in db.
func NewWarehouse(cfg WarehouseConfig, db *sqldb.DB) *Warehouse {
	return &Warehouse{table: cfg.Table, db: db}
}

// Table returns the table's name.
func (w *Warehouse) Table() string { return w.table }

// ReplaceMonths replaces the rows of the table with months, all or nothing.
func (w *Warehouse) ReplaceMonths(ctx context.Context, months []delays.MonthDelay) error {
	err := w.db.InTx(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{
			"DROP TABLE IF EXISTS " + w.table,
			"CREATE TABLE " + w.table + " (month TEXT PRIMARY KEY, flights INTEGER, mean_delay_minutes REAL, share_late REAL)",
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		for _, m := range months {
			_, err := tx.ExecContext(ctx, "INSERT INTO "+w.table+" VALUES (?, ?, ?, ?)", m.Month, m.Flights, m.MeanDelayMinutes, m.ShareLate)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("replacing table %s: %w", w.table, err)
	}
	return nil
}

// Months reads the table, in the order of months.
func (w *Warehouse) Months(ctx context.Context) (months []delays.MonthDelay, err error) {
	rows, err := w.db.QueryContext(ctx, "SELECT month, flights, mean_delay_minutes, share_late FROM "+w.table+" ORDER BY month")
	if err != nil {
		return nil, fmt.Errorf("reading table %s: %w", w.table, err)
	}
	defer rows.Close()
	for rows.Next() {
		var m delays.MonthDelay
		if err := rows.Scan(&m.Month, &m.Flights, &m.MeanDelayMinutes, &m.ShareLate); err != nil {
			return nil, fmt.Errorf("reading table %s: %w", w.table, err)
		}
		months = append(months, m)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("reading table %s: %w", w.table, err)
	}
	return months, nil
}
