package sqlitestore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// ErrNewerSchema is what [Open] matches when a newer version of this package
// has written the file.
var ErrNewerSchema = errors.New("the file was written by a newer version")

// migrations holds the steps from one version of the schema to the next, the
// first in the file that begins with "1_". A step that was released never
// changes, and none goes back.
//
//go:embed schema/*.sql
var migrations embed.FS

// migrate brings the file to the newest version of the schema. Of several
// processes that open a new file at once, one does it and the others wait.
func migrate(ctx context.Context, db *sql.DB) error {
	steps, err := readMigrations()
	if err != nil {
		return err
	}
	version, err := readVersion(ctx, db)
	if err != nil {
		return err
	}
	if version >= len(steps) { // the common case, without a lock
		return checkVersion(version, len(steps))
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if version, err = readVersion(ctx, tx); err != nil {
		return err
	}
	if version >= len(steps) { // somebody else was here meanwhile
		return checkVersion(version, len(steps))
	}
	const table = `CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT`
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
	return tx.Commit()
}

// checkVersion refuses a file that this program would not understand.
func checkVersion(version, known int) error {
	if version > known {
		return fmt.Errorf("%w: its schema has version %d, this program knows versions up to %d", ErrNewerSchema, version, known)
	}
	return nil
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readVersion returns the version of the file's schema, 0 for a new file.
func readVersion(ctx context.Context, db querier) (int, error) {
	var tables, version int
	const exists = `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'`
	if err := db.QueryRowContext(ctx, exists).Scan(&tables); err != nil || tables == 0 {
		return 0, err
	}
	err := db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM schema_version`).Scan(&version)
	return version, err
}

// readMigrations returns the steps in order: index 0 makes version 1.
func readMigrations() ([]string, error) {
	var steps []string
	for {
		names, err := fs.Glob(migrations, fmt.Sprintf("schema/%d_*.sql", len(steps)+1))
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
