//go:build unix

package temporaltest_test

import (
	"bufio"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/temporaltest"
)

func TestAKilledTestLeavesNoServer(t *testing.T) {
	t.Parallel()
	temporaltest.New(t) // or skip
	for name, kill := range map[string]func(pid int) error{
		"alone":          func(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) },
		"with its group": func(pid int) error { return syscall.Kill(-pid, syscall.SIGTERM) }, // as timeout(1) does
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testKilled(t, kill)
		})
	}
}

func testKilled(t *testing.T, kill func(pid int) error) {
	command := child(t)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close() }()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	address, found := "", false
	for lines := bufio.NewScanner(stdout); !found && lines.Scan(); {
		address, found = strings.CutPrefix(lines.Text(), "address ")
	}
	if !answers(address) {
		t.Fatalf("the server of the test does not listen at %q", address)
	}
	if err := kill(command.Process.Pid); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	for range time.Tick(20 * time.Millisecond) { // no event tells of another process's end
		if !answers(address) {
			return
		}
	}
}

func answers(address string) bool {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	_ = connection.Close()
	return true
}
