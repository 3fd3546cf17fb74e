package tempfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/tempfile"
)

func TestSweep(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files are not swept there")
	}
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := root.Mkdir("in", 0o700); err != nil {
		t.Fatal(err)
	}
	create := func(name string) *os.File {
		t.Helper()
		file, err := root.Create(filepath.Join("in", name))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	exists := func(name string) bool {
		_, err := os.Lstat(filepath.Join(folder, "in", name))
		return err == nil
	}
	sweep := func() {
		tempfile.Sweep(root, "in", func(name string) bool { return strings.HasPrefix(name, "tmp-") })
	}

	claimed, left, other := create("tmp-claimed"), create("tmp-left"), create("other")
	release, err := tempfile.Claim(claimed)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []*os.File{claimed, left, other} { // the claim outlives this
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("other", filepath.Join(folder, "in", "tmp-link")); err != nil {
		t.Fatal(err)
	}
	if err := root.Mkdir("in/tmp-folder", 0o700); err != nil {
		t.Fatal(err)
	}
	sweep()
	for name, want := range map[string]bool{"tmp-claimed": true, "tmp-left": false, "other": true, "tmp-link": true, "tmp-folder": true} {
		if got := exists(name); got != want {
			t.Errorf("after a sweep, that %s exists is %v, want %v", name, got, want)
		}
	}
	release()
	sweep()
	if exists("tmp-claimed") {
		t.Error("a file that was released is not swept")
	}
	tempfile.Sweep(root, "missing", func(string) bool { return true }) // no fault
}

func TestExists(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	file, err := root.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !tempfile.Exists(root, "a", file) {
		t.Error("a file that is there does not exist")
	}
	if err := root.Remove("a"); err != nil {
		t.Fatal(err)
	}
	if tempfile.Exists(root, "a", file) {
		t.Error("a file that was removed exists")
	}
	another, err := root.Create("a")
	if err != nil {
		t.Fatal(err)
	}
	defer another.Close()
	if tempfile.Exists(root, "a", file) {
		t.Error("another file with the name is taken for it")
	}
}
