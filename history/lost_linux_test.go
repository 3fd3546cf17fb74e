package history_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/fxrun/fxrun/history"
)

// A container with the same host name has a PID namespace of its own, in which
// the number of this process is nobody's.
func TestProcessOfAnotherNamespaceIsNotTakenForGone(t *testing.T) {
	t.Parallel()
	apart := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}
	if got := ask(t, history.Owner(), apart); got != string(history.LivenessUnknown) {
		t.Errorf("from there this process is %s", got)
	}
	owner := ask(t, "owner", apart)
	if got := history.LivenessOf(owner); got != history.LivenessUnknown {
		t.Errorf("from here %s is %s", owner, got)
	}
	if pid := strings.Split(owner, "/")[1]; pid != "1" {
		t.Errorf("the process has the number %s: the test has made no namespace", pid)
	}
}
