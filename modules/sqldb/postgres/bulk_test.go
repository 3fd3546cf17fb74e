package postgres_test

import (
	"context"
	"database/sql"
	"errors"
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
	return copyInto(t, db, conn, "copied", from)
}

func copyInto(t *testing.T, db *sqldb.DB, conn *sql.Conn, table string, from io.Reader) (rows int64, err error) {
	t.Helper()
	driver, ok := db.Driver().(copier)
	if !ok {
		t.Fatalf("a %T does not copy", db.Driver())
	}
	if err := conn.Raw(func(connection any) error {
		rows, err = driver.CopyFrom(t.Context(), connection, "COPY "+table+" (line) FROM STDIN", from)
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

	t.Run("tells the row that a constraint refuses", func(t *testing.T) {
		t.Parallel()
		if _, err := db.ExecContext(t.Context(), `CREATE TABLE "checked, line 7" (line text CHECK (line <> 'three'))`); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]int64{"one\ntwo\nthree\nfour\n": 3, "one\tmore\n": 1} {
			_, err := copyInto(t, db, connect(t), `"checked, line 7"`, strings.NewReader(text))
			refused, ok := errors.AsType[interface {
				error
				CopiedRow() int64
			}](err)
			if !ok || refused.CopiedRow() != want {
				t.Errorf("got %v, want row %d", err, want)
			}
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

type querier interface {
	QueryRaw(ctx context.Context, connection any, query string, formats []int16, each func(values [][]byte) error) error
}

func TestQueryRaw(t *testing.T) {
	t.Parallel()
	db := start(t, postgres.Config{DSN: dsn(t)})
	queryRaw := func(ctx context.Context, query string, formats []int16, each func(values [][]byte) error) (err error) {
		conn, connErr := db.Conn(t.Context())
		if connErr != nil {
			t.Fatal(connErr)
		}
		defer conn.Close()
		if err := conn.Raw(func(connection any) error {
			err = db.Driver().(querier).QueryRaw(ctx, connection, query, formats, each)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return err
	}

	t.Run("gives values in the formats that are asked for, and nil for NULL", func(t *testing.T) {
		t.Parallel()
		var got []string
		err := queryRaw(t.Context(), "SELECT 258::int4, 258::int4, NULL::text, '' FROM generate_series(1, 2)", []int16{0, 1, 0, 0}, func(values [][]byte) error {
			got = append(got, fmt.Sprintf("%q %v %v", values, values[2] == nil, values[3] == nil))
			return nil
		})
		want := `["258" "\x00\x00\x01\x02" "" ""] true false`
		if err != nil || len(got) != 2 || got[0] != want || got[1] != want {
			t.Errorf("got %v, %v", got, err)
		}
	})

	t.Run("ends with the first error, and leaves the connection usable", func(t *testing.T) {
		t.Parallel()
		n := 0
		err := queryRaw(t.Context(), "SELECT generate_series(1, 10000)", []int16{0}, func([][]byte) error {
			n++
			return io.ErrUnexpectedEOF
		})
		if err != io.ErrUnexpectedEOF || n != 1 { //nolint:errorlint // the very value
			t.Errorf("got %v after %d rows", err, n)
		}
		if err := queryRaw(t.Context(), "SELECT 1", []int16{0}, func([][]byte) error { return nil }); err != nil {
			t.Error(err)
		}
	})

	t.Run("reports an error of the server after some rows, and of the context", func(t *testing.T) {
		t.Parallel()
		err := queryRaw(t.Context(), "SELECT 1 / (500 - n) FROM generate_series(1, 1000) AS n", []int16{0}, func([][]byte) error { return nil })
		if err == nil || !strings.Contains(err.Error(), "division by zero") {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err = queryRaw(ctx, "SELECT n, pg_sleep(CASE WHEN n = 20000 THEN 60 ELSE 0 END) FROM generate_series(1, 20000) AS n", []int16{0}, func([][]byte) error {
			cancel() // at the first row, while the server waits before the last one
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("refuses a connection of another driver", func(t *testing.T) {
		t.Parallel()
		err := db.Driver().(querier).QueryRaw(t.Context(), 1, "SELECT 1", nil, nil)
		if err == nil || err.Error() != "querying PostgreSQL: the connection is a int, not one of pgx" {
			t.Errorf("got %v", err)
		}
	})
}
