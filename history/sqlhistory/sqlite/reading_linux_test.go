package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// readingRoles are those of children that read under conditions which hold for a whole process.
var readingRoles = map[string]func(folder string) error{
	"read on a full disk": func(folder string) error {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "probe"), []byte("x"), 0o600); err == nil {
			return errors.New("the disk is not full")
		}
		if err := os.Remove(filepath.Join(folder, "probe")); err != nil {
			return err
		}
		return readIn(folder)
	},
	"read as another user": func(folder string) error {
		if err := syscall.Setgid(65534); err != nil {
			return err
		}
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "probe"), nil, 0o600); err == nil {
			return errors.New("the folder can be written")
		}
		return readIn(folder)
	},
}

func readIn(folder string) error {
	ctx := context.Background()
	store, err := sqlite.OpenForReading(ctx, folder)
	if err != nil {
		return err
	}
	return errors.Join(readAll(ctx, store, "r1"), store.Close())
}

func TestReadingNeedsNoWriting(t *testing.T) {
	t.Parallel()
	for role := range readingRoles {
		for state, closed := range map[string]bool{"closed": true, "in use": false} {
			t.Run(fmt.Sprintf("%s, of a history that is %s", role, state), func(t *testing.T) {
				t.Parallel()
				if role == "read as another user" && os.Getuid() != 0 {
					t.Skip("only root can become another user")
				}
				folder := t.TempDir()
				store := open(t, folder)
				if _, err := store.Append(t.Context(), queued("r1")); err != nil {
					t.Fatal(err)
				}
				if closed {
					if err := store.Close(); err != nil {
						t.Fatal(err)
					}
				}
				// Let others read it, and nothing else.
				for _, path := range []string{filepath.Dir(folder), folder} {
					if err := os.Chmod(path, 0o755); err != nil {
						t.Fatal(err)
					}
				}
				names, err := filepath.Glob(filepath.Join(folder, "*"))
				if err != nil {
					t.Fatal(err)
				}
				for _, name := range names {
					if err := os.Chmod(name, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				before := listing(t, folder)
				if output, err := child(t, role, folder, "").CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, output)
				}
				if diff := cmp.Diff(before, listing(t, folder)); closed && diff != "" {
					t.Errorf("the files have changed (-before +after):\n%s", diff)
				}
			})
		}
	}
}
