package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/postgres"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// tableRows is how many rows a table of the benchmark has.
const tableRows = 200_000

var server postgrestest.Server

// tables keep rows in a table of a database, and read them again.
type tables struct {
	store func(b testing.TB, db *sqldb.DB, n int)
	load  func(b testing.TB, db *sqldb.DB, n int)
}

var tableKeepers = map[string]map[string]tables{
	"PostgreSQL": {
		"fxrun":   {storeTable, loadTable},
		"by hand": {copyByHand, func(b testing.TB, db *sqldb.DB, n int) { loadByHand(b, db, n, "id") }},
	},
	"SQLite": {
		"fxrun":   {storeTable, loadTable},
		"by hand": {insertByHand, func(b testing.TB, db *sqldb.DB, n int) { loadByHand(b, db, n, "rowid") }},
	},
}

var tableDatabases = map[string]func(b testing.TB) *sqldb.DB{
	"PostgreSQL": func(b testing.TB) *sqldb.DB {
		return started(b, func(lc *fxtest.Lifecycle) (*sqldb.DB, error) {
			return postgres.New(lc, postgres.Config{DSN: container.NewSecret(server.Database(b))})
		})
	},
	"SQLite": func(b testing.TB) *sqldb.DB {
		return started(b, func(lc *fxtest.Lifecycle) (*sqldb.DB, error) {
			return sqlite.New(lc, sqlite.Config{Path: filepath.Join(b.TempDir(), "bench.db")})
		})
	},
}

func started(b testing.TB, open func(lc *fxtest.Lifecycle) (*sqldb.DB, error)) *sqldb.DB {
	b.Helper()
	lc := fxtest.NewLifecycle(b, fxtest.EnforceTimeout(false))
	db, err := open(lc)
	if err != nil {
		b.Fatal(err)
	}
	lc.RequireStart()
	b.Cleanup(lc.RequireStop)
	return db
}

// BenchmarkLadenTable stores rows in tables of SQLite for which it has more to do than to append
// records: with an index, and as a partition of an asset.
func BenchmarkLadenTable(b *testing.B) {
	for _, name := range []string{"by hand", "fxrun"} {
		keeper := tableKeepers["SQLite"][name]
		b.Run("indexed/"+name, func(b *testing.B) {
			db := tableDatabases["SQLite"](b)
			keeper.store(b, db, 1)
			if _, err := db.ExecContext(b.Context(), "CREATE INDEX by_customer ON sales (customer)"); err != nil {
				b.Fatal(err)
			}
			measureRows(b, func() { keeper.store(b, db, tableRows) })
		})
	}
	b.Run("partition/by hand", func(b *testing.B) {
		db := tableDatabases["SQLite"](b)
		measureRows(b, func() { insertPartitionByHand(b, db, tableRows) })
	})
	b.Run("partition/fxrun", func(b *testing.B) {
		db := tableDatabases["SQLite"](b)
		measureRows(b, func() { storeRows(b, db, "2026", tableRows) })
	})
}

func BenchmarkTable(b *testing.B) {
	for _, database := range []string{"PostgreSQL", "SQLite"} {
		for _, name := range []string{"by hand", "fxrun"} {
			keeper := tableKeepers[database][name]
			b.Run("store/"+database+"/"+name, func(b *testing.B) {
				db := tableDatabases[database](b)
				measureRows(b, func() { keeper.store(b, db, tableRows) })
			})
			b.Run("load/"+database+"/"+name, func(b *testing.B) {
				db := tableDatabases[database](b)
				keeper.store(b, db, tableRows)
				measureRows(b, func() { keeper.load(b, db, tableRows) })
			})
		}
	}
}

// measureRows tells the medians, which one disturbance does not change: the rows a second, and the
// processor time of this process for a row, without that of a server.
func measureRows(b *testing.B, work func()) {
	b.Helper()
	var took, used []time.Duration
	for b.Loop() {
		began, before := time.Now(), processorTime(b)
		work()
		took, used = append(took, time.Since(began)), append(used, processorTime(b)-before)
	}
	slices.Sort(took)
	slices.Sort(used)
	b.ReportMetric(tableRows/took[len(took)/2].Seconds(), "rows/s")
	b.ReportMetric(float64(used[len(used)/2].Nanoseconds())/tableRows, "cpu-ns/row")
	b.ReportMetric(0, "ns/op")
}

// processorTime returns what this process has used of all processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func storeTable(b testing.TB, db *sqldb.DB, n int) {
	b.Helper()
	storeRows(b, db, "", n)
}

func storeRows(b testing.TB, db *sqldb.DB, partition string, n int) {
	b.Helper()
	manager, err := sqltable.New(db.DB, sqltable.Config{})
	if err == nil {
		err = manager.Store(b.Context(), iomanagers.Output{Asset: "sales", Partition: partition}, sourceBatches(n))
	}
	if err != nil {
		b.Fatal(err)
	}
}

func loadTable(b testing.TB, db *sqldb.DB, n int) {
	b.Helper()
	manager, err := sqltable.New(db.DB, sqltable.Config{})
	if err != nil {
		b.Fatal(err)
	}
	var batches iter.Seq2[[]sale, error]
	if err := manager.Load(b.Context(), iomanagers.Input{Asset: "sales"}, &batches); err != nil {
		b.Fatal(err)
	}
	next := 0
	for batch, err := range batches {
		if err != nil {
			b.Fatal(err)
		}
		for i := range batch {
			checkSale(b, batch[i], next)
			next++
		}
	}
	if next != n {
		b.Fatalf("got %d rows, want %d", next, n)
	}
}

func checkSale(b testing.TB, got sale, i int) {
	if got != saleOf(i) {
		b.Fatalf("row %d: got %v, want %v", i, got, saleOf(i))
	}
}

// inTable replaces the rows of a table in a transaction on one connection, as the manager does.
func inTable(b testing.TB, db *sqldb.DB, columns string, fill func(ctx context.Context, conn *sql.Conn) error) {
	b.Helper()
	inTransaction(b, db, []string{"CREATE TABLE IF NOT EXISTS sales (" + columns + ")", "BEGIN", "DELETE FROM sales"}, fill)
}

func inTransaction(b testing.TB, db *sqldb.DB, begin []string, fill func(ctx context.Context, conn *sql.Conn) error) {
	b.Helper()
	ctx := b.Context()
	conn, err := db.Conn(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	for _, statement := range begin {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			b.Fatal(err)
		}
	}
	if err := fill(ctx, conn); err != nil {
		b.Fatal(err)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		b.Fatal(err)
	}
}

// copyByHand uses pgx as its documentation recommends. An index keeps the order of the rows, as
// the manager's does.
func copyByHand(b testing.TB, db *sqldb.DB, n int) {
	b.Helper()
	inTable(b, db, `"id" bigint PRIMARY KEY, customer text, item text, price double precision, count bigint, at timestamptz`, func(ctx context.Context, conn *sql.Conn) error {
		i := -1
		return conn.Raw(func(connection any) error {
			_, err := connection.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{"sales"}, []string{"id", "customer", "item", "price", "count", "at"},
				pgx.CopyFromFunc(func() ([]any, error) {
					if i++; i == n {
						return nil, nil
					}
					s := saleOf(i)
					return []any{s.ID, s.Customer, s.Item, s.Price, s.Count, s.At}, nil
				}))
			return err
		})
	})
}

// insertByHand inserts many rows with each execution of a prepared statement.
func insertByHand(b testing.TB, db *sqldb.DB, n int) {
	b.Helper()
	inTable(b, db, `id INTEGER, customer TEXT, item TEXT, price REAL, count INTEGER, at DATETIME`, func(ctx context.Context, conn *sql.Conn) error {
		return insertRows(ctx, conn, n)
	})
}

// insertPartitionByHand does the same for the rows of one partition in a table of several.
func insertPartitionByHand(b testing.TB, db *sqldb.DB, n int) {
	b.Helper()
	inTransaction(b, db, []string{
		"CREATE TABLE IF NOT EXISTS sales (id INTEGER, customer TEXT, item TEXT, price REAL, count INTEGER, at DATETIME, part TEXT NOT NULL)",
		"CREATE INDEX IF NOT EXISTS sales_part ON sales (part)",
		"BEGIN", "DELETE FROM sales WHERE part = '2026'",
	}, func(ctx context.Context, conn *sql.Conn) error { return insertRows(ctx, conn, n, "2026") })
}

// insertRows inserts rows with more columns, which have the same values in all of them.
func insertRows(ctx context.Context, conn *sql.Conn, n int, more ...any) error {
	const many = 140
	width := 6 + len(more)
	insert := func(rows int) string {
		row := "(" + strings.TrimSuffix(strings.Repeat("?, ", width), ", ") + "), "
		return "INSERT INTO sales VALUES " + strings.TrimSuffix(strings.Repeat(row, rows), ", ")
	}
	full, err := conn.PrepareContext(ctx, insert(many))
	if err != nil {
		return err
	}
	defer full.Close()
	args := make([]any, 0, width*many)
	for i := range n {
		s := saleOf(i)
		args = append(append(args, s.ID, s.Customer, s.Item, s.Price, s.Count, s.At), more...)
		if len(args) < cap(args) {
			continue
		}
		if _, err := full.ExecContext(ctx, args...); err != nil {
			return err
		}
		args = args[:0]
	}
	if len(args) == 0 {
		return nil
	}
	_, err = conn.ExecContext(ctx, insert(len(args)/width), args...)
	return err
}

func loadByHand(b testing.TB, db *sqldb.DB, n int, order string) {
	b.Helper()
	found, err := db.QueryContext(b.Context(), fmt.Sprintf("SELECT id, customer, item, price, count, at FROM sales ORDER BY %s", order))
	if err != nil {
		b.Fatal(err)
	}
	defer found.Close()
	next := 0
	for ; found.Next(); next++ {
		var s sale
		if err := found.Scan(&s.ID, &s.Customer, &s.Item, &s.Price, &s.Count, &s.At); err != nil {
			b.Fatal(err)
		}
		s.At = s.At.UTC()
		checkSale(b, s, next)
	}
	if err := found.Err(); err != nil || next != n {
		b.Fatalf("got %d rows, want %d, %v", next, n, err)
	}
}

// TestTablesAgree holds all of them to the same rows.
func TestTablesAgree(t *testing.T) {
	for database, keepers := range tableKeepers {
		for name, keeper := range keepers {
			t.Run(database+" "+name, func(t *testing.T) {
				db := tableDatabases[database](t)
				keeper.store(t, db, 2500)
				keeper.load(t, db, 2500)
			})
		}
	}
}
