package postgresaddress

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrSharedSession is matched by the error of an address that leads to a pooler which gives one
// session of the server to several clients. Locks and settings of a session would then belong
// to whoever has the session next.
var ErrSharedSession = errors.New("the address leads to a pooler that shares sessions between transactions, as PgBouncer does with pool_mode=transaction, and locks belong to a session: give the address of the server itself, or that of a pooler with pool_mode=session")

const (
	// looks is how often two connections are compared. A pooler that has several idle sessions
	// usually gives the one that was used last, so one look would do if nobody else used it.
	looks = 3
	// closing is the longest time that the end of the second connection takes.
	closing = 10 * time.Second
)

// CheckOwn compares a connection with a second one. Two connections that are open at the same
// time have two processes of the server, and each keeps its own, unless a pooler shares them. It
// returns the process of the first one. config makes the second connection. It must set nothing
// in the session, which may be that of somebody else.
func CheckOwn(ctx context.Context, conn *pgconn.PgConn, config *pgconn.Config) (process string, err error) {
	other, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return "", fmt.Errorf("looking whether the session belongs to this process alone, for which a second connection is needed: %w", err)
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
		defer cancel()
		_ = other.Close(ending)
	}()
	seen := make(map[*pgconn.PgConn]string, 2)
	for range looks {
		for _, one := range []*pgconn.PgConn{conn, other} {
			process, err := ProcessOf(ctx, one)
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

// ProcessOf returns the number of the process of the server that serves a connection. It
// uses the simple protocol, since prepared statements do not work with every pooler.
func ProcessOf(ctx context.Context, conn *pgconn.PgConn) (string, error) {
	results, err := conn.Exec(ctx, `SELECT pg_catalog.pg_backend_pid()`).ReadAll()
	if err != nil {
		return "", err
	}
	if len(results) != 1 || len(results[0].Rows) != 1 {
		return "", errors.New("the server did not tell its process")
	}
	return string(results[0].Rows[0][0]), nil
}

// Set changes settings of a session. Poolers refuse most settings that are given when a client
// connects, or ignore them.
func Set(ctx context.Context, conn *pgconn.PgConn, settings map[string]string) error {
	literal := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	var calls []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		calls = append(calls, "pg_catalog.set_config("+literal(name)+", "+literal(settings[name])+", false)")
	}
	if len(calls) == 0 {
		return nil
	}
	_, err := conn.Exec(ctx, "SELECT "+strings.Join(calls, ", ")).ReadAll()
	return err
}
