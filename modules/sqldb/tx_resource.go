package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// Tx is a transaction with the lifetime of a resource: it begins when the resource
// starts and ends when it stops, by the outcome of what it was used for. See [NewTx].
//
// The embedded transaction is nil until the resource has started. Whoever receives a Tx
// neither commits nor rolls it back. Like any transaction it is one connection: it is safe
// for concurrent use, one statement at a time, and rows must be read to the end, or closed,
// before the next statement.
type Tx struct {
	*sql.Tx
}

// NewTx makes a transaction on db a resource. It commits when the step or run that it
// lived for has succeeded, and rolls back when that failed, panicked, was cancelled or
// timed out:
//
//	container.Provide("tx", sqldb.NewTx, container.PerStep())
//
// Everything that takes a *sqldb.Tx in one step then shares one transaction, and leaves
// all of its changes behind or none. A commit that fails is an error of the stop, which
// fails the run.
//
// A resource per step commits at the end of the step, one per run (the default) at the end
// of the run, and holds a connection of db, on SQLite also the lock for writing, until then:
// use db itself beside it only where the pool has another connection. In an
// application without runs there is no outcome, and NewTx commits.
func NewTx(lc fx.Lifecycle, db *DB) *Tx { return NewTxWith(sql.TxOptions{})(lc, db) }

// NewTxWith returns a constructor like [NewTx] for transactions with options, such as
// the isolation level.
func NewTxWith(options sql.TxOptions) func(fx.Lifecycle, *DB) *Tx {
	return func(lc fx.Lifecycle, db *DB) *Tx {
		tx := &Tx{}
		container.Around(lc, func(ctx context.Context, yield func() error) error {
			// This ctx ends after the stop: that of a hook would roll back once the start is over.
			var err error
			if tx.Tx, err = db.BeginTx(ctx, &options); err != nil {
				return fmt.Errorf("beginning a transaction: %w", err)
			}
			defer tx.Rollback() //nolint:errcheck // it does nothing after a commit; without one the cause is known
			if outcome := yield(); outcome != nil {
				return tx.abandon()
			}
			if err := tx.Commit(); err != nil {
				return fmt.Errorf("committing a transaction: %w", err)
			}
			return nil
		})
		return tx
	}
}

// abandon rolls back. That the database, or a user, has done so already is no fault.
func (tx *Tx) abandon() error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("rolling back a transaction: %w", err)
	}
	return nil
}
