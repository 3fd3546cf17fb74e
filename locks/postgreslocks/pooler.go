package postgreslocks

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// ErrSharedSession is matched by the error of locks whose address leads to a pooler that
// gives one session of the server to several clients. A lock would then belong to whoever
// has the session next.
var ErrSharedSession = errors.New("the address leads to a pooler that shares sessions between transactions, as PgBouncer does with pool_mode=transaction, and locks belong to a session: give the address of the server itself, or that of a pooler with pool_mode=session")

// looks is how often two connections are compared. A pooler that has several idle sessions
// usually gives the one that was used last, so one look would do if nobody else used it.
const looks = 3

// checkOwn compares the connection with a second one. Two connections that are open at the
// same time have two processes of the server, and each keeps its own, unless a pooler shares
// them. It returns the process of the first one.
func (d *Database) checkOwn(ctx context.Context, conn *pgx.Conn) (process string, err error) {
	other, err := pgx.ConnectConfig(ctx, d.config)
	if err != nil {
		return "", fmt.Errorf("looking whether the session belongs to this process alone, for which a second connection is needed: %w", err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), silence)
		defer cancel()
		_ = other.Close(closing)
	}()
	seen := make(map[*pgx.Conn]string, 2)
	for range looks {
		for _, one := range []*pgx.Conn{conn, other} {
			process, err := processOf(ctx, one)
			if err != nil {
				return "", fmt.Errorf("looking whether the session belongs to this process alone: %w", err)
			}
			if before, ok := seen[one]; ok && before != process {
				return "", ErrSharedSession
			}
			seen[one] = process
		}
		if seen[conn] == seen[other] {
			return "", ErrSharedSession
		}
	}
	return seen[conn], nil
}

// processOf returns the number of the process of the server that serves a connection. It
// uses the simple protocol, since prepared statements do not work with every pooler.
func processOf(ctx context.Context, conn *pgx.Conn) (string, error) {
	results, err := conn.PgConn().Exec(ctx, `SELECT pg_catalog.pg_backend_pid()`).ReadAll()
	if err != nil {
		return "", err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return "", errors.New("the server did not tell its process")
	}
	return string(results[0].Rows[0][0]), nil
}
