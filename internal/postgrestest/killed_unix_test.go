//go:build unix

package postgrestest_test

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAKilledTestLeavesNoServer(t *testing.T) {
	t.Parallel()
	server.Database(t) // or skip
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
	folder := ""
	for lines := bufio.NewScanner(stdout); folder == "" && lines.Scan(); {
		folder, _ = strings.CutPrefix(lines.Text(), "folder ")
		if !strings.HasPrefix(lines.Text(), "folder ") {
			folder = ""
		}
	}
	if _, err := os.Stat(folder); err != nil {
		t.Fatal(err)
	}
	if err := kill(command.Process.Pid); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait()
	for range time.Tick(20 * time.Millisecond) { // no event tells of another process's end
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}
