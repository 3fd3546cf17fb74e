package filelocks_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
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
	if found, _ := os.ReadDir(folder); len(found) != 1 || found[0].Name() != "daemon.lock" {
		t.Errorf("while the lock is held the folder holds %v, want daemon.lock", found)
	}
	if err := lock.Unlock(); err != nil {
		t.Fatal(err)
	}
	if found, _ := os.ReadDir(folder); len(found) != 0 {
		t.Errorf("after the lock was released the folder holds %v", found)
	}
}

func TestLookingAtALockMakesNothing(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "missing")
	if held, err := filelocks.New(folder).Held(t.Context(), "daemon"); held || err != nil {
		t.Errorf("Held = %v, %v", held, err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder exists after a look: %v", err)
	}
}
