//go:build linux

package faulttest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/faulttest"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

// crowd are the processes of a home, and those that they start. All have the mark in their
// environment.
type crowd struct {
	*faulttest.Home

	mark   string
	server *postgrestest.Server // of the history; nil for a file
	disk   *disk                // of the home; nil if it has none of its own
	graph  uint64
	deaf   bool         // the kernel does not tell processes that their parent has ended
	asked  map[int]bool // by the suite, to end
	// historyFailed says that the history could not be kept for a while in this round.
	historyFailed bool
	pipes         []*os.File // of killed processes, which are held open
	told          faulttest.Facts
}

// member is a process that the suite has started.
type member struct {
	*exec.Cmd
	role, executor string
	output         bytes.Buffer
	ended          chan struct{}
}

func (c *crowd) start(t *testing.T, role, executor string) *member {
	t.Helper()
	started := &member{Cmd: exec.Command(os.Args[0], "-test.run=^$"), role: role, executor: executor, ended: make(chan struct{})}
	started.Env = append(os.Environ(), roleVariable+"="+role, executorVariable+"="+executor, homeVariable+"="+c.Folder,
		graphVariable+"="+strconv.FormatUint(c.graph, 10), markVariable+"="+c.mark, addressVariable+"="+c.Address,
		deafVariable+"="+strconv.FormatBool(c.deaf))
	started.Stdout, started.Stderr = &started.output, &started.output
	// The output goes to a pipe, which processes that stay hold open: they are found otherwise.
	started.WaitDelay = time.Second
	if err := started.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(started.ended)
		_ = started.Wait()
	}()
	return started
}

// wait waits for the end of a process, and judges it.
func (c *crowd) wait(t *testing.T, process *member) {
	t.Helper()
	if !c.ends(process) {
		_ = process.Process.Signal(syscall.SIGQUIT) // which has it print its goroutines
		select {
		case <-process.ended:
		case <-time.After(10 * time.Second):
			_ = process.Process.Kill()
			<-process.ended
		}
		t.Errorf("the process %s %s does not end:\n%s", process.role, process.executor, process.output.Bytes())
		return
	}
	pid := process.Process.Pid
	status, _ := process.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case process.ProcessState.Success():
	case c.Killed[pid] && status.Signaled():
	case c.asked[pid] && status.Signaled() && status.Signal() == syscall.SIGTERM: // before it listened
	case c.historyFailed && status.ExitStatus() == 1 && !process.hasCrashed(): // it says so
	default:
		t.Errorf("the process %s %s ended with %v:\n%s", process.role, process.executor, process.ProcessState, process.output.Bytes())
	}
}

// living are all processes with the mark, in a random order.
func (c *crowd) living(random *rand.Rand) []int {
	found, _ := filepath.Glob("/proc/[0-9]*/environ")
	var living []int
	for _, file := range found {
		environment, err := os.ReadFile(file)
		if err != nil || !slices.Contains(strings.Split(string(environment), "\x00"), markVariable+"="+c.mark) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			living = append(living, pid)
		}
	}
	random.Shuffle(len(living), func(i, j int) { living[i], living[j] = living[j], living[i] })
	return living
}

// ends waits for the end of a process, on a busy machine too: it returns false only if no step
// begins or ends for a minute.
func (c *crowd) ends(process *member) bool {
	for noted := -1; ; {
		select {
		case <-process.ended:
			return true
		case <-time.After(time.Minute):
		}
		notes, err := os.ReadDir(c.Ledger())
		if err != nil || len(notes) == noted {
			return false
		}
		noted = len(notes)
	}
}

// hasCrashed reports whether the Go runtime has ended a process.
func (m *member) hasCrashed() bool {
	output := m.output.String()
	return strings.Contains(output, "panic: ") || strings.Contains(output, "fatal error: ") || strings.Contains(output, "\ngoroutine ")
}

// hold opens the pipes of a process, so that the processes at their other ends do not see them
// closed when this one is killed.
func (c *crowd) hold(t *testing.T, pid int) {
	t.Helper()
	defer func() { t.Logf("%d ends of pipes of %d stay open", len(c.pipes), pid) }()
	found, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, name := range found {
		target, err := os.Readlink(name)
		if err != nil || !strings.HasPrefix(target, "pipe:") {
			continue
		}
		for _, end := range []int{os.O_RDONLY, os.O_WRONLY} {
			if file, err := os.OpenFile(name, end|syscall.O_NONBLOCK, 0); err == nil {
				c.pipes = append(c.pipes, file)
			}
		}
	}
}

// letGo closes the pipes that are held.
func (c *crowd) letGo() {
	for _, pipe := range c.pipes {
		_ = pipe.Close()
	}
	c.pipes = nil
}

// killOne kills a process, or all at the same moment, as the end of a container does. It prefers
// those that have started others.
func (c *crowd) killOne(t *testing.T, random *rand.Rand, living []int) {
	t.Helper()
	if random.IntN(4) == 0 {
		for _, pid := range living {
			c.kill(t, pid)
		}
		return
	}
	parent := slices.IndexFunc(living, hasChildren)
	if parent < 0 || random.IntN(2) == 0 {
		c.kill(t, living[0])
		return
	}
	if !c.deaf && random.IntN(2) == 0 {
		c.hold(t, living[parent]) // then the kernel must tell the children
	}
	c.kill(t, living[parent])
}

func hasChildren(pid int) bool {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	return slices.ContainsFunc(threads, func(file string) bool {
		children, err := os.ReadFile(file)
		return err == nil && len(children) > 0
	})
}

func (c *crowd) kill(t *testing.T, pid int) {
	t.Helper()
	t.Logf("kill %d", pid)
	c.Killed[pid] = true
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

func (c *crowd) terminate(pid int) {
	c.asked[pid] = true
	_ = syscall.Kill(pid, syscall.SIGTERM)
}

// checkNobodyStays waits until the processes of processes have noticed that these are gone.
func (c *crowd) checkNobodyStays(t *testing.T, random *rand.Rand) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		living := c.living(random)
		if len(living) == 0 {
			return
		}
		if time.Now().Before(deadline) {
			continue
		}
		for _, pid := range living {
			command, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			t.Errorf("process %d outlives the one that has started it: %q", pid, command)
			c.kill(t, pid)
		}
	}
}
