package sqltable

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// Manager is an iomanagers.IOManager that keeps rows as tables of an SQL database. The
// documentation of the package says how. It ignores Format.
//
// Streams are stored and loaded batch by batch, in bounded memory. Each pass over a loaded
// stream holds a connection of the pool, and sees the value that was stored when the pass
// began. A Store holds a connection too. So the pool needs at least two connections for each
// step that runs at the same time. If the pool has a single connection, as for an SQLite
// database in memory, a pass loads all rows into memory, and a Store first reads the stream
// into a temporary file in os.TempDir, without the connection. The system removes this file also
// if the process is killed, except in Windows.
//
// In PostgreSQL, VACUUM removes the old rows after a Store. A Store that has to change columns
// waits until nobody reads the table. So a step must not store rows with other columns while
// it reads the old value; if it does, it gets an error after LockTimeout. In SQLite one Store
// writes at a time. A stream is first written to a temporary table, so other writers wait only
// while it is copied.
//
// A Manager is safe for concurrent use, and several processes may use one database. Only the
// pool needs to be closed, by the caller.
type Manager struct {
	db  *sql.DB
	cfg Config

	schemas sync.Map // of *schema, by the reflect.Type of rows

	mu      sync.Mutex
	dialect dialect // nil until it has been found out
	storing chan struct{}
}

var (
	_ iomanagers.IOManager = (*Manager)(nil)
	_ iomanagers.Checker   = (*Manager)(nil)
	_ iomanagers.Joiner    = (*Manager)(nil)
	_ iomanagers.Checker   = checker{}
)

// New returns a manager on db. Its error is that of [Config.Validate]. The manager asks db
// whether it is SQLite or PostgreSQL when it first uses it. The driver for PostgreSQL must be
// pgx, which package modules/sqldb/postgres uses.
func New(db *sql.DB, cfg Config) (*Manager, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("making the manager of SQL tables: %w", err)
	}
	if cfg.LockTimeout == 0 {
		cfg.LockTimeout = defaultLockTimeout
	}
	return &Manager{db: db, cfg: cfg}, nil
}

// Check reports whether values of type t can be stored. It ignores format.
func (*Manager) Check(format string, t reflect.Type) error { return checker{}.Check(format, t) }

// checker is what is known of every manager before there is one.
type checker struct{}

func (checker) Check(_ string, t reflect.Type) error {
	_, err := schemaOf(t)
	return err
}

// Store replaces the rows of the asset's table, or of a partition in it, with the rows of
// value. It adds the metadata "rows" and "table".
func (m *Manager) Store(ctx context.Context, out iomanagers.Output, value any) error {
	return m.StoreTogether(ctx, []iomanagers.Assignment{{Manager: m, Output: out, Value: value}})
}

// Load gives dst the rows of the asset's table, or of a partition in it, in the order in
// which they were stored. Columns that are not in the type are ignored. If a column of the
// type is not in the table, the error matches iomanagers.ErrType.
func (m *Manager) Load(ctx context.Context, in iomanagers.Input, dst any) error {
	if err := m.load(ctx, in, dst); err != nil {
		return fmt.Errorf("loading %v: %w", in, contextual(ctx, err))
	}
	return nil
}

// contextual makes sure that an error that comes from the end of ctx says so, which not
// every driver does.
func contextual(ctx context.Context, err error) error {
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

func (m *Manager) schemaOf(t reflect.Type) (*schema, error) {
	if known, ok := m.schemas.Load(t); ok {
		return known.(*schema), nil
	}
	s, err := schemaOf(t)
	if err != nil {
		return nil, err
	}
	m.schemas.Store(t, s)
	return s, nil
}

// place is where the value of one asset and partition is kept.
type place struct {
	asset, partition string // as the catalog has them
	schema           string
	named            string // the schema that the config names
	name             string // of the table
	catalogName      string
	table, catalog   string // as SQL
	runID            string
	questionMarks    bool             // the database knows no numbered parameters
	wanted           iomanagers.Input // of a Load
}

func (m *Manager) place(asset, partition, runID string) place {
	p := place{
		asset: escapeKey(asset), partition: escapeKey(partition), runID: escapeKey(runID),
		name: tableName(m.cfg.Prefix, asset), catalogName: m.cfg.Prefix + catalogName,
		named: m.cfg.Schema,
	}
	return p.in(m.cfg.Schema)
}

// in returns the place in a schema. Without one, a temporary table with its name would be
// found first.
func (p place) in(schema string) place {
	p.schema = schema
	p.table, p.catalog = qualified(schema, p.name), qualified(schema, p.catalogName)
	return p
}

func (m *Manager) load(ctx context.Context, in iomanagers.Input, dst any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	target, err := targetType(in, dst)
	if err != nil {
		return err
	}
	s, err := m.schemaOf(target)
	if err != nil {
		return err
	}
	d, err := m.knownDialect(ctx)
	if err != nil {
		return err
	}
	p := d.place(m.place(in.Asset, in.Partition, in.RunID))
	p.wanted = in
	open := func(ctx context.Context) (rows.Source, error) {
		source, err := d.open(ctx, p, s)
		if err != nil {
			return nil, contextual(ctx, err)
		}
		if !m.hasOneConnection() {
			return source, nil
		}
		return readAhead(source, s)
	}
	if s.shape.Form.Streams() {
		// That there is a value, of such columns, is said now and not when it is read.
		source, err := d.open(ctx, p, s)
		if err != nil {
			return err
		}
		if err := source.Close(); err != nil {
			return err
		}
		inner := open
		open = func(ctx context.Context) (rows.Source, error) {
			source, err := inner(ctx)
			if err != nil {
				return nil, fmt.Errorf("loading %v: %w", in, err)
			}
			return source, nil
		}
	}
	return rows.Fill(ctx, dst, open)
}

// hasOneConnection says that whoever holds a connection keeps all others waiting.
func (m *Manager) hasOneConnection() bool { return m.db.Stats().MaxOpenConnections == 1 }

// takeTurn bounds the Stores at once to half of the connections: they read what they store
// over the others.
func (m *Manager) takeTurn(ctx context.Context) (release func(), err error) {
	most := m.db.Stats().MaxOpenConnections
	if most == 0 {
		return func() {}, nil
	}
	m.mu.Lock()
	if m.storing == nil {
		m.storing = make(chan struct{}, max(1, most/2))
	}
	storing := m.storing
	m.mu.Unlock()
	select {
	case storing <- struct{}{}:
		return func() { <-storing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// knownDialect asks the database what it is, once.
func (m *Manager) knownDialect(ctx context.Context) (dialect, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dialect != nil {
		return m.dialect, nil
	}
	var version string
	err := m.db.QueryRowContext(ctx, "SELECT version()").Scan(&version)
	if err == nil && strings.HasPrefix(version, "PostgreSQL ") {
		schema, err := m.connectionSchema(ctx)
		if err != nil {
			return nil, err
		}
		copier, _ := m.db.Driver().(copier)
		fetcher, _ := m.db.Driver().(fetcher)
		m.dialect = &postgreSQL{db: m.db, schema: schema, lockTimeout: m.cfg.LockTimeout, copier: copier, fetcher: fetcher}
		return m.dialect, nil
	}
	if err == nil {
		return nil, fmt.Errorf("%w: tables in %q; in SQLite and PostgreSQL they are", iomanagers.ErrUnsupported, version)
	}
	if second := m.db.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); second != nil {
		return nil, fmt.Errorf("asking the database what it is: %w", err)
	}
	m.dialect = &sqLite{db: m.db, writing: make(chan struct{}, 1)}
	return m.dialect, nil
}

// connectionSchema returns the schema that a connection to PostgreSQL has for its own, "" if
// it has none yet.
func (m *Manager) connectionSchema(ctx context.Context) (string, error) {
	var schema string
	if m.cfg.Schema != "" {
		return m.cfg.Schema, nil
	}
	if err := m.db.QueryRowContext(ctx, "SELECT coalesce(current_schema(), '')").Scan(&schema); err != nil {
		return "", fmt.Errorf("asking the database for the schema of the connection: %w", err)
	}
	if isTemporary(schema) {
		return "", fmt.Errorf("%w: tables in the connection's own schema, which is %s: values there end with the connection", iomanagers.ErrUnsupported, schema)
	}
	return schema, nil
}

// dialect is what differs between databases.
type dialect interface {
	// place completes where a value is kept.
	place(p place) place
	// limits says what columns can't hold.
	limits() limits
	// store puts the rows of all jobs into their places, in one transaction, and counts them.
	store(ctx context.Context, jobs []*job) error
	// change calls do in a transaction, if there is a catalog where the place is.
	change(ctx context.Context, p place, do func(q querier) error) error
	// open begins to read the rows of a place.
	open(ctx context.Context, p place, s *schema) (rows.Source, error)
}

// declaredType returns the Go type that value is stored as.
func declaredType(out iomanagers.Output, value any) (reflect.Type, error) {
	actual := reflect.TypeOf(value)
	switch {
	case actual == nil:
		return nil, fmt.Errorf("%w: the value is nil", iomanagers.ErrType)
	case out.Type == nil:
		return actual, nil
	case !actual.AssignableTo(out.Type):
		return nil, fmt.Errorf("%w: the value is a %v, a %v is declared", iomanagers.ErrType, actual, out.Type)
	}
	return out.Type, nil
}

// targetType returns the type of what dst points to.
func targetType(in iomanagers.Input, dst any) (reflect.Type, error) {
	pointer := reflect.ValueOf(dst)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return nil, fmt.Errorf("%w: the destination must be a non-nil pointer, not %T", iomanagers.ErrType, dst)
	}
	target := pointer.Type().Elem()
	if in.Type != nil && target != in.Type {
		return nil, fmt.Errorf("%w: the destination is a %T, a %v is asked for", iomanagers.ErrType, dst, in.Type)
	}
	if rows.IsBytes(target) && in.Stored != nil && in.Stored != target {
		return nil, fmt.Errorf("%w: a table has no bytes to give", iomanagers.ErrUnsupported)
	}
	return target, nil
}
