package sqltable_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
)

func TestManager(t *testing.T) {
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			iotest.Run(t, func(t *testing.T) iotest.Subject {
				db := open(t)
				reopen := func(t *testing.T) iomanagers.IOManager {
					return newManager(t, db, sqltable.Config{})
				}
				return iotest.Subject{
					Manager:    reopen(t),
					Can:        iotest.Partitions | iotest.Streams,
					Value:      func(i int) any { return orders(i) },
					Unstorable: unstorable(3000),
					Reopen:     reopen,
					Open:       func(*testing.T) int { return db.Stats().InUse },
					Names:      func(t *testing.T) []string { return tables(t, db) },
				}
			})
		})
	}
}

// order has a column of each kind.
type order struct {
	ID       int64
	Customer string `db:"customer_name"`
	Amount   float64
	Small    float32
	Tiny     uint8
	Paid     bool
	At       time.Time
	Note     *string
	Raw      []byte
	Took     time.Duration
	Lines    []string `db:"lines,json"`
}

// orders returns rows that differ in number and content for each i.
func orders(i int) []order {
	rows := make([]order, 3+7*(i%5))
	for n := range rows {
		rows[n] = order{
			ID:       int64(i),
			Customer: fmt.Sprintf("row %d of value %d", n, i),
			Amount:   float64(n) / 3,
			Small:    float32(n) / 3,
			Tiny:     uint8(n),
			Paid:     n%2 == 0,
			At:       time.Date(2026, 1, 2, 3, 4, 5, i*1000, time.UTC).AddDate(0, 0, n),
			Took:     time.Duration(n),
			Lines:    []string{"a", fmt.Sprint(n)},
		}
		if n%3 == 0 {
			rows[n].Note, rows[n].Raw = &rows[n].Customer, []byte{0, 1, 255}
		}
	}
	return rows
}

// unstorable returns rows of which only the last can't be stored.
func unstorable(n int) []order {
	rows := make([]order, n)
	for i := range rows {
		rows[i].At = time.Unix(0, 0)
	}
	rows[n-1].At = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	return rows
}

// tables lists the tables and how many rows each has. The catalog may come with the first
// store, whatever that comes to.
func tables(t *testing.T, db *sqldb.DB) []string {
	t.Helper()
	list := "SELECT name FROM sqlite_schema WHERE type = 'table' UNION ALL SELECT name FROM sqlite_temp_schema WHERE type = 'table'"
	if isPostgres(db) {
		list = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())"
	}
	found, err := db.QueryContext(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		var n int
		if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM "`+name+`"`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if name == "fxrun_values" {
			names[i] = fmt.Sprintf("%s has %d rows", name, n)
		}
	}
	slices.Sort(names)
	return names
}

func isPostgres(db *sqldb.DB) bool { return fmt.Sprintf("%T", db.Driver()) != "*sqlite.Driver" }
