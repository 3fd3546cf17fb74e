// Package sqldb is a pool of SQL connections as a resource: opened and checked
// when it starts, closed when it stops.
//
// Use [Open] for any database/sql driver the program imports, or a package
// below this one, which knows its database's settings (sqldb/sqlite). A package
// for another database builds on [New] and gives the same [*DB], so that code
// which takes one doesn't care.
package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"go.uber.org/fx"
)

// DB is a database/sql pool with the lifetime of the resource that made it,
// and [DB.InTx] on top.
//
// The embedded pool is nil until the resource has started: under plain Fx use
// it from OnStart hooks and later, not from a constructor. After the stop every
// call gives database/sql's "database is closed". Whoever receives a DB must
// not close it. It is safe for concurrent use.
type DB struct {
	*sql.DB
}

// New returns a DB that calls open and pings the result when lc starts, and
// closes it when lc stops. It is for packages that know a database; programs
// call [Open] or such a package.
//
// open gets the context of the start, which ends when the start does, and
// returns a pool set up the way it shall be used; the DB then owns that pool.
// An open or ping that fails fails the start and leaves nothing open. A start
// after a stop opens a new pool.
func New(lc fx.Lifecycle, open func(ctx context.Context) (*sql.DB, error)) *DB {
	db := &DB{}
	lc.Append(fx.StartStopHook(
		func(ctx context.Context) error { return db.start(ctx, open) },
		db.stop,
	))
	return db
}

// Ping checks that the database answers. It has the shape of a health check of
// a resource: container.Health(sqldb.Ping).
func Ping(ctx context.Context, db *DB) error {
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("pinging the database: %w", err)
	}
	return nil
}

func (db *DB) start(ctx context.Context, open func(context.Context) (*sql.DB, error)) error {
	pool, err := open(ctx)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	// Fx doesn't stop what failed to start, and an open pool holds a goroutine.
	if err := pool.PingContext(ctx); err != nil {
		return errors.Join(fmt.Errorf("opening the database: %w", err), pool.Close())
	}
	db.DB = pool
	return nil
}

func (db *DB) stop() error {
	if err := db.Close(); err != nil {
		return fmt.Errorf("closing the database: %w", err)
	}
	return nil
}
