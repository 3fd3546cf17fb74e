package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestTheBundleIsMadeFromTheLockFile makes the bundle anew. Where the packages cannot be
// fetched it is skipped.
func TestTheBundleIsMadeFromTheLockFile(t *testing.T) {
	t.Parallel()
	made := t.TempDir()
	if err := write(t.Context(), made); errors.Is(err, errFetch) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"editor.min.js", "editor.LICENSE.txt"} {
		want, err := os.ReadFile(filepath.Join(made, name)) //nolint:gosec // a folder of this test
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", "static", name)) //nolint:gosec // a file of this repository
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what editor.js and the lock file give: go run . in this folder writes it anew", name)
		}
	}
}
