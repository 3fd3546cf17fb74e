package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/kelseyhightower/envconfig"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// start returns a started database and the function that stops it.
func start(t *testing.T, cfg sqlite.Config) (*sqldb.DB, func()) {
	t.Helper()
	var db *sqldb.DB
	app := fxtest.New(t, fx.Supply(cfg), fx.Provide(sqlite.New), fx.Populate(&db))
	app.RequireStart()
	return db, app.RequireStop
}

func exec(t *testing.T, db *sqldb.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

func query[T any](t *testing.T, db *sqldb.DB, statement string) (value T) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), statement).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

func TestFile(t *testing.T) {
	t.Parallel()

	t.Run("keeps its data from one start to the next", func(t *testing.T) {
		t.Parallel()
		cfg := sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")}
		db, stop := start(t, cfg)
		exec(t, db, "CREATE TABLE orders (id INTEGER)")
		stop()
		db, stop = start(t, cfg)
		defer stop()
		if got := query[int](t, db, "SELECT count(*) FROM orders"); got != 0 {
			t.Errorf("got %d", got)
		}
	})

	t.Run("creates the folders above it, when it starts", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "new", "folder", "test.db")
		lc := fxtest.NewLifecycle(t)
		if _, err := sqlite.New(lc, sqlite.Config{Path: path}); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Dir(path)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("before the start: %v", err)
		}
		lc.RequireStart()
		defer lc.RequireStop()
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	})

	t.Run("may have any name", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		for _, name := range []string{"a b.db", "what?.db", "50%41.db", "a#b&c=d.db", "größe.db"} {
			_, stop := start(t, sqlite.Config{Path: filepath.Join(folder, name)})
			if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
				t.Error(err)
			}
			stop()
		}
	})

	t.Run("says why it can't be opened", func(t *testing.T) {
		t.Parallel()
		lc := fxtest.NewLifecycle(t)
		if _, err := sqlite.New(lc, sqlite.Config{Path: t.TempDir()}); err != nil {
			t.Fatal(err)
		}
		got := lc.Start(t.Context())
		if want := "opening the database: unable to open database file (14)"; got == nil || got.Error() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	db, stop := start(t, sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db"), BusyTimeout: 7 * time.Second})
	defer stop()

	// All of the pool's connections at once, so that each is looked at.
	var conns []*sql.Conn
	for range db.Stats().MaxOpenConnections {
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		conns = append(conns, conn)
	}
	if len(conns) != 4 {
		t.Errorf("got %d connections, want 4", len(conns))
	}
	want := map[string]string{"journal_mode": "wal", "busy_timeout": "7000", "foreign_keys": "1"}
	for _, conn := range conns {
		got := map[string]string{}
		for pragma := range want {
			var value string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&value); err != nil {
				t.Fatal(err)
			}
			got[pragma] = value
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTimesAreWrittenAsSortableText(t *testing.T) {
	t.Parallel()
	db, stop := start(t, sqlite.Config{Path: sqlite.Memory})
	defer stop()
	want := time.Date(2026, 3, 29, 1, 30, 0, 250_000_000, time.UTC)
	exec(t, db, "CREATE TABLE ticks (at DATETIME)")
	exec(t, db, "INSERT INTO ticks VALUES (?)", want)
	if got := query[string](t, db, "SELECT at || '' FROM ticks"); got != "2026-03-29 01:30:00.25+00:00" {
		t.Errorf("stored %q", got)
	}
	if got := query[time.Time](t, db, "SELECT at FROM ticks"); !got.Equal(want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if got := query[int64](t, db, "SELECT unixepoch(at) FROM ticks"); got != want.Unix() {
		t.Errorf("unixepoch gives %d, want %d", got, want.Unix())
	}
}

func TestTransactionsThatReadAndThenWriteQueueUp(t *testing.T) {
	t.Parallel()
	db, stop := start(t, sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	defer stop()
	exec(t, db, "CREATE TABLE counter (n INTEGER)")
	exec(t, db, "INSERT INTO counter VALUES (0)")

	increment := func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRow("SELECT n FROM counter").Scan(&n); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE counter SET n = ?", n+1)
		return err
	}
	const writers, times = 4, 25
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range times {
				if err := db.InTx(t.Context(), increment); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	if got := query[int](t, db, "SELECT n FROM counter"); got != writers*times {
		t.Errorf("got %d, want %d", got, writers*times)
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()

	t.Run("is one database for all goroutines", func(t *testing.T) {
		t.Parallel()
		db, stop := start(t, sqlite.Config{Path: sqlite.Memory, MaxConns: 8})
		defer stop()
		exec(t, db, "CREATE TABLE orders (id INTEGER)")
		var writing sync.WaitGroup
		for range 8 {
			writing.Go(func() {
				if _, err := db.ExecContext(t.Context(), "INSERT INTO orders VALUES (1)"); err != nil {
					t.Error(err)
				}
			})
		}
		writing.Wait()
		if got := query[int](t, db, "SELECT count(*) FROM orders"); got != 8 {
			t.Errorf("got %d orders, want 8", got)
		}
		if got := db.Stats().MaxOpenConnections; got != 1 {
			t.Errorf("got %d connections, each a database of its own, want 1", got)
		}
	})

	t.Run("is seen by no other resource", func(t *testing.T) {
		t.Parallel()
		one, stop := start(t, sqlite.Config{Path: sqlite.Memory})
		defer stop()
		exec(t, one, "CREATE TABLE orders (id INTEGER)")
		other, stopOther := start(t, sqlite.Config{Path: sqlite.Memory})
		defer stopOther()
		if got := query[int](t, other, "SELECT count(*) FROM sqlite_schema"); got != 0 {
			t.Errorf("got %d tables, want none", got)
		}
	})

	t.Run("outlives a query that was cancelled", func(t *testing.T) {
		t.Parallel()
		db, stop := start(t, sqlite.Config{Path: sqlite.Memory})
		defer stop()
		exec(t, db, "CREATE TABLE orders (id INTEGER)")
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		endless := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n"
		if err := db.QueryRowContext(ctx, endless).Scan(new(int)); err == nil {
			t.Error("the query ended")
		}
		if got := query[int](t, db, "SELECT count(*) FROM orders"); got != 0 {
			t.Errorf("got %d", got)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Run("reports every fault, before anything starts", func(t *testing.T) {
		_, err := sqlite.New(fxtest.NewLifecycle(t), sqlite.Config{BusyTimeout: -1, MaxConns: -2})
		want := "configuring an SQLite database: path: missing\nbusy_timeout: -1ns is negative\nmax_conns: -2 is negative"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})

	t.Run("refuses a URI, which would become the name of a file", func(t *testing.T) {
		err := sqlite.Config{Path: "file:test.db?mode=ro"}.Validate()
		if want := `path: "file:test.db?mode=ro" is a URI, want a file name`; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	})

	t.Run("has in its tags the defaults that New uses", func(t *testing.T) {
		t.Setenv("DB_PATH", filepath.Join(t.TempDir(), "test.db"))
		var tagged sqlite.Config
		if err := envconfig.Process("db", &tagged); err != nil {
			t.Fatal(err)
		}
		var got, want []int
		for _, cfg := range []sqlite.Config{{Path: tagged.Path}, tagged} {
			db, stop := start(t, cfg)
			got = append(got, query[int](t, db, "PRAGMA busy_timeout"), db.Stats().MaxOpenConnections)
			want = append(want, 5000, 4)
			stop()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhoElseSeesTheDatabase(t *testing.T) {
	t.Parallel()
	absolute := filepath.Join(t.TempDir(), "a.db")
	for name, c := range map[string]struct {
		cfg              sqlite.Config
		process, machine string // what the reasons begin with
	}{
		"memory is that of the process":        {sqlite.Config{Path: sqlite.Memory}, "its database is in the memory", ""},
		"shared memory is that of the process": {sqlite.Config{Path: sqlite.Memory, Shared: true}, "its database is in the memory", ""},
		"a file is that of the machine":        {sqlite.Config{Path: absolute}, "", "its database is the file " + absolute},
		"a shared file is seen by all":         {sqlite.Config{Path: absolute, Shared: true}, "", ""},
		"a relative path leads to other files": {sqlite.Config{Path: "a.db", Shared: true}, "", "its file a.db is shared, but is a relative path"},
		"a relative path without a word on it": {sqlite.Config{Path: "a.db"}, "", "its database is the file a.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.cfg.StaysInProcess(); !strings.HasPrefix(got, c.process) || (got == "") != (c.process == "") {
				t.Errorf("it stays in the process because %q, want %q", got, c.process)
			}
			if got := c.cfg.StaysOnMachine(); !strings.HasPrefix(got, c.machine) || (got == "") != (c.machine == "") {
				t.Errorf("it stays on the machine because %q, want %q", got, c.machine)
			}
		})
	}
}
