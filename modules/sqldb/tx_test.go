package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/modules/sqldb"
)

func startWithTable(t *testing.T) *sqldb.DB {
	t.Helper()
	db := start(t)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE orders (id INTEGER PRIMARY KEY)"); err != nil {
		t.Fatal(err)
	}
	return db
}

func insert(ctx context.Context, t *testing.T, tx *sql.Tx) {
	t.Helper()
	if _, err := tx.ExecContext(ctx, "INSERT INTO orders DEFAULT VALUES"); err != nil {
		t.Error(err)
	}
}

// count also shows that the transaction gave its connection and lock back: it
// counts in a transaction that may write.
func count(t *testing.T, db *sqldb.DB) (n int) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		return tx.QueryRowContext(t.Context(), "SELECT count(*) FROM orders").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInTx(t *testing.T) {
	t.Parallel()

	t.Run("commits when the function returns nil", func(t *testing.T) {
		t.Parallel()
		db := startWithTable(t)
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			insert(t.Context(), t, tx)
			return nil
		})
		if err != nil || count(t, db) != 1 {
			t.Errorf("got %v and %d orders, want nil and 1", err, count(t, db))
		}
	})

	t.Run("rolls back when the function returns an error, and returns that error", func(t *testing.T) {
		t.Parallel()
		db := startWithTable(t)
		cause := errors.New("bad order")
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			insert(t.Context(), t, tx)
			return cause
		})
		if errorText(err) != "bad order" || !errors.Is(err, cause) || count(t, db) != 0 {
			t.Errorf("got %v and %d orders, want %v and 0", err, count(t, db), cause)
		}
	})

	t.Run("takes a function that has rolled back itself", func(t *testing.T) {
		t.Parallel()
		db := startWithTable(t)
		cause := errors.New("bad order")
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
			return cause
		})
		if errorText(err) != "bad order" || !errors.Is(err, cause) {
			t.Errorf("got %v, want %v", err, cause)
		}
	})

	t.Run("rolls back when the function panics, and lets the panic go on", func(t *testing.T) {
		t.Parallel()
		db := startWithTable(t)
		func() {
			defer func() {
				if got := recover(); got != "bad order" {
					t.Errorf("recovered %v", got)
				}
			}()
			_ = db.InTx(t.Context(), func(tx *sql.Tx) error {
				insert(t.Context(), t, tx)
				panic("bad order")
			})
		}()
		if got := count(t, db); got != 0 {
			t.Errorf("got %d orders, want 0", got)
		}
	})

	t.Run("rolls back when the context ends", func(t *testing.T) {
		t.Parallel()
		db := startWithTable(t)
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTx(ctx, func(tx *sql.Tx) error {
			insert(ctx, t, tx)
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("got %v", err)
		}
		if got := count(t, db); got != 0 {
			t.Errorf("got %d orders, want 0", got)
		}
	})

	t.Run("says when the commit fails", func(t *testing.T) {
		t.Parallel()
		db := startWithTable(t)
		err := db.InTx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), `
				CREATE TABLE lines (order_id REFERENCES orders DEFERRABLE INITIALLY DEFERRED);
				INSERT INTO lines VALUES (7)`)
			return err
		})
		if want := "committing a transaction: "; !strings.HasPrefix(errorText(err), want) {
			t.Errorf("got %v, want it to begin with %q", err, want)
		}
	})

	t.Run("says when the transaction can't begin", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := start(t).InTx(ctx, func(*sql.Tx) error {
			t.Error("called")
			return nil
		})
		if got, want := errorText(err), "beginning a transaction: context canceled"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
