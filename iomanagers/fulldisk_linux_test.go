package iomanagers_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/fulldisktest"
	"github.com/fxrun/fxrun/iomanagers"
)

func TestAFullDiskLeavesTheOldFile(t *testing.T) {
	if !fulldisktest.Alone(t) {
		return
	}

	root := t.TempDir()
	big := make([]byte, 1<<20)
	careless := scripted{encode: func(w io.Writer, _ any) error { w.Write(big); w.Write(big); return nil }}
	m := newFiles(t, root, iomanagers.Raw(""), careless)
	store(t, m, iomanagers.Output{Asset: "orders"}, "old")

	fulldisktest.LimitFiles(t, 100<<10)
	for _, format := range []string{"raw", "scripted"} {
		if err := m.Store(t.Context(), iomanagers.Output{Asset: "orders", Format: format}, big); !errors.Is(err, syscall.EFBIG) {
			t.Errorf("%s: error %v, want %v", format, err, syscall.EFBIG)
		}
	}
	if diff := cmp.Diff([]string{"orders.bin"}, files(t, root)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if data, err := os.ReadFile(filepath.Join(root, "orders.bin")); string(data) != "old" {
		t.Errorf("the old file holds %.20q, %v", data, err)
	}
}
