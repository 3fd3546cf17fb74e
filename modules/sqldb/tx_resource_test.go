package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/container/containertest"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/postgres"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

// databases make the resource of each database that the tests are run on.
var databases = map[string]func(t *testing.T) container.Resource{
	"SQLite": func(t *testing.T) container.Resource {
		return container.Provide("db", sqlite.New, container.PerProcess(),
			container.Config(sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")}))
	},
	"SQLite in memory": func(*testing.T) container.Resource {
		return container.Provide("db", sqlite.New, container.PerProcess(), container.Config(sqlite.Config{Path: sqlite.Memory}))
	},
	"PostgreSQL": func(t *testing.T) container.Resource {
		return container.Provide("db", postgres.New, container.PerProcess(),
			container.Config(postgres.Config{DSN: container.NewSecret(server.Database(t))}))
	},
}

func TestTx(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testTx(t, database)
		})
	}
}

// within runs fn in a child that has a transaction, after a table was made.
func within(t *testing.T, c *container.Container, fn any) error {
	t.Helper()
	return c.Invoke(t.Context(), fn)
}

func testTx(t *testing.T, database func(t *testing.T) container.Resource) {
	open := func(t *testing.T) *container.Container {
		c := containertest.New(t, database(t), container.Provide("tx", sqldb.NewTx))
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
		if err := within(t, c, func(ctx context.Context, db *sqldb.DB) error {
			if _, err := db.ExecContext(ctx, "CREATE TABLE orders (id INTEGER PRIMARY KEY)"); err != nil {
				return err
			}
			_, err := db.ExecContext(ctx, "CREATE TABLE lines (id INTEGER REFERENCES orders DEFERRABLE INITIALLY DEFERRED)")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return c
	}
	order := func(ctx context.Context, tx *sqldb.Tx, id string) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES ("+id+")")
		return err
	}
	want := func(t *testing.T, c *container.Container, orders int) {
		t.Helper()
		// In a transaction, so that one left open on the connection shows.
		if err := within(t, c, func(ctx context.Context, db *sqldb.DB) error {
			return db.InTx(ctx, func(tx *sql.Tx) error {
				var got int
				err := tx.QueryRowContext(ctx, "SELECT count(*) FROM orders").Scan(&got)
				if got != orders {
					t.Errorf("got %d orders, want %d", got, orders)
				}
				return err
			})
		}); err != nil {
			t.Error(err)
		}
	}
	cause := errors.New("bad order")

	t.Run("commits on success", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		if err := within(t, c, func(ctx context.Context, tx *sqldb.Tx) error { return order(ctx, tx, "1") }); err != nil {
			t.Error(err)
		}
		want(t, c, 1)
	})

	t.Run("rolls back on failure", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		err := within(t, c, func(ctx context.Context, tx *sqldb.Tx) error { return errors.Join(order(ctx, tx, "1"), cause) })
		if errorText(err) != "bad order" || !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
		want(t, c, 0)
	})

	t.Run("rolls back after a failed statement", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		err := within(t, c, func(ctx context.Context, tx *sqldb.Tx) error {
			return errors.Join(order(ctx, tx, "1"), order(ctx, tx, "1"))
		})
		if err == nil || strings.Contains(err.Error(), "rolling back") {
			t.Errorf("got %v", err)
		}
		want(t, c, 0)
	})

	t.Run("rolls back on panic", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		err := within(t, c, func(ctx context.Context, tx *sqldb.Tx) error {
			if err := order(ctx, tx, "1"); err != nil {
				return err
			}
			panic("bad order")
		})
		if err == nil || !strings.Contains(err.Error(), "bad order") {
			t.Errorf("got %v", err)
		}
		want(t, c, 0)
	})

	t.Run("rolls back on cancellation", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := c.Invoke(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
			if err := order(ctx, tx, "1"); err != nil {
				return err
			}
			cancel()
			return ctx.Err()
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		want(t, c, 0)
	})

	t.Run("fails the run when the commit fails", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		err := within(t, c, func(ctx context.Context, tx *sqldb.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO lines VALUES (7)")
			return errors.Join(order(ctx, tx, "1"), err)
		})
		if err == nil || !strings.Contains(err.Error(), "committing a transaction: ") || !strings.Contains(err.Error(), "tx") {
			t.Errorf("got %v", err)
		}
		want(t, c, 0)
	})

	t.Run("fails the run when somebody else has ended it", func(t *testing.T) {
		t.Parallel()
		c := open(t)
		err := within(t, c, func(tx *sqldb.Tx) error { return tx.Rollback() })
		if !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("is one for each step, where it lives per step", func(t *testing.T) {
		t.Parallel()
		c := containertest.New(t, database(t), container.Provide("tx", sqldb.NewTx, container.PerStep()))
		t.Cleanup(func() { _ = c.Close() })
		if err := within(t, c, func(ctx context.Context, db *sqldb.DB) error {
			_, err := db.ExecContext(ctx, "CREATE TABLE orders (id INTEGER PRIMARY KEY)")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		run, err := c.NewChild(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for id, outcome := range map[string]error{"1": nil, "2": cause, "3": nil} {
			var tx *sqldb.Tx
			step, err := run.NewChild(t.Context(), container.Populate(&tx))
			if err != nil {
				t.Fatal(err)
			}
			if err := order(t.Context(), tx, id); err != nil {
				t.Error(err)
			}
			if err := step.Close(outcome); err != nil {
				t.Error(err)
			}
		}
		if err := run.Close(cause); err != nil {
			t.Error(err)
		}
		want(t, c, 2)
	})
}

func TestTxUnderPlainFx(t *testing.T) {
	t.Parallel()

	t.Run("commits at the stop", func(t *testing.T) {
		t.Parallel()
		db := startWithTable(t)
		lc := fxtest.NewLifecycle(t)
		tx := sqldb.NewTx(lc, db)
		lc.RequireStart()
		insert(t.Context(), t, tx.Tx)
		lc.RequireStop()
		if got := count(t, db); got != 1 {
			t.Errorf("got %d orders, want 1", got)
		}
	})

	t.Run("begins with the options asked for", func(t *testing.T) {
		t.Parallel()
		lc := fxtest.NewLifecycle(t)
		db, err := postgres.New(lc, postgres.Config{DSN: container.NewSecret(server.Database(t))})
		if err != nil {
			t.Fatal(err)
		}
		tx := sqldb.NewTxWith(sql.TxOptions{Isolation: sql.LevelSerializable})(lc, db)
		lc.RequireStart()
		defer lc.RequireStop()
		var got string
		if err := tx.QueryRowContext(t.Context(), "SHOW transaction_isolation").Scan(&got); err != nil || got != "serializable" {
			t.Errorf("got %q and %v", got, err)
		}
	})

	t.Run("fails the start when it can't begin in time", func(t *testing.T) {
		t.Parallel()
		db := startWithTable(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		lc := fxtest.NewLifecycle(t)
		sqldb.NewTx(lc, db)
		if err := lc.Start(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
