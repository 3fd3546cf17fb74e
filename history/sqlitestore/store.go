// Package sqlitestore keeps runs in an SQLite file: the store for programs on
// one machine. Several processes may use one folder at the same time. It needs
// no C compiler and no service.
//
// An event whose Append returned survives the death of the process, however it
// died. Writes reach the disk with a delay, for speed: when the machine itself
// loses power, the last moments may be missing, but the file stays whole. The
// folder must be on a local disk; SQLite's locks do not work on network file
// systems.
//
// It imports package runs, Fx (for Module) and modernc.org/sqlite. What a store must do is
// written at history.Store and tested by package historytest.
package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/history"
)

// FileName is the name of the file in the folder that [Open] is given. While
// it is open SQLite keeps two more beside it, with "-wal" and "-shm" added: a
// copy of the folder needs all three.
const FileName = "fxrun.db"

// Store is a [history.Store] in an SQLite file. It is safe for concurrent use.
// The one that opened it closes it.
type Store struct {
	folder string

	// writing holds a token while somebody writes. The fields after it belong
	// to the one who put it there.
	writing chan struct{}
	insert  *statements
	held    map[string]*heldRun // runs that have not finished, by ID

	queue   queue
	writer  *sql.DB
	conn    *sql.Conn // the writer's only connection
	readers *sql.DB

	closeOnce sync.Once
	closeErr  error
}

var _ history.Store = (*Store)(nil)

// Open opens the history in a folder. The folder and the file are created if
// they are missing, a file of an older version is brought up to date, and one
// of a newer version is refused with [ErrNewerSchema]. ctx bounds the opening,
// not the store's life.
func Open(ctx context.Context, folder string) (*Store, error) {
	store, err := open(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("opening run history in %s: %w", folder, err)
	}
	return store, nil
}

func open(ctx context.Context, folder string) (_ *Store, err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	file, err := filepath.Abs(filepath.Join(folder, FileName))
	if err != nil {
		return nil, err
	}
	s := &Store{folder: folder, writing: make(chan struct{}, 1), held: make(map[string]*heldRun)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.writer, err = sql.Open("sqlite", address(file, "immediate", "journal_mode(WAL)", "synchronous(NORMAL)")); err != nil {
		return nil, err
	}
	s.writer.SetMaxOpenConns(1)
	if err := patiently(ctx, func() error { return migrate(ctx, s.writer) }); err != nil {
		return nil, err
	}
	if err := checkMode(ctx, s.writer); err != nil {
		return nil, err
	}
	if s.conn, err = s.writer.Conn(ctx); err != nil {
		return nil, err
	}
	if s.insert, err = prepare(ctx, s.conn); err != nil {
		return nil, err
	}
	if s.readers, err = sql.Open("sqlite", address(file, "deferred", "query_only(1)")); err != nil {
		return nil, err
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	s.readers.SetMaxOpenConns(readers)
	s.readers.SetMaxIdleConns(readers)
	return s, nil
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

// Close waits for a write that is under way and closes the file. Calls after
// the first do nothing and return what the first returned; every other method
// then returns an error.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.writing <- struct{}{}
		defer func() { <-s.writing }()
		var errs []error
		if s.insert != nil {
			errs = append(errs, s.insert.close())
		}
		if s.conn != nil {
			errs = append(errs, s.conn.Close())
		}
		for _, db := range []*sql.DB{s.readers, s.writer} {
			if db != nil {
				errs = append(errs, db.Close())
			}
		}
		if err := errors.Join(errs...); err != nil {
			s.closeErr = fmt.Errorf("closing run history in %s: %w", s.folder, err)
		}
	})
	return s.closeErr
}
