package filelocks

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"
)

// sweepLock is held while files are removed, since two processes that remove the file of one
// lock could remove that of its next holder. No lock of a user has a file with this name.
const sweepLock = "~sweep.lock"

// sweep removes the files of locks whose holders were killed. A lock whose name nobody uses
// again, as that of a process, would leave its file for ever otherwise. What cannot be removed
// stays: it is locked by nobody.
func (f *Folder) sweep(ctx context.Context) {
	if runtime.GOOS == "windows" {
		return // a file that is open cannot be removed there
	}
	lock, err := f.tryLock(ctx, sweepLock)
	if err != nil {
		return
	}
	defer lock.Unlock() //nolint:errcheck // the lock ends with the file
	found, err := os.ReadDir(f.path)
	if err != nil {
		return
	}
	for _, file := range found {
		if name := file.Name(); strings.HasSuffix(name, ".lock") && name != sweepLock {
			removeFree(filepath.Join(f.path, name))
		}
	}
}

// removeFree removes the file of a lock that nobody holds. It takes the lock as somebody does
// who looks at it, so nobody is told that the lock is held. Meanwhile nobody can take the lock.
func removeFree(path string) {
	file := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer file.Close() //nolint:errcheck // it was only read
	if free, err := file.TryRLock(); err == nil && free && isCurrent(file) {
		_ = os.Remove(path)
	}
}
