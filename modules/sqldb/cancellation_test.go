package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/container/containertest"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// Whatever a transaction that was cancelled at some moment answers must be what
// a read then finds, and the database must go on.
func TestATransactionCancelledAtAnyMomentTellsTheTruth(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := containertest.New(t, database(t), container.Provide("tx", sqldb.NewTx))
			t.Cleanup(func() {
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
			cancelled := &cancelledInserts{container: c}
			err := c.Invoke(t.Context(), func(ctx context.Context, db *sqldb.DB) error {
				cancelled.db = db
				_, err := db.ExecContext(ctx, "CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, way := range []func(context.Context, int) error{cancelled.inTx, cancelled.asResource} {
				cancelled.run(t, way)
			}
		})
	}
}

type cancelledInserts struct {
	container *container.Container
	db        *sqldb.DB
	last      int
}

func (c *cancelledInserts) inTx(ctx context.Context, id int) error {
	return c.db.InTx(ctx, func(tx *sql.Tx) error {
		for n := range 10 {
			if _, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES ($1, $2)", id*100+n, "x"); err != nil {
				return err
			}
		}
		return nil
	})
}

// asResource has the child that ends well, or is cancelled, commit or roll back.
func (c *cancelledInserts) asResource(ctx context.Context, id int) error {
	return c.container.Invoke(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		for n := range 10 {
			if _, err := tx.ExecContext(ctx, "INSERT INTO orders VALUES ($1, $2)", id*100+n, "x"); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *cancelledInserts) run(t *testing.T, insert func(ctx context.Context, id int) error) {
	t.Helper()
	const times = 150
	var took time.Duration
	for i := range times {
		moment := time.Minute
		if i >= 3 { // the first ones are not cancelled: how long do they take?
			moment = time.Duration(rand.Int64N(int64(took) * 5 / 4))
		}
		ctx, cancel := context.WithTimeout(t.Context(), moment)
		c.last++
		began := time.Now()
		err := insert(ctx, c.last)
		cancel()
		if i < 3 {
			if err != nil {
				t.Fatal(err)
			}
			took = max(took, time.Since(began))
		}
		c.check(t, err)
	}
	if err := insert(t.Context(), c.last+1); err != nil {
		t.Errorf("after cancelled transactions: %v", err)
	}
	c.last++
	for began := time.Now(); c.db.Stats().InUse != 0; time.Sleep(time.Millisecond) { // database/sql rolls back in a goroutine
		if time.Since(began) > 30*time.Second {
			t.Fatalf("%d connections are still in use", c.db.Stats().InUse)
		}
	}
}

func (c *cancelledInserts) check(t *testing.T, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var found int
	read := c.db.InTx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM orders WHERE id >= $1 AND id < $2", c.last*100, c.last*100+100).Scan(&found)
	})
	switch {
	case read != nil:
		t.Fatalf("reading after a transaction that answered %v: %v", err, read)
	case found != 0 && found != 10:
		t.Fatalf("a transaction that answered %v has stored %d of 10 rows", err, found)
	case err == nil && found == 0:
		t.Error("a transaction that answered no error has stored nothing")
	case err != nil && found > 0 && !errors.Is(err, sqldb.ErrUnknownOutcome):
		t.Errorf("a transaction that answered %q is stored", err)
	}
}
