package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fxrun/fxrun/history/sqlhistory"
)

// OpenForReading opens the history in a folder, and changes nothing: it makes no file, also none
// of those that SQLite keeps beside the history. So it works on a full disk, in a folder that can't
// be written, and in that of another user who lets others read. What another process appends is
// seen by the next read. Append returns [sqlhistory.ErrReadOnly].
//
// A file without any run in it is an empty history. If there is no file, the error matches
// fs.ErrNotExist. A file of an older version is refused with [sqlhistory.ErrOlderSchema]: [Open]
// brings it up to date. ctx bounds the opening, not the store's life.
func OpenForReading(ctx context.Context, folder string) (*sqlhistory.Store, error) {
	store, err := openForReading(ctx, folder)
	if err != nil {
		return nil, fmt.Errorf("opening run history in %s for reading: %w", folder, err)
	}
	return store, nil
}

func openForReading(ctx context.Context, folder string) (*sqlhistory.Store, error) {
	file, err := filepath.Abs(filepath.Join(folder, FileName))
	if err != nil {
		return nil, err
	}
	if err := checkFile(folder, file); err != nil {
		return nil, err
	}
	db, err := describe(folder, file)
	if err != nil {
		return nil, err
	}
	reader := &reader{file: file}
	db.Read, db.Close = reader.read, reader.close
	return sqlhistory.Open(ctx, db)
}

// checkFile opens the file and closes it again. Its errors say more than those of
// SQLite. A link that leads nowhere is not taken for a history that does not exist
// yet.
func checkFile(folder, file string) error {
	opened, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		for _, name := range []string{folder, file} {
			target, notLink := os.Readlink(name)
			if _, missing := os.Stat(name); notLink == nil && missing != nil {
				return fmt.Errorf("%s is a link to %s, which does not exist", name, target)
			}
		}
	}
	if err != nil {
		return err
	}
	info, err := opened.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", file)
	}
	return errors.Join(err, opened.Close())
}

// reader reads a database without writing. Where no process has written since the last one closed
// it, the file alone is the database, and SQLite is told that it does not change. This is looked
// after: if it has changed during a read, the read is done again.
type reader struct {
	file string

	mu    sync.Mutex
	still *sql.DB // of the unchanged file; nil until it is needed
	state state   // of the file when still was opened
}

// state is what the files look like from outside.
type state struct {
	file    os.FileInfo
	log     os.FileInfo // nil where there is none
	hasMore bool        // in the write-ahead log
}

func (r *reader) look() (state, error) {
	log, err := os.Stat(r.file + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		log = nil
	} else if err != nil {
		return state{}, err
	}
	file, err := os.Stat(r.file)
	return state{file: file, log: log, hasMore: log != nil && log.Size() > 0}, err
}

// isStill says that no process has changed the file between two looks, and that it is the whole
// database.
func (s state) isStill(now state) bool {
	return !s.hasMore && !now.hasMore && isSame(s.file, now.file)
}

// isSame says that no process has changed the file or the log between two looks.
func (s state) isSame(now state) bool {
	return isSame(s.file, now.file) && s.log != nil && now.log != nil && isSame(s.log, now.log)
}

func isSame(one, other os.FileInfo) bool {
	return os.SameFile(one, other) && one.Size() == other.Size() && one.ModTime().Equal(other.ModTime())
}

// attempts is how often a read is done again, because a process came or went during it.
const attempts = 100

// errChanged says that a process came or went during a read.
var errChanged = errors.New("other processes open and close the run history all the time")

func (r *reader) read(ctx context.Context, do func(*sql.DB) error) error {
	for range attempts {
		before, err := r.look()
		if err != nil {
			return err
		}
		attempt := r.readAlone
		if before.hasMore {
			attempt = r.readBesideWriters
		}
		if err := attempt(before, do); !errors.Is(err, errChanged) {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return errChanged
}

// readAlone reads the file without the write-ahead log, as long as that is empty.
func (r *reader) readAlone(before state, do func(*sql.DB) error) error {
	still, err := r.open(before)
	if err != nil {
		return err
	}
	failed := do(still)
	after, err := r.look()
	if err != nil {
		return err
	}
	if !before.isStill(after) || !r.uses(still) {
		return errChanged
	}
	return failed
}

// open returns connections to a file that does not change.
func (r *reader) open(now state) (*sql.DB, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.still != nil && r.state.isStill(now) {
		return r.still, nil
	}
	opened, err := sql.Open("sqlite", fileURL(r.file, url.Values{"mode": {"ro"}, "immutable": {"1"}, "_txlock": {"deferred"}}))
	if err != nil {
		return nil, err
	}
	if r.still != nil {
		_ = r.still.Close() // a read that uses it finishes, or is done again
	}
	r.still, r.state = opened, now
	return opened, nil
}

// uses says that the connections are not closed yet, because another read found a change.
func (r *reader) uses(still *sql.DB) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.still == still
}

// readBesideWriters reads as every process does that writes too, but for the writing. The
// connections are not kept: the last process that closes the database removes the files beside it,
// which one that only reads can't do.
//
// SQLite needs a third file for that, and would make it. Where it is missing, the two others are what
// a killed process has left, or a copy: a copy of them is read. Or a process is just closing them.
func (r *reader) readBesideWriters(before state, do func(*sql.DB) error) error {
	if _, err := os.Stat(r.file + "-shm"); errors.Is(err, fs.ErrNotExist) {
		return r.readCopy(before, do)
	}
	failed := readFile(r.file, do)
	switch codeOf(failed) {
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR:
		if after, err := r.look(); err != nil || after.log == nil || !os.SameFile(before.log, after.log) {
			return errChanged // the files were closed and removed just then
		}
	}
	return failed
}

func readFile(file string, do func(*sql.DB) error) error {
	query := url.Values{"mode": {"ro"}, "_txlock": {"deferred"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", lockWait.Milliseconds())}}
	beside, err := sql.Open("sqlite", fileURL(file, query))
	if err != nil {
		return err
	}
	err = do(beside)
	return errors.Join(err, beside.Close())
}

// readCopy reads a copy of the file and its write-ahead log, in a folder that is then removed.
func (r *reader) readCopy(before state, do func(*sql.DB) error) error {
	folder, err := os.MkdirTemp("", "fxrun-history-")
	if err != nil {
		return fmt.Errorf("copying the run history, to read it: %w", err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // it is a temporary folder
	file := filepath.Join(folder, FileName)
	copied := errors.Join(copyFile(file, r.file), copyFile(file+"-wal", r.file+"-wal"))
	after, err := r.look()
	switch {
	case err != nil:
		return err
	case !before.isSame(after):
		return errChanged
	case copied != nil:
		return fmt.Errorf("copying the run history, to read it: %w", copied)
	}
	return readFile(file, do)
}

func copyFile(to, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close() //nolint:errcheck // it was only read
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = target.ReadFrom(source)
	return errors.Join(err, target.Close())
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.still == nil {
		return nil
	}
	return r.still.Close()
}
