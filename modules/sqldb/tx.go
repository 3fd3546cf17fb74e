package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/fxrun/fxrun/internal/detach"
)

// ErrUnknownOutcome is matched by the error of a transaction whose COMMIT was sent, and
// whose answer did not come: the connection broke, or the database took too long. The
// changes may be stored or not. A read of them finds out.
var ErrUnknownOutcome = errors.New("it is not known whether the changes are stored")

// InTx calls fn in a transaction. It commits if fn returns nil. It rolls back if fn
// returns an error or panics, and the panic passes out of InTx. The error of fn is
// returned unchanged, or joined with the error of the rollback if that fails too.
//
// fn must use tx for everything, and must not keep tx or its rows. A call of db
// inside fn is outside of the transaction. If the pool holds only one connection,
// such a call waits for ever. If the context of a statement in fn ends, fn must
// return the error of the statement: SQLite has then rolled back the transaction.
//
// When ctx ends before the commit begins, the transaction is rolled back and InTx
// returns an error. A commit that has begun is not interrupted. So after an error
// nothing is stored, except that an error which matches [ErrUnknownOutcome] says
// that this is not known.
func (db *DB) InTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	return InTx(ctx, db.DB, fn)
}

// Beginner is a *sql.DB or a *sql.Conn.
type Beginner interface {
	BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error)
}

// InTx is [DB.InTx] on any pool, or on one connection of a pool. On a connection, fn may also
// use sql.Conn.Raw, for what a driver offers beyond database/sql. fn must return from Raw with
// an error of its own or without one, and not with driver.ErrBadConn or a panic, since Raw would
// then wait for ever until the transaction ends.
func InTx(ctx context.Context, on Beginner, fn func(tx *sql.Tx) error) error {
	tx, err := begin(ctx, on, nil)
	if err != nil {
		return err
	}
	returned := false
	defer func() {
		if !returned { // a panic, or runtime.Goexit in a test
			_ = tx.rollBack()
		}
	}()
	err = fn(tx.Tx)
	returned = true
	if err != nil {
		return errors.Join(err, tx.rollBack())
	}
	return tx.commit()
}

// transaction is a transaction that ends with its context until it is committed.
type transaction struct {
	*sql.Tx
	ctx *detach.Context
}

func begin(ctx context.Context, on Beginner, options *sql.TxOptions) (transaction, error) {
	own := detach.New(ctx)
	tx, err := on.BeginTx(own, options)
	if err != nil {
		defer own.End()
		return transaction{}, fmt.Errorf("beginning a transaction: %w", own.Explain(err))
	}
	return transaction{tx, own}, nil
}

// commit commits, or rolls back if the context has ended. Some drivers send COMMIT with the
// context of BEGIN; where that ended meanwhile, nobody would know what came of it.
func (t transaction) commit() error {
	defer t.ctx.End()
	if err := t.ctx.Detach(detach.Grace); err != nil {
		_ = t.Rollback() // mostly it has begun already
		return fmt.Errorf("committing a transaction: %w", err)
	}
	err := t.ctx.Explain(t.Commit())
	switch {
	case err == nil:
		return nil
	case isRefusal(err):
		return fmt.Errorf("committing a transaction: %w", err)
	}
	return fmt.Errorf("committing a transaction: %w: %w", ErrUnknownOutcome, err)
}

// rollBack rolls back. That the database, the end of the context or a user has done so
// already is no fault.
func (t transaction) rollBack() error {
	defer t.ctx.End()
	err := t.Rollback()
	if err == nil || errors.Is(err, sql.ErrTxDone) || strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return fmt.Errorf("rolling back a transaction: %w", err)
}

// isRefusal says that the error of a COMMIT is an answer: the changes are not stored.
func isRefusal(err error) bool {
	if errors.Is(err, sql.ErrTxDone) {
		return true
	}
	if _, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok { // SQLite is no service that could go away
		return true
	}
	server, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	if !ok {
		// What pgx says where a statement had failed before, and the server did what it must.
		return strings.Contains(err.Error(), "commit unexpectedly resulted in rollback")
	}
	// Of connections, of the server's end, and of a COMMIT that may have been completed.
	state := server.SQLState()
	return !strings.HasPrefix(state, "08") && !strings.HasPrefix(state, "57P") && state != "40003"
}
