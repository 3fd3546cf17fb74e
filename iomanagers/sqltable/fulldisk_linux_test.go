package sqltable_test

import (
	"errors"
	"os"
	osexec "os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/fxrun/fxrun/iomanagers/sqltable"
)

// limited tells the test binary, started by itself, that it may limit the size of files:
// that holds for the whole process, and a write beyond it fails as on a full disk.
const limited = "SQLTABLE_LIMIT_FILES"

func TestAFullDiskOfTemporaryFilesIsAnErrorThatSaysSo(t *testing.T) {
	if os.Getenv(limited) == "" {
		command := osexec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFullDiskOfTemporaryFilesIsAnErrorThatSaysSo$")
		command.Env = append(os.Environ(), limited+"=1")
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}
	want := large()
	m := newManager(t, databases["SQLite in memory"](t), sqltable.Config{})
	store(t, m, "orders", "", want[:100])
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 100 << 10, Max: 100 << 10}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	err := tryStore(t, m, "orders", "", fromBatches(want))
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), "until they are stored: write ") {
		t.Errorf("error %v, want %v", err, syscall.EFBIG)
	}
	expect(t, m, "orders", "", want[:100])
}
