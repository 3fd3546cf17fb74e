package arrowcodec_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
	"github.com/fxrun/fxrun/iomanagers/iotest"
)

func TestFileManager(t *testing.T) {
	t.Parallel()
	iotest.Run(t, func(t *testing.T) iotest.Subject {
		root := filepath.Join(t.TempDir(), "not yet there")
		open := func(t *testing.T) iomanagers.IOManager { return newFiles(t, root) }
		return iotest.Subject{
			Manager:    open(t),
			Can:        iotest.Partitions | iotest.Streams,
			Unstorable: []iotest.Row{{At: time.Now()}, {}},
			Reopen:     open,
			Names:      func(t *testing.T) []string { return files(t, root) },
			Open:       openBelow(root),
		}
	})
}

func newFiles(t *testing.T, root string) *iomanagers.FileManager {
	t.Helper()
	m, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: root}, arrowcodec.Arrow())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// files lists every file under root, by its path in root.
func files(t *testing.T, root string) []string {
	t.Helper()
	var found []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return found
}

// openBelow returns what counts the open files below root, where the system tells.
func openBelow(root string) func(t *testing.T) int {
	const links = "/proc/self/fd"
	if _, err := os.Stat(links); err != nil {
		return nil
	}
	return func(t *testing.T) int {
		entries, err := os.ReadDir(links)
		if err != nil {
			t.Fatal(err)
		}
		open := 0
		for _, entry := range entries {
			if target, err := os.Readlink(filepath.Join(links, entry.Name())); err == nil && strings.HasPrefix(target, root) {
				open++
			}
		}
		return open
	}
}
