package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// Tx is a transaction with the lifetime of a resource. It begins when the resource starts
// and ends when it stops. The outcome of the run or step decides how it ends. See [NewTx].
//
// The embedded transaction is nil until the resource has started. Code that gets a Tx as a
// parameter must not commit it or roll it back. A transaction is one connection. It is safe
// for concurrent use, one statement at a time. Rows must be read to the end, or closed,
// before the next statement.
type Tx struct {
	*sql.Tx
}

// NewTx is the constructor of a resource that is a transaction on db. It commits if its step
// or run has succeeded. It rolls back if the step or run failed, panicked, was cancelled or
// timed out:
//
//	container.Provide("tx", sqldb.NewTx, container.PerStep())
//
// All code that takes a *sqldb.Tx in one step then shares one transaction. Either all of its
// changes are stored or none. If the commit fails, this is an error of the stop, and the run
// fails. The error matches [ErrUnknownOutcome] if the commit may have taken effect.
//
// A resource per step commits at the end of the step. A resource per run, which is the
// default, commits at the end of the run. Until then it holds a connection of db, and on
// SQLite the lock for writing too. So use db at the same time only if the pool has another
// connection. In an application without runs there is no outcome, and NewTx commits.
func NewTx(lc fx.Lifecycle, db *DB) *Tx { return NewTxWith(sql.TxOptions{})(lc, db) }

// NewTxWith returns a constructor like [NewTx] for transactions with options, such as
// the isolation level.
func NewTxWith(options sql.TxOptions) func(fx.Lifecycle, *DB) *Tx {
	return func(lc fx.Lifecycle, db *DB) *Tx {
		tx := &Tx{}
		var begun transaction
		lc.Append(fx.Hook{
			OnStart: func(ctx context.Context) (err error) {
				if begun, err = db.beginHeld(ctx, &options); err == nil {
					tx.Tx = begun.Tx
				}
				return err
			},
			OnStop: func(ctx context.Context) error {
				if container.Outcome(ctx) != nil {
					return begun.rollBack()
				}
				// It ends here at the latest, with an error that says what is known.
				defer context.AfterFunc(ctx, begun.ctx.End)()
				return begun.commit()
			},
		})
		return tx
	}
}

// beginHeld begins a transaction that ctx does not end: ctx bounds its beginning only.
func (db *DB) beginHeld(ctx context.Context, options *sql.TxOptions) (transaction, error) {
	begun, err := begin(ctx, db, options)
	if err != nil {
		return transaction{}, err
	}
	if err := begun.ctx.Detach(0); err != nil {
		return transaction{}, errors.Join(fmt.Errorf("beginning a transaction: %w", err), begun.rollBack())
	}
	return begun, nil
}
