package iomanagers_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
)

// limited tells the test binary, started by itself, that it may limit the size of files:
// that holds for the whole process, and a write beyond it fails as on a full disk.
const limited = "IOMANAGERS_LIMIT_FILES"

func TestAFullDiskLeavesTheOldFile(t *testing.T) {
	if os.Getenv(limited) == "" {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFullDiskLeavesTheOldFile$")
		command.Env = append(os.Environ(), limited+"=1")
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}

	root := t.TempDir()
	big := make([]byte, 1<<20)
	careless := scripted{encode: func(w io.Writer, _ any) error { w.Write(big); w.Write(big); return nil }}
	m := newFiles(t, root, iomanagers.Raw(""), careless)
	store(t, m, iomanagers.Output{Asset: "orders"}, "old")

	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 100 << 10, Max: 100 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
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
