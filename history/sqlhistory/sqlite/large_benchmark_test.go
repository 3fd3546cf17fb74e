package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// BenchmarkLargeHistory reads a history of many events. FXRUN_BENCH_EVENTS says how many;
// the figures in docs/performance.md are those of 10 million.
func BenchmarkLargeHistory(b *testing.B) {
	size := historytest.Large{Events: 200_000, Assets: 10_000}
	if text := os.Getenv("FXRUN_BENCH_EVENTS"); text != "" {
		var err error
		if size.Events, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	folder := b.TempDir()
	if err := fill(b, folder, size); err != nil {
		b.Fatal(err)
	}
	historytest.BenchmarkLarge(b, size, func(b *testing.B) history.Store { return open(b, folder) })
}

// fill writes the events in the language of the database, which takes a fraction of the
// time of appending them.
func fill(b *testing.B, folder string, size historytest.Large) error {
	if err := open(b, folder).Close(); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName)+"?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	for _, statement := range size.Statements("WITH RECURSIVE %s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM %[1]s WHERE n + 1 < %d)") {
		if _, err := db.Exec(statement); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", statement, err), db.Close())
		}
	}
	return db.Close()
}
