package sqltable

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"
)

// transaction calls fn between begin and COMMIT on a connection. Whatever goes wrong, a
// panic too, rolls back: after an error nothing is changed.
func transaction(ctx context.Context, conn *sql.Conn, begin string, fn func() error) (err error) {
	if err := insist(ctx, conn, begin); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			rollBack(ctx, conn)
		}
	}()
	if err := fn(); err != nil {
		return err
	}
	if err := insist(ctx, conn, "COMMIT"); err != nil {
		return err
	}
	done = true
	return nil
}

// insist begins or ends a transaction, as soon as nobody else holds the lock that this needs,
// unless ctx ends before. The statement itself does not get ctx: where that ends during the
// statement, drivers return its error even if the statement has taken effect.
func insist(ctx context.Context, conn *sql.Conn, statement string) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, err := conn.ExecContext(context.WithoutCancel(ctx), statement)
		if !isCode(err, busyCode) {
			return err
		}
		select { // the driver has waited too, as long as its busy_timeout says
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// The results of SQLite that are looked for. Its extended codes have more bits.
const (
	busyCode       = 5
	constraintCode = 19
)

func isCode(err error, code int) bool {
	coded, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	return ok && coded.Code()&0xff == code
}

func rollBack(ctx context.Context, conn *sql.Conn) {
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if err == nil || strings.Contains(err.Error(), "no transaction is active") {
		return // SQLite rolls back by itself, where it was interrupted
	}
	discard(conn)
}

// discard closes a connection whose state is not known: nobody else shall have it.
func discard(conn *sql.Conn) { _ = conn.Raw(func(any) error { return driver.ErrBadConn }) }
