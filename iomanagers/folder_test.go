package iomanagers_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

func put(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTemporaryFilesOfKilledWritersAreRemoved(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("files are not swept there")
	}
	root := t.TempDir()
	leftovers := []string{"raw/.tmp-KILLED", "raw/.tmp-KILLEDTOO"}
	for _, name := range append(leftovers, "raw/own.tmp", "other/.tmp-OF-ANOTHER-FOLDER") {
		put(t, filepath.Join(root, name))
	}
	writing, err := newFiles(t, root).Stage(t.Context(), iomanagers.Output{Asset: "raw/slow"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	store(t, newFiles(t, root), iomanagers.Output{Asset: "raw/orders"}, 2) // as another process
	if err := writing.Commit(); err != nil {
		t.Errorf("a value that was ready can't be shown: %v", err)
	}
	got := files(t, root)
	for _, name := range leftovers {
		if slices.Contains(got, name) {
			t.Errorf("%s is still there", name)
		}
	}
	for _, name := range []string{"raw/slow.json", "raw/orders.json", "raw/own.tmp", "other/.tmp-OF-ANOTHER-FOLDER"} {
		if !slices.Contains(got, name) {
			t.Errorf("%s is gone", name)
		}
	}
	if len(got) != 4 {
		t.Errorf("the files are %q", got)
	}
}

// What stands in the way of removing another format is no reason to call the value not stored.
func TestAFolderInThePlaceOfAnotherFormatIsAWarning(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	m := newFiles(t, root, everyCodec()...)
	store(t, m, iomanagers.Output{Asset: "orders", Format: "json"}, []order{{1, "tea"}})
	put(t, filepath.Join(root, "orders.csv", "kept"))
	facts := map[string]any{}
	store(t, m, iomanagers.Output{Asset: "orders", Format: "json", Metadata: facts}, []order{{2, "milk"}})
	warning, _ := facts["warning"].(string)
	if !strings.HasPrefix(warning, "removing the earlier value in other formats: ") || !strings.Contains(warning, "orders.csv") {
		t.Errorf("the warning is %q", warning)
	}
	var loaded []order
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "orders", Format: "json"}, &loaded); err != nil || loaded[0].ID != 2 {
		t.Errorf("what is stored is %v, %v", loaded, err)
	}
}

func TestAFolderInThePlaceOfTheValueLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	put(t, filepath.Join(root, "orders.json", "kept"))
	if err := newFiles(t, root).Store(t.Context(), iomanagers.Output{Asset: "orders"}, 1); err == nil {
		t.Error("storing over a folder succeeds")
	}
	if got := files(t, root); !slices.Equal(got, []string{"orders.json/kept"}) {
		t.Errorf("the files are %q", got)
	}
}
