package filelocks_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/locks/lockstest"
)

const folderVariable, nameVariable = "FXRUN_TEST_LOCKS", "FXRUN_TEST_LOCK"

func TestFolder(t *testing.T) {
	t.Parallel()
	lockstest.Run(t, func(t *testing.T) lockstest.Subject {
		folder := filepath.Join(t.TempDir(), "home", "locks")
		return lockstest.Subject{
			Open: func(*testing.T) locks.Locker { return filelocks.New(folder) },
			Process: func(t *testing.T, name string) *exec.Cmd {
				command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHoldingProcess$")
				command.Env = append(os.Environ(), folderVariable+"="+folder, nameVariable+"="+name)
				return command
			},
		}
	})
}

// TestHoldingProcess is the process that the suite kills.
func TestHoldingProcess(t *testing.T) {
	folder := os.Getenv(folderVariable)
	if folder == "" {
		t.Skip("only to be run by TestFolder")
	}
	if _, err := filelocks.New(folder).TryLock(t.Context(), os.Getenv(nameVariable)); err != nil {
		t.Fatal(err)
	}
	ended, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	fmt.Println("held")
	<-ended.Done() // never: the process is killed
}

func TestAReleasedLockLeavesNoFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	lock, err := filelocks.New(folder).TryLock(t.Context(), "daemon")
	if err != nil {
		t.Fatal(err)
	}
	if found, _ := os.ReadDir(folder); len(found) != 2 || found[0].Name() != "daemon.lock" || found[1].Name() != "place" {
		t.Errorf("while the lock is held the folder holds %v, want daemon.lock and place", found)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if found, _ := os.ReadDir(folder); len(found) != 1 || found[0].Name() != "place" {
		t.Errorf("after the lock was released the folder holds %v, want place", found)
	}
}

func TestTheFilesOfKilledHoldersAreRemoved(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files that are open cannot be removed there")
	}
	folder := t.TempDir()
	held, err := filelocks.New(folder).TryLock(t.Context(), "held")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"owner%2fhost%2f1.lock", "runs%2f1.lock", "~place.lock", "notes"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	next, err := filelocks.New(folder).TryLock(t.Context(), "next")
	if err != nil {
		t.Fatal(err)
	}
	found, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range found {
		names = append(names, file.Name())
	}
	if got, want := strings.Join(names, " "), "held.lock next.lock notes place"; got != want {
		t.Errorf("the folder holds %s, want %s", got, want)
	}
	if err := errors.Join(held.Unlock(), next.Unlock()); err != nil {
		t.Fatal(err)
	}
}

// Each holder looks through the folder, which has files of killed holders, while others take and
// release the same lock.
func TestALockHasOneHolderWhileFilesAreRemoved(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var holders atomic.Int32
	var taken atomic.Int64
	var everybody sync.WaitGroup
	for range 8 {
		everybody.Go(func() {
			for range 300 {
				if file, err := os.OpenFile(filepath.Join(folder, "busy.lock"), os.O_CREATE|os.O_RDWR, 0o600); err == nil {
					_ = file.Close() // as a killed holder leaves it
				}
				lock, err := filelocks.New(folder).TryLock(t.Context(), "busy")
				if errors.Is(err, locks.ErrHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				taken.Add(1)
				if holders.Add(1) > 1 {
					t.Error("two hold the lock")
				}
				runtime.Gosched()
				holders.Add(-1)
				if err := lock.Unlock(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	everybody.Wait()
	t.Logf("the lock was taken %d times", taken.Load())
}

func TestAPlaceIsTheFolderAndNotItsPath(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "locks")
	place := func(locker *filelocks.Folder) string {
		t.Helper()
		text, err := locker.Place(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	begin := func() {
		t.Helper()
		lock, err := filelocks.New(path).TryLock(t.Context(), "daemon")
		if err != nil {
			t.Fatal(err)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	first := place(filelocks.New(path))
	if err := os.Rename(path, path+" moved"); err != nil {
		t.Fatal(err)
	}
	if moved := place(filelocks.New(path + " moved")); moved != first {
		t.Errorf("the folder that was moved is the place %q, want %q", moved, first)
	}
	if missing := place(filelocks.New(path)); missing != "" {
		t.Errorf("a folder that does not exist is the place %q", missing)
	}
	begin()
	if other := place(filelocks.New(path)); other == "" || other == first {
		t.Errorf("another folder with the same path is the place %q, and the first one was %q", other, first)
	}
	t.Run("a text that was not written to its end is written again", func(t *testing.T) {
		if err := os.WriteFile(filepath.Join(path, "place"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		begin()
		if place(filelocks.New(path)) == "" {
			t.Error("the place has no text")
		}
	})
}

func TestAFolderThatWasRemovedIsMadeAgainAsAnotherPlace(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "locks")
	locker := filelocks.New(path)
	var places []string
	for range 2 {
		lock, err := locker.TryLock(t.Context(), "daemon")
		if err != nil {
			t.Fatal(err)
		}
		place, err := locker.Place(t.Context())
		if err := errors.Join(err, lock.Unlock(), os.RemoveAll(path)); err != nil {
			t.Fatal(err)
		}
		places = append(places, place)
	}
	if places[1] == "" || places[0] == places[1] {
		t.Errorf("the places are %q, want two", places)
	}
}

func TestLookingAtALockMakesNothing(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "missing")
	if held, err := filelocks.New(folder).Held(t.Context(), "daemon"); held || err != nil {
		t.Errorf("Held = %v, %v", held, err)
	}
	if place, err := filelocks.New(folder).Place(t.Context()); place != "" || err != nil {
		t.Errorf("Place = %q, %v", place, err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder exists after a look: %v", err)
	}
}
