package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// InTx calls fn in a transaction. It commits if fn returns nil. It rolls back if fn
// returns an error or panics, and the panic passes out of InTx. The error of fn is
// returned unchanged, or joined with the error of the rollback if that fails too.
//
// fn must use tx for everything, and must not keep tx or its rows. A call of db
// inside fn is outside of the transaction. If the pool holds only one connection,
// such a call waits for ever. When ctx ends, the transaction is rolled back and
// InTx returns an error.
func (db *DB) InTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("beginning a transaction: %w", err)
	}
	returned := false
	defer func() {
		if !returned { // a panic, or runtime.Goexit in a test
			_ = tx.Rollback()
		}
	}()
	err = fn(tx)
	returned = true
	if err != nil {
		return rollBack(tx, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("committing a transaction: %w", err)
	}
	return nil
}

func rollBack(tx *sql.Tx, cause error) error {
	err := tx.Rollback()
	// The context's end rolls back by itself, and fn may have done so.
	if err == nil || errors.Is(err, sql.ErrTxDone) {
		return cause
	}
	return errors.Join(cause, fmt.Errorf("rolling back a transaction: %w", err))
}
