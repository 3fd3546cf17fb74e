package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/postgres"
)

type copier interface {
	CopyFrom(ctx context.Context, connection any, statement string, from io.Reader) (rows int64, err error)
}

// copyFrom copies on a connection of its own.
func copyFrom(t *testing.T, db *sqldb.DB, conn *sql.Conn, from io.Reader) (rows int64, err error) {
	t.Helper()
	driver, ok := db.Driver().(copier)
	if !ok {
		t.Fatalf("a %T does not copy", db.Driver())
	}
	if err := conn.Raw(func(connection any) error {
		rows, err = driver.CopyFrom(t.Context(), connection, "COPY copied (line) FROM STDIN", from)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows, err
}

func TestCopyFrom(t *testing.T) {
	t.Parallel()
	db := start(t, postgres.Config{DSN: dsn(t)})
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE copied (line text)"); err != nil {
		t.Fatal(err)
	}
	connect := func(t *testing.T) *sql.Conn {
		t.Helper()
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}

	t.Run("copies what the reader gives", func(t *testing.T) {
		t.Parallel()
		if rows, err := copyFrom(t, db, connect(t), strings.NewReader("one\ntwo\n")); rows != 2 || err != nil {
			t.Errorf("got %d, %v", rows, err)
		}
	})

	t.Run("does not read after it has returned, also if the server ends the connection", func(t *testing.T) {
		t.Parallel()
		conn := connect(t)
		var process int
		if err := conn.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&process); err != nil {
			t.Fatal(err)
		}
		from := &ending{end: func() {
			query[bool](t, db, fmt.Sprintf("SELECT pg_terminate_backend(%d)", process))
			for range 20 { // which take their time, while the connection breaks
				query[int](t, db, fmt.Sprintf("SELECT count(*)::int FROM pg_stat_activity WHERE pid = %d", process))
			}
		}}
		_, err := copyFrom(t, db, conn, from)
		if reading := from.reading.Load(); err == nil || reading {
			t.Errorf("got %v; it is reading: %t", err, reading)
		}
	})
}

// ending is a reader that gives lines, and calls end before the second one.
type ending struct {
	end     func()
	reads   int
	reading atomic.Bool
}

func (e *ending) Read(into []byte) (int, error) {
	e.reading.Store(true)
	defer e.reading.Store(false)
	if e.reads++; e.reads == 2 {
		e.end()
	}
	return copy(into, "a line\n"), nil
}
