package iomanagers_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
)

func TestMemoryManager(t *testing.T) {
	t.Parallel()
	iotest.Run(t, func(t *testing.T) iotest.Subject {
		return iotest.Subject{
			Manager:    iomanagers.NewMemory(),
			Can:        iotest.Partitions | iotest.Streams,
			Unstorable: []any{1, make(chan int)},
		}
	})
}

func TestFileManager(t *testing.T) {
	t.Parallel()
	texts := func(i int) any { return string(make([]byte, i)) + "text" }
	for _, c := range []struct {
		name, format string
		value        func(i int) any
		unstorable   any
	}{
		{name: "json", format: "json", unstorable: manyFlaky(5000)},
		{name: "csv", format: "csv", unstorable: manyFlaky(5000)},
		{name: "raw", format: "raw", value: texts},
		{name: "text", format: "text", value: texts},
		{name: "jsonl", format: "jsonl", unstorable: manyFlaky(5000)},
		{name: "gob", format: "gob", unstorable: []holder{{new(1)}, {new(int)}}},
		{name: "default", value: texts},
		{name: "default", unstorable: manyFlaky(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			iotest.Run(t, func(t *testing.T) iotest.Subject {
				root := filepath.Join(t.TempDir(), "not yet there")
				open := func(t *testing.T) iomanagers.IOManager { return newFiles(t, root, everyCodec()...) }
				return iotest.Subject{
					Manager:    open(t),
					Can:        iotest.Partitions | iotest.Streams,
					Format:     c.format,
					Value:      c.value,
					Unstorable: c.unstorable,
					Reopen:     open,
					Names:      func(t *testing.T) []string { return files(t, root) },
					Open:       openBelow(root),
				}
			})
		})
	}
}

func everyCodec() []iomanagers.Codec {
	return []iomanagers.Codec{iomanagers.JSON(), iomanagers.CSV(), iomanagers.JSONLines(), iomanagers.Gob(), iomanagers.Text(), iomanagers.Raw("")}
}

// holder holds a pointer that gob can't always keep.
type holder struct{ At *int }

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

func newFiles(t *testing.T, root string, codecs ...iomanagers.Codec) *iomanagers.FileManager {
	t.Helper()
	m, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: root}, codecs...)
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

var errFlaky = errors.New("out of patience")

// flaky is a row whose text can't always be made.
type flaky struct {
	ID   int
	Mood mood
}

type mood bool

func (m mood) MarshalText() ([]byte, error) {
	if m {
		return nil, errFlaky
	}
	return []byte("calm"), nil
}

func (m *mood) UnmarshalText([]byte) error { return nil }

// manyFlaky returns n rows of which only the last fails, after much has been written.
func manyFlaky(n int) []flaky {
	rows := make([]flaky, n)
	rows[n-1].Mood = true
	return rows
}
