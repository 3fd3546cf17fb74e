package filelocks

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/fxrun/fxrun/locks"
)

const (
	// placeFile has a random text, which stays when the folder is moved, and which another
	// folder with the same path does not have. No lock has a file with this name.
	placeFile = "place"
	// placeLock is held while the file is written. No lock of a user has a file with this
	// name, because the characters of their names are escaped.
	placeLock = "~place.lock"
)

// Place returns the random text that the first lock in the folder has left there, or "" if no
// lock was ever taken there: see [locks.Placed].
func (f *Folder) Place(ctx context.Context) (string, error) {
	text, err := "", ctx.Err()
	if err == nil {
		text, err = f.place()
	}
	if err != nil {
		return "", fmt.Errorf("looking which place of locks %s is: %w", f.path, err)
	}
	return text, nil
}

func (f *Folder) place() (string, error) {
	text, err := os.ReadFile(filepath.Join(f.path, placeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return string(text), err
}

// makePlace writes the file if it is missing, or if the process that wrote it was killed before
// it had written the text. It looks once, and again after the folder was made.
func (f *Folder) makePlace(ctx context.Context) error {
	for !f.known.Load() {
		text, err := f.place()
		if err != nil {
			return err
		}
		if text != "" {
			f.known.Store(true)
			return nil
		}
		lock, err := f.tryLock(ctx, placeLock)
		if errors.Is(err, locks.ErrHeld) { // by somebody who writes a short text
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Millisecond):
			}
			continue
		}
		if err != nil {
			return err
		}
		text, err = f.place()
		if text == "" && err == nil {
			err = os.WriteFile(filepath.Join(f.path, placeFile), []byte(rand.Text()), 0o600)
		}
		f.known.Store(err == nil)
		return errors.Join(err, lock.Unlock())
	}
	return nil
}
