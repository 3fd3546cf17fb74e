package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// start returns a database in a new file, and stops it with the test.
func start(t *testing.T) *sqldb.DB {
	t.Helper()
	var db *sqldb.DB
	app := fxtest.New(t,
		fx.Supply(sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")}),
		fx.Provide(sqlite.New),
		fx.Populate(&db),
	)
	app.RequireStart()
	t.Cleanup(app.RequireStop)
	return db
}

func TestLifetime(t *testing.T) {
	t.Parallel()

	t.Run("the pool is open between start and stop", func(t *testing.T) {
		t.Parallel()
		var db *sqldb.DB
		app := fxtest.New(t,
			fx.Supply(sqlite.Config{Path: sqlite.Memory}),
			fx.Provide(sqlite.New),
			fx.Populate(&db),
		)
		app.RequireStart()
		if err := sqldb.Ping(t.Context(), db); err != nil {
			t.Error(err)
		}
		app.RequireStop()
		err := sqldb.Ping(t.Context(), db)
		if got, want := errorText(err), "pinging the database: sql: database is closed"; got != want {
			t.Errorf("Ping after the stop: got %q, want %q", got, want)
		}
	})

	t.Run("building without starting opens nothing", func(t *testing.T) {
		t.Parallel()
		lc := fxtest.NewLifecycle(t)
		sqldb.New(lc, func(context.Context) (*sql.DB, error) {
			t.Error("opened")
			return nil, errors.New("opened")
		})
	})

	t.Run("a failed open fails the start", func(t *testing.T) {
		t.Parallel()
		cause := errors.New("no such host")
		lc := fxtest.NewLifecycle(t)
		sqldb.New(lc, func(context.Context) (*sql.DB, error) { return nil, cause })
		err := lc.Start(t.Context())
		if !errors.Is(err, cause) || err.Error() != "opening the database: no such host" {
			t.Errorf("got %v", err)
		}
	})

	t.Run("a failed ping fails the start and closes the pool", func(t *testing.T) {
		t.Parallel()
		var pool *sql.DB
		lc := fxtest.NewLifecycle(t)
		sqldb.New(lc, func(context.Context) (*sql.DB, error) {
			var err error
			pool, err = sql.Open("sqlite", filepath.Join(t.TempDir(), "missing", "test.db"))
			return pool, err
		})
		if err := lc.Start(t.Context()); err == nil {
			t.Error("started")
		}
		if err := pool.Ping(); errorText(err) != "sql: database is closed" {
			t.Errorf("the pool is open: ping gives %v", err)
		}
	})

	t.Run("the ping of the start ends with the start's context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		lc := fxtest.NewLifecycle(t)
		sqldb.New(lc, func(context.Context) (*sql.DB, error) { return sql.Open("sqlite", sqlite.Memory) })
		if err := lc.Start(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
