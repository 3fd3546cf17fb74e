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
// they are missing, for their owner alone (modes 0700 and 0600), a file of an older version is brought up to date, and one
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
	// What steps log and the configs of runs are nobody else's.
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	file, err := filepath.Abs(filepath.Join(folder, FileName))
	if err != nil {
		return nil, err
	}
	if err := makePrivate(file); err != nil {
		return nil, err
	}
	db, err := describe(folder, file)
	if err != nil {
		return nil, err
	}
	if db.Writer, err = sql.Open("sqlite", address(file, "immediate", "journal_mode(WAL)", "synchronous(NORMAL)")); err != nil {
		return nil, err
	}
	db.Writer.SetMaxOpenConns(1)
	readers, err := sql.Open("sqlite", address(file, "deferred", "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, db.Writer.Close())
	}
	most := max(4, runtime.GOMAXPROCS(0))
	readers.SetMaxOpenConns(most)
	readers.SetMaxIdleConns(most)
	db.Read = func(_ context.Context, do func(*sql.DB) error) error { return do(readers) }
	db.Close = readers.Close
	var kept *keeper
	db.Kept = func() error {
		if kept == nil { // while the schema is made
			return nil
		}
		return kept.check()
	}
	store, err := sqlhistory.Open(ctx, db)
	if err != nil {
		return nil, err
	}
	if err := checkMode(ctx, readers); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if kept, err = keep(file); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// describe returns what every way to open the file has in common.
func describe(folder, file string) (sqlhistory.Database, error) {
	schema, err := fs.Sub(migrations, "schema")
	return sqlhistory.Database{
		Name: "run history in " + folder, Begin: "BEGIN IMMEDIATE", Patiently: patiently, Migrations: schema,
		Tables: "SELECT count(*), count(CASE WHEN name IN ('schema_version', 'runs', 'events') THEN 1 END)" +
			" FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
		KeysOfJSON: "SELECT DISTINCT value AS asset FROM json_each(?)",
		Explain:    explainer(file),
	}, err
}

// makePrivate makes the file, where it is missing, for its owner alone. SQLite gives the files
// beside it the same mode.
func makePrivate(file string) error {
	made, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return made.Close()
}

// address returns the data source name of a file for connections whose
// transactions begin in the given mode.
func address(file, begin string, pragmas ...string) string {
	query := url.Values{
		"_txlock": {begin},
		"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", lockWait.Milliseconds())}, pragmas...),
	}
	return fileURL(file, query)
}

func fileURL(file string, query url.Values) string {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/... on Windows
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
