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
	opened, err := os.Open(file) // its error says more than that of SQLite
	if err != nil {
		return nil, err
	}
	if err := opened.Close(); err != nil {
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

// reader reads a database without writing. Where no process has written since the last one closed
// it, the file alone is the database, and SQLite is told that it does not change. This is looked
// after: if it has changed during a read, the read is done again.
type reader struct {
	file string

	mu    sync.Mutex
	still *sql.DB // of the unchanged file; nil until it is needed
	state state   // of the file when still was opened
}

// state is what a file looks like from outside.
type state struct {
	file    os.FileInfo
	hasMore bool // in the write-ahead log beside it
}

func (r *reader) look() (state, error) {
	log, err := os.Stat(r.file + "-wal")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return state{}, err
	}
	hasMore := err == nil && log.Size() > 0
	file, err := os.Stat(r.file)
	return state{file, hasMore}, err
}

// isStill says that no process has changed the file between two looks.
func (s state) isStill(now state) bool {
	return !s.hasMore && !now.hasMore && os.SameFile(s.file, now.file) && s.file.Size() == now.file.Size() && s.file.ModTime().Equal(now.file.ModTime())
}

// attempts is how often a read is done again before it is done in the way of a writer.
const attempts = 10

func (r *reader) read(ctx context.Context, do func(*sql.DB) error) error {
	for range attempts {
		before, err := r.look()
		if err != nil {
			return err
		}
		if before.hasMore {
			break
		}
		still, err := r.open(before)
		if err != nil {
			return err
		}
		failed := do(still)
		after, err := r.look()
		if err != nil {
			return err
		}
		if before.isStill(after) && r.uses(still) || ctx.Err() != nil {
			return failed
		}
	}
	return r.readBesideWriters(do)
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
func (r *reader) readBesideWriters(do func(*sql.DB) error) error {
	file, remove, err := r.readable()
	if err != nil {
		return err
	}
	defer remove()
	query := url.Values{"mode": {"ro"}, "_txlock": {"deferred"}, "_pragma": {fmt.Sprintf("busy_timeout(%d)", lockWait.Milliseconds())}}
	beside, err := sql.Open("sqlite", fileURL(file, query))
	if err != nil {
		return err
	}
	err = do(beside)
	return errors.Join(err, beside.Close())
}

// readable returns a file that can be read together with its write-ahead log. SQLite needs a third
// file for that, and would make it. Where it is missing, the two others are what a killed process has
// left, or a copy: a copy of them is read, in a folder that is then removed.
func (r *reader) readable() (file string, remove func(), err error) {
	if _, err := os.Stat(r.file + "-shm"); !errors.Is(err, fs.ErrNotExist) {
		return r.file, func() {}, nil //nolint:nilerr // SQLite says what is wrong
	}
	folder, err := os.MkdirTemp("", "fxrun-history-")
	if err != nil {
		return "", nil, fmt.Errorf("copying the run history, to read it: %w", err)
	}
	remove = func() { _ = os.RemoveAll(folder) }
	file = filepath.Join(folder, FileName)
	for _, suffix := range []string{"", "-wal"} {
		if err := copyFile(file+suffix, r.file+suffix); err != nil {
			remove()
			return "", nil, fmt.Errorf("copying the run history, to read it: %w", err)
		}
	}
	return file, remove, nil
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
