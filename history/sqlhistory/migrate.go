package sqlhistory

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// ErrNewerSchema is matched by the error of [Open] if a newer version of this
// package has written the database.
var ErrNewerSchema = errors.New("the run history was written by a newer version")

// ErrOlderSchema is matched by the error of [Open] if the database is opened for
// reading only and an older version of this package has written it.
var ErrOlderSchema = errors.New("the run history was written by an older version")

// ErrForeign is matched by the error of [Open] if the database has tables, but not
// those of a history. Then another program uses it.
var ErrForeign = errors.New("the database belongs to another program")

// migrate brings the database to the newest version of the schema. If several
// processes open a new database at the same time, one of them does this and the
// others wait.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := readMigrations(s.db.Migrations)
	if err != nil {
		return err
	}
	version, err := s.readVersion(ctx, s.db.Writer)
	if err != nil {
		return err
	}
	if version >= len(steps) { // the common case, which needs no lock
		return checkVersion(version, len(steps))
	}
	conn, err := cmp.Or(s.db.Migrator, s.db.Writer).Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, s.db.Begin); err != nil {
		return err
	}
	if err := s.migrateIn(ctx, conn, steps); err != nil {
		if _, open := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`); open != nil {
			_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // which closes it
		}
		return err
	}
	return nil
}

// migrateIn executes the steps that are missing in the transaction that has begun, and
// commits it.
func (s *Store) migrateIn(ctx context.Context, tx *sql.Conn, steps []string) error {
	version, err := s.readVersion(ctx, tx)
	if err != nil {
		return err
	}
	if version >= len(steps) { // another process has done it meanwhile
		if err := checkVersion(version, len(steps)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `COMMIT`)
		return err
	}
	const table = `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied TEXT NOT NULL)`
	if _, err := tx.ExecContext(ctx, table); err != nil {
		return err
	}
	for ; version < len(steps); version++ {
		if _, err := tx.ExecContext(ctx, steps[version]); err != nil {
			return fmt.Errorf("moving to schema version %d: %w", version+1, err)
		}
		const note = `INSERT INTO schema_version (version, applied) VALUES (?, ?)`
		if _, err := tx.ExecContext(ctx, note, version+1, time.Now().UTC().Format(time.RFC3339)); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `COMMIT`)
	return err
}

// checkVersion refuses a database that this program would not understand.
func checkVersion(version, known int) error {
	if version > known {
		return fmt.Errorf("%w: its schema has version %d, this program knows versions up to %d", ErrNewerSchema, version, known)
	}
	return nil
}

// errEmpty says that a database that is opened for reading only has no schema. It
// therefore has no runs.
var errEmpty = errors.New("there is no history yet")

// checkToRead checks, before the first rows are read, that the schema has the
// version of this program.
func (s *Store) checkToRead(ctx context.Context, tx *sql.Tx) error {
	if s.known.Load() {
		return nil
	}
	steps, err := readMigrations(s.db.Migrations)
	if err != nil {
		return err
	}
	version, err := s.readVersion(ctx, tx)
	switch {
	case err != nil:
		return err
	case version == 0:
		return errEmpty
	case version < len(steps):
		return fmt.Errorf("%w: its schema has version %d, this program reads version %d", ErrOlderSchema, version, len(steps))
	}
	if err := checkVersion(version, len(steps)); err != nil {
		return err
	}
	s.known.Store(true)
	return nil
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readVersion returns the version of the schema. It is 0 for an empty database.
func (s *Store) readVersion(ctx context.Context, db querier) (int, error) {
	var tables, own, version int
	if err := db.QueryRowContext(ctx, s.db.Tables).Scan(&tables, &own); err != nil || tables == 0 {
		return 0, err
	}
	if own < 3 {
		return 0, fmt.Errorf("%w: it holds tables, but no run history; give the history %s of its own", ErrForeign, s.db.Place)
	}
	err := db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_version`).Scan(&version)
	if err == nil && version == 0 { // which no process leaves: the tables and their version are one transaction
		err = fmt.Errorf("%w: its tables have no version any more; put a copy of it back, or move it away, and the next run begins a new history; values of assets are not in it", ErrDamaged)
	}
	return version, err
}

// readMigrations returns the steps in order. The step with index 0 makes version 1.
func readMigrations(migrations fs.FS) ([]string, error) {
	var steps []string
	for {
		names, err := fs.Glob(migrations, fmt.Sprintf("%d_*.sql", len(steps)+1))
		if err != nil || len(names) == 0 {
			return steps, err
		}
		step, err := fs.ReadFile(migrations, names[0])
		if err != nil {
			return nil, err
		}
		steps = append(steps, string(step))
	}
}
