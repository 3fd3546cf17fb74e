//go:build unix

package killedtest

import (
	"bufio"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Check kills processes that have started something, and waits until it is gone. command
// returns such a process, which writes a line that begins with prefix when it has started it.
// goesOn reports whether it is still there. It gets the rest of the line.
func Check(t *testing.T, command func(t *testing.T) *exec.Cmd, prefix string, goesOn func(t *testing.T, text string) bool) {
	t.Helper()
	for name, kill := range map[string]func(pid int) error{
		"alone":          func(pid int) error { return syscall.Kill(pid, syscall.SIGKILL) },
		"with its group": func(pid int) error { return syscall.Kill(-pid, syscall.SIGTERM) }, // as timeout(1) does
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, command(t), prefix, goesOn, kill)
		})
	}
}

func check(t *testing.T, command *exec.Cmd, prefix string, goesOn func(*testing.T, string) bool, kill func(pid int) error) {
	t.Helper()
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
	text, found := "", false
	for lines := bufio.NewScanner(stdout); !found && lines.Scan(); {
		text, found = strings.CutPrefix(lines.Text(), prefix)
	}
	if !found || !goesOn(t, text) {
		t.Fatalf("the process has not started what it should: %q", text)
	}
	if err := kill(command.Process.Pid); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	for range time.Tick(20 * time.Millisecond) { // no event tells of another process's end
		if !goesOn(t, text) {
			return
		}
	}
}
