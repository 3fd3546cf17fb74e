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

// OpenForReading opens the history in a folder without changing anything. It
// creates no file, and SQLite does not create its other files either. So it works
// on a full disk, in a folder that cannot be written, and in the folder of another
// user who allows reading. Each read sees what other processes have appended
// before. Append returns [sqlhistory.ErrReadOnly].
//
// A file without runs is an empty history. If there is no file, the error matches
// fs.ErrNotExist. A file of an older version is refused with
// [sqlhistory.ErrOlderSchema]; [Open] brings such a file up to date. If ctx ends,
// the opening ends; the store does not depend on ctx.
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
// SQLite. A link to a file that does not exist is an error of its own, and not a
// history that does not exist yet.
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

// reader reads a database without writing. If no process has the database open, the
// file alone is the whole database, and SQLite is told that the file does not
// change. The reader checks this after each read. If the file has changed during
// the read, it reads again.
type reader struct {
	file string

	mu    sync.Mutex
	still *sql.DB // connections to the file that does not change; nil until they are needed
	state state   // the state of the files when still was opened
}

// state is what can be seen of the files without reading them.
type state struct {
	file    os.FileInfo
	log     os.FileInfo // nil if there is no write-ahead log
	hasMore bool        // whether the write-ahead log has content
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

// isStill reports whether no process has changed the file between the two states,
// and the file alone is the whole database.
func (s state) isStill(now state) bool {
	return !s.hasMore && !now.hasMore && isSame(s.file, now.file)
}

// isSame reports whether no process has changed the file or the write-ahead log
// between the two states.
func (s state) isSame(now state) bool {
	return isSame(s.file, now.file) && s.log != nil && now.log != nil && isSame(s.log, now.log)
}

func isSame(one, other os.FileInfo) bool {
	return os.SameFile(one, other) && one.Size() == other.Size() && one.ModTime().Equal(other.ModTime())
}

// attempts is how often a read is tried when other processes open or close the
// database during it.
const attempts = 100

// errChanged says that another process opened or closed the database during a read.
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

// readAlone reads the file without the write-ahead log, which must be empty.
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

// open returns connections to the file, which assume that the file does not change.
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
		_ = r.still.Close() // a read that uses them finishes, or is tried again
	}
	r.still, r.state = opened, now
	return opened, nil
}

// uses reports whether the connections are still in use. Another read closes them
// when it finds that the file has changed.
func (r *reader) uses(still *sql.DB) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.still == still
}

// readBesideWriters reads while other processes have the database open, and uses
// the same files. It closes its connections after each read, because the last
// process that closes the database removes the other files of SQLite, and a process
// that only reads cannot remove them.
//
// For that SQLite needs a third file, and would create it. If it is missing, a
// killed process has left the other two files, or they were copied from another
// place. Then readBesideWriters copies the two files and reads the copy. A third
// reason is that a process is just closing the database.
func (r *reader) readBesideWriters(before state, do func(*sql.DB) error) error {
	if _, err := os.Stat(r.file + "-shm"); errors.Is(err, fs.ErrNotExist) {
		return r.readCopy(before, do)
	}
	failed := readFile(r.file, do)
	switch codeOf(failed) {
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR:
		if after, err := r.look(); err != nil || after.log == nil || !os.SameFile(before.log, after.log) {
			return errChanged // a process has just closed the database and removed the files
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

// readCopy copies the file and its write-ahead log into a temporary folder, reads
// the copy, and removes the folder.
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
