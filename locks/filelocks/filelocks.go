// Package filelocks keeps named locks in the files of a folder, for the processes of one
// machine, also if these run in different containers that share the folder. The operating
// system releases a lock when the process that holds it ends.
//
// It imports package locks and github.com/gofrs/flock. The folder must be on a local disk:
// the locks of network file systems do not end reliably with a process.
package filelocks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/gofrs/flock"

	"github.com/fxrun/fxrun/locks"
)

// Folder keeps each lock as a locked file. Besides these there is the file place: see
// [Folder.Place].
//
// A locked file exists only while the lock is held, and after a holder that was killed, until the
// next process takes a lock in the folder. Nobody else may remove the files of locks that are
// held. Otherwise the next process that asks for such a lock would get it although it is held.
//
// A Folder is safe for concurrent use, and needs no Close.
type Folder struct {
	path  string
	swept atomic.Bool
	known atomic.Bool // the file place was written, or found
}

var (
	_ locks.Locker = (*Folder)(nil)
	_ locks.Placed = (*Folder)(nil)
)

// New returns the locks in a folder. The first lock makes the folder if it is missing, for
// its owner alone (mode 0700).
func New(folder string) *Folder { return &Folder{path: folder} }

// TryLock takes the lock with a name: see [locks.Locker].
func (f *Folder) TryLock(ctx context.Context, name string) (locks.Lock, error) {
	if err := locks.CheckName(name); err != nil {
		return nil, err
	}
	lock, err := f.tryLock(ctx, fileName(name))
	if err == nil {
		err = f.makePlace(ctx)
	}
	if err != nil {
		if lock != nil {
			err = errors.Join(err, lock.Unlock())
		}
		return nil, fmt.Errorf("taking lock %q in %s: %w", name, f.path, err)
	}
	if !f.swept.Swap(true) {
		f.sweep(ctx)
	}
	return lock, nil
}

// tryLock takes the lock that a file with this name is.
func (f *Folder) tryLock(ctx context.Context, name string) (locks.Lock, error) {
	path := filepath.Join(f.path, name)
	made := false
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		file := flock.New(path, flock.SetFlag(os.O_RDWR|os.O_CREATE), flock.SetPermissions(0o600))
		taken, err := file.TryLock()
		switch {
		case errors.Is(err, fs.ErrNotExist) && !made:
			if err := f.makeFolder(); err != nil {
				return nil, err
			}
			made = true
			continue
		case err != nil:
			return nil, errors.Join(err, file.Close())
		case taken && isCurrent(file):
			lock := &fileLock{file: file}
			held.Store(lock, nil)
			return lock, nil
		case taken:
			// The last holder has removed this file. It is locked, but nobody finds it any more.
			if err := file.Close(); err != nil {
				return nil, err
			}
			continue
		}
		if err := file.Close(); err != nil {
			return nil, err
		}
		other, err := isHeld(path)
		if err != nil {
			return nil, err
		}
		if other {
			return nil, locks.ErrHeld
		}
		// Somebody was only looking at the lock, or has released it.
		runtime.Gosched()
	}
}

// makeFolder makes the folder, which was never there or was removed. It has no place then.
func (f *Folder) makeFolder() error {
	f.known.Store(false)
	return os.MkdirAll(f.path, 0o700)
}

// Held reports whether somebody holds the lock with a name: see [locks.Locker]. It makes no
// file, so it works also in a folder where nothing may be written.
func (f *Folder) Held(ctx context.Context, name string) (bool, error) {
	if err := locks.CheckName(name); err != nil {
		return false, err
	}
	err := ctx.Err()
	found := false
	if err == nil {
		found, err = isHeld(filepath.Join(f.path, fileName(name)))
	}
	if err != nil {
		return false, fmt.Errorf("looking at lock %q in %s: %w", name, f.path, err)
	}
	return found, nil
}

// isHeld looks whether a shared lock of the file is refused. Those who look do not disturb
// each other, and TryLock tells them from a holder by the same look.
func isHeld(path string) (bool, error) {
	file := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := file.TryRLock()
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && !free, errors.Join(err, file.Close())
}

// isCurrent reports whether the locked file is still the one that others find by its path.
func isCurrent(file *flock.Flock) bool {
	locked, err := file.Stat()
	if err != nil {
		return false
	}
	found, err := os.Stat(file.Path())
	return err == nil && os.SameFile(locked, found)
}

// held has all locks that this process holds. A file that nobody refers to is closed by the
// garbage collector, which would release the lock of a holder that has dropped its Lock.
var held sync.Map

type fileLock struct {
	file *flock.Flock
	once sync.Once
	err  error
}

// Unlock removes the file before it is released, because afterwards it may be the lock of
// somebody else. Windows removes no file that is open, and none that somebody else has opened.
func (l *fileLock) Unlock() error {
	l.once.Do(func() {
		held.Delete(l)
		path := l.file.Path()
		if runtime.GOOS == "windows" {
			l.err = l.file.Close()
			_ = os.Remove(path)
			return
		}
		_ = os.Remove(path) // a file that stays behind is locked by nobody
		l.err = l.file.Close()
	})
	return l.err
}

func (*fileLock) Lost() <-chan struct{} { return nil }
