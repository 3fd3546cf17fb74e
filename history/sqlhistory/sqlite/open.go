// Package sqlite keeps runs in an SQLite file: the store for programs on
// one machine. Several processes may use one folder at the same time. It needs
// no C compiler and no service.
//
// An event whose Append returned survives the death of the process, however it
// died. Writes reach the disk with a delay, for speed: when the machine itself
// loses power, the last moments may be missing, but the file stays whole. The
// folder must be on a local disk; SQLite's locks do not work on network file
// systems.
//
// It imports package sqlhistory, which has all that is not SQLite's own, Fx (for
// [Module]) and modernc.org/sqlite.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/fxrun/fxrun/history/sqlhistory"
)

// FileName is the name of the file in the folder that [Open] is given. While
// it is open SQLite keeps two more beside it, with "-wal" and "-shm" added: a
// copy of the folder needs all three.
const FileName = "fxrun.db"

// migrations holds the steps of the schema: see sqlhistory.Database.
//
//go:embed schema/*.sql
var migrations embed.FS

// Open opens the history in a folder. The folder and the file are created if
// they are missing, a file of an older version is brought up to date, and one
// of a newer version is refused with [sqlhistory.ErrNewerSchema]. ctx bounds the opening,
// not the store's life.
func Open(ctx context.Context, folder string) (*sqlhistory.Store, error) {
	store, err := open(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("opening run history in %s: %w", folder, err)
	}
	return store, nil
}

func open(ctx context.Context, folder string) (*sqlhistory.Store, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	file, err := filepath.Abs(filepath.Join(folder, FileName))
	if err != nil {
		return nil, err
	}
	schema, err := fs.Sub(migrations, "schema")
	if err != nil {
		return nil, err
	}
	db := sqlhistory.Database{
		Name: "run history in " + folder, Begin: "BEGIN IMMEDIATE", Patiently: patiently, Migrations: schema,
		HasVersion: "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
		KeysOfJSON: "SELECT DISTINCT value AS asset FROM json_each(?)",
	}
	if db.Writer, err = sql.Open("sqlite", address(file, "immediate", "journal_mode(WAL)", "synchronous(NORMAL)")); err != nil {
		return nil, err
	}
	db.Writer.SetMaxOpenConns(1)
	if db.Readers, err = sql.Open("sqlite", address(file, "deferred", "query_only(1)")); err != nil {
		return nil, errors.Join(err, db.Writer.Close())
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	db.Readers.SetMaxOpenConns(readers)
	db.Readers.SetMaxIdleConns(readers)
	store, err := sqlhistory.Open(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := checkMode(ctx, db.Readers); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// address returns the data source name of a file for connections whose
// transactions begin in the given mode.
func address(file, begin string, pragmas ...string) string {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/... on Windows
	}
	query := url.Values{
		"_txlock": {begin},
		"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", lockWait.Milliseconds())}, pragmas...),
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// checkMode reports a file system that can't do what several processes need.
func checkMode(ctx context.Context, db *sql.DB) error {
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("SQLite can't keep a write-ahead log here (its journal mode is %q): the folder must be on a local disk", mode)
	}
	return nil
}
