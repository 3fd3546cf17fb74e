// Package sqldb is a pool of SQL connections as a resource: opened and checked
// when it starts, closed when it stops.
//
// Use [Open] for any driver of database/sql that the program imports, or use a
// package below this one that knows the settings of its database (sqldb/sqlite,
// sqldb/postgres). A package for another database uses [New] and returns the same
// [*DB], so code with a *DB works with each of them.
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
// The embedded pool is nil until the resource has started. In plain Fx, use it in
// OnStart hooks and later, not in a constructor. After the stop every call returns
// the error "database is closed" of database/sql. Code that gets a DB as a
// parameter must not close it. It is safe for concurrent use.
type DB struct {
	*sql.DB
}

// New returns a DB that calls open and pings the result when lc starts, and
// closes it when lc stops. It is for packages that know a database; programs
// call [Open] or such a package.
//
// open gets the context of the start, which ends when the start ends. It returns a
// pool with its settings, and the DB then owns this pool. If open or the ping
// fails, the start fails and nothing stays open. A start after a stop opens a new
// pool.
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
