package bucket_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/modules/bucket"
)

// limited tells the test binary, started by itself, that it may limit the size of files:
// that holds for the whole process, and a write beyond it fails as on a full disk.
const limited = "BUCKET_LIMIT_FILES"

func TestAFullDiskLeavesTheOldObject(t *testing.T) {
	if os.Getenv(limited) == "" {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFullDiskLeavesTheOldObject$")
		command.Env = append(os.Environ(), limited+"=1")
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}

	root := t.TempDir()
	b, stop := start(t, bucket.Config{URL: root})
	defer stop()
	write(t, b, "orders", "old")
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 100 << 10, Max: 100 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	if err := b.WriteAll(t.Context(), "orders", make([]byte, 1<<20), nil); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v, want %v", err, syscall.EFBIG)
	}
	careless := func(w io.Writer) error {
		_, _ = w.Write(make([]byte, 1<<20))
		return nil
	}
	if err := b.Write(t.Context(), "orders", nil, careless); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("got %v, want %v", err, syscall.EFBIG)
	}
	if diff := cmp.Diff([]string{"orders"}, files(t, root)); diff != "" {
		t.Error(diff)
	}
	if got := read(t, b, "orders"); got != "old" {
		t.Errorf("the old object holds %.20q", got)
	}
}
