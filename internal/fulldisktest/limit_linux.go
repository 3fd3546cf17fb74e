package fulldisktest

import (
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
)

// inside is set in the environment of the process that limits its files.
const inside = "FXRUN_TEST_LIMITS_FILES"

// Alone reports whether the calling test may limit the files of its process. If it may not,
// Alone runs the test in a process of its own, where it may, and reports its failure. The
// calling test must be a test of its own, and no subtest.
func Alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	command.Env = append(os.Environ(), inside+"=1")
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	return false
}

// LimitFiles limits the size of all files to a number of bytes. A write beyond it fails with
// syscall.EFBIG, as on a full disk. The limit holds for the whole process: see [Alone].
func LimitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: bytes, Max: bytes}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
}
