// Package goldentest compares what tests get with golden files.
package goldentest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Compare reports where got differs from the golden file at path. With
// UPDATE_GOLDEN set in the environment, to whatever text, it writes the file
// instead, and makes its folder where that is missing.
func Compare(t testing.TB, path, got string) {
	t.Helper()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("UPDATE_GOLDEN=1 makes the golden file: %v", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("UPDATE_GOLDEN=1 writes %s anew (-want +got):\n%s", path, diff)
	}
}

// File compares a text with a file of the folder testdata.
func File(t testing.TB, name, got string) {
	t.Helper()
	Compare(t, filepath.Join("testdata", name), got)
}
