// Package sqlite keeps runs in an SQLite file. It is the store for programs on one
// machine. Several processes may use one folder at the same time. It needs no C
// compiler and no service.
//
// When Append has returned without an error, the events are kept even if the
// process is killed. Writes reach the disk with a delay, because this is faster. If
// the machine loses power, the last events may be missing, but the file is not
// damaged. The folder must be on a local disk, since the locks of SQLite do not
// work on network file systems.
//
// It imports modernc.org/sqlite, and package sqlhistory, which has the code for all
// SQL databases. Package sqlitefx gives the history to an Fx application.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
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

// FileName is the name of the file in the folder that [Open] is given. While the
// file is open, SQLite keeps two more files in the folder, whose names end in
// "-wal" and "-shm". A copy of the history needs all three files.
const FileName = "fxrun.db"

// migrations holds the steps of the schema: see sqlhistory.Database.
//
//go:embed schema/*.sql
var migrations embed.FS

// Open opens the history in a folder. If the folder or the file is missing, Open
// creates it with access only for its owner (modes 0700 and 0600). Open brings a
// file of an older version up to date, and refuses a file of a newer version with
// [sqlhistory.ErrNewerSchema]. If ctx ends, the opening ends; the store does not
// depend on ctx.
func Open(ctx context.Context, folder string) (*sqlhistory.Store, error) {
	store, err := open(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("opening run history in %s: %w", folder, err)
	}
	return store, nil
}

func open(ctx context.Context, folder string) (*sqlhistory.Store, error) {
	// Other users must not see the logs of steps and the configs of runs.
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
	most := max(4, runtime.GOMAXPROCS(0)) + 1 // one is the version's
	readers.SetMaxOpenConns(most)
	readers.SetMaxIdleConns(most)
	db.Read = func(_ context.Context, do func(*sql.DB) error) error { return do(readers) }
	changes := &version{readers: readers}
	db.Version = changes.read
	db.Close = func() error { return errors.Join(changes.close(), readers.Close()) }
	var kept *keeper
	db.Kept = func() error {
		if kept == nil { // while the schema is created
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

// describe returns the parts of the Database that are the same for writing and for
// reading.
func describe(folder, file string) (sqlhistory.Database, error) {
	schema, err := fs.Sub(migrations, "schema")
	return sqlhistory.Database{
		Name: "run history in " + folder, Begin: "BEGIN IMMEDIATE", Patiently: patiently, Patience: patience, Migrations: schema,
		Tables: "SELECT count(*), count(CASE WHEN name IN ('schema_version', 'runs', 'events') THEN 1 END)" +
			" FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
		KeepsLatest: true,
		Size:        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
		Join:        "CROSS JOIN", List: listJSON, Place: "a folder",
		Texts: "SELECT value FROM json_each(?)", Numbers: "SELECT value FROM json_each(?)",
		Changed: "PRAGMA data_version", Explain: explainer(file),
	}, err
}

// listJSON returns a list as a JSON array.
func listJSON(list any) (any, error) {
	array, err := json.Marshal(list)
	return string(array), err
}

// makePrivate creates the file, if it is missing, with access only for its owner.
// SQLite gives its other files the same mode.
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

// checkMode returns an error if the file system lacks what SQLite needs when
// several processes use the file.
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
