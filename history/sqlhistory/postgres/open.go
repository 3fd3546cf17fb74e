// Package postgres keeps runs in a PostgreSQL database. It is the store for programs on
// several machines, and for many processes that write at the same time.
//
// When Append has returned without an error, the events are kept as safely as the server
// keeps any transaction (see its setting synchronous_commit). All events are in the order
// in which others see them: writers take turns, by an advisory lock of the database.
//
// A server may be restarted, killed or slow, or its disk may be full. Calls wait for it:
// see [Open].
//
// It imports github.com/jackc/pgx, and package sqlhistory, which has the code for all SQL
// databases. Package postgresfx gives the history to an Fx application.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fxrun/fxrun/history/sqlhistory"
)

// migrations holds the steps of the schema: see sqlhistory.Database.
//
//go:embed schema/*.sql
var migrations embed.FS

// Open opens the history in a database. url is postgres://user:password@host:5432/database,
// with settings such as ?sslmode=verify-full behind it. What it does not say comes from the
// same places as in psql: from environment variables such as PGPASSWORD, from ~/.pgpass,
// and from the defaults of PostgreSQL. No error shows the password.
//
// The tables are in the schema fxrun of the database, or in the one that ?search_path=name
// names. Open makes the schema and the tables if they are missing, for which the role needs
// the right CREATE, brings tables of an older version up to date, and refuses those of a
// newer version with [sqlhistory.ErrNewerSchema]. If ctx ends, the opening ends; the store
// does not depend on ctx.
//
// Open fails at once if no server answers. Later a call of the store waits up to 30 seconds
// for a server that was restarted or killed, has no free connection or disk space, or does
// not answer at all; and up to 30 seconds more to find out whether a transaction is stored
// whose commit was not answered. It connects again and repeats its transaction, unless the
// first attempt was stored. If it could not find this out in time, the error of Append
// matches [sqlhistory.ErrOutcomeUnknown]. Between two attempts a call ends with its context.
//
// Every connection has the name of the program (application_name), unless url has another.
func Open(ctx context.Context, url string) (*sqlhistory.Store, error) {
	return open(ctx, url, true, usual)
}

// OpenForReading opens the history in a database without changing anything. The role needs
// only the right to read. A database without a history is an empty history. Append returns
// [sqlhistory.ErrReadOnly], and tables of an older version are refused with
// [sqlhistory.ErrOlderSchema]. Otherwise it is like [Open].
func OpenForReading(ctx context.Context, url string) (*sqlhistory.Store, error) {
	return open(ctx, url, false, usual)
}

// limits are how long to wait for a server.
type limits struct {
	patience time.Duration // for the whole call
	silence  time.Duration // for the answer to one statement of a writer
	reading  time.Duration // for the first or next row of a query
}

// A query may have to read millions of rows before it finds the first one. A statement of a
// writer looks at a few rows. What brings the tables up to date may change all of them, and
// has no limit.
var usual = limits{patience: 30 * time.Second, silence: 10 * time.Second, reading: 2 * time.Minute}

func open(ctx context.Context, url string, writing bool, limits limits) (*sqlhistory.Store, error) {
	address, err := parse(url)
	doing := "opening run history"
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	store, err := address.open(ctx, writing, limits)
	if err != nil {
		return nil, fmt.Errorf("%s in %s: %w", doing, address.name, err)
	}
	return store, nil
}

func (a *address) open(ctx context.Context, writing bool, limits limits) (*sqlhistory.Store, error) {
	steps, err := fs.Sub(migrations, "schema")
	if err != nil {
		return nil, err
	}
	server := &server{limits: limits, name: a.name}
	readers := sql.OpenDB(a.pool(limits.reading, map[string]string{
		"default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on",
	}))
	most := max(4, runtime.GOMAXPROCS(0))
	readers.SetMaxOpenConns(most)
	readers.SetMaxIdleConns(most)
	db := sqlhistory.Database{
		Name: "run history in " + a.name, Migrations: steps, Place: "a schema",
		Begin: fmt.Sprintf("BEGIN; SELECT pg_advisory_xact_lock(%d)", a.lock()),
		Tables: "SELECT count(*), count(CASE WHEN tablename IN ('schema_version', 'runs', 'events') THEN 1 END)" +
			" FROM pg_catalog.pg_tables WHERE schemaname = '" + a.schema + "'",
		Size: "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_catalog.pg_class c" +
			" WHERE c.relkind = 'r' AND c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = '" + a.schema + "')",
		Join: "JOIN", List: func(list any) (any, error) { return list, nil },
		Texts: "SELECT unnest(?::text[]) AS value", Numbers: "SELECT unnest(?::bigint[])",
		Read:      func(_ context.Context, do func(*sql.DB) error) error { return do(readers) },
		Close:     readers.Close,
		Patiently: server.patiently, Patience: limits.patience, CanRepeat: canRepeat, Explain: a.explain,
	}
	if writing {
		settings := map[string]string{
			// A process that was stopped, or whose machine was lost, must not keep others from writing.
			"idle_in_transaction_session_timeout": inMilliseconds(limits.silence),
			"lock_timeout":                        "100",
			// What others have committed before the lock was taken must be seen.
			"default_transaction_isolation": "read committed",
		}
		migrator := a.pool(limits.silence, settings)
		migrator.migrates = true
		db.Writer, db.Migrator = sql.OpenDB(a.pool(limits.silence, settings)), sql.OpenDB(migrator)
		db.Writer.SetMaxOpenConns(1)
		if err := server.patiently(ctx, time.Now(), func() error { return a.makeSchema(ctx, db.Writer) }); err != nil {
			return nil, errors.Join(a.explain(err), db.Writer.Close(), db.Migrator.Close(), readers.Close())
		}
	}
	store, err := sqlhistory.Open(ctx, db)
	server.known.Store(err == nil)
	return store, err
}

// makeSchema makes the schema for the tables if it is missing.
func (a *address) makeSchema(ctx context.Context, db *sql.DB) error {
	var found bool
	err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ?)`, a.schema).Scan(&found)
	if err != nil || found {
		return err
	}
	// Of two processes that make it at once, one would get an error without the lock.
	_, err = db.ExecContext(ctx, fmt.Sprintf(`BEGIN; SELECT pg_advisory_xact_lock(%d); CREATE SCHEMA IF NOT EXISTS %s; COMMIT`,
		a.lock(), pgx.Identifier{a.schema}.Sanitize()))
	return err
}

// server is how calls wait for a server.
type server struct {
	limits limits
	name   string
	known  atomic.Bool // whether it has answered once
}
