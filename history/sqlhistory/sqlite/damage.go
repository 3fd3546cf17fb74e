package sqlite

import (
	"errors"
	"fmt"
	"os"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/fxrun/fxrun/history/sqlhistory"
)

// explainer returns a function that adds advice for people to the errors of SQLite
// about a file.
func explainer(file string) func(error) error {
	return func(err error) error {
		switch codeOf(err) {
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			if errors.Is(err, sqlhistory.ErrDamaged) {
				return err
			}
			return fmt.Errorf("%w: %s can't be read: %w; put a copy of it back, or move it away together with %[2]s-wal and %[2]s-shm, and the next run begins a new history; values of assets are not in it",
				sqlhistory.ErrDamaged, file, err)
		}
		return err
	}
}

// codeOf returns the primary code of an error of SQLite. It returns 0 for any other
// error.
func codeOf(err error) int {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return 0
	}
	return failure.Code() & 0xff // the higher bits are the details of the code
}

// keeper checks whether the files are still the ones that were opened. A process
// can go on writing into a file that was removed, and then nobody can read what it
// writes.
type keeper struct{ files []openedFile }

type openedFile struct {
	name       string
	info       os.FileInfo
	isDatabase bool
}

// keep remembers the files of an opened database.
func keep(file string) (*keeper, error) {
	k := &keeper{}
	for _, name := range []string{file, file + "-wal"} {
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		k.files = append(k.files, openedFile{name, info, name == file})
	}
	return k, nil
}

// check returns an error if a file was removed, replaced or truncated.
func (k *keeper) check() error {
	for _, opened := range k.files {
		now, err := os.Stat(opened.name)
		what := ""
		switch {
		case errors.Is(err, os.ErrNotExist):
			what = "was removed"
		case err != nil:
			return fmt.Errorf("checking whether the run history still exists: %w", err)
		case !os.SameFile(opened.info, now):
			what = "was replaced by another file"
		case opened.isDatabase && now.Size() == 0 && opened.info.Size() > 0:
			what = "was truncated to nothing"
		default:
			continue
		}
		return fmt.Errorf("%w: %s %s while it was in use: what was recorded since is lost", sqlhistory.ErrDamaged, opened.name, what)
	}
	return nil
}
