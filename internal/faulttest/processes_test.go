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
)

// crowd are the processes of a home, and those that they start. All have the mark in their
// environment.
type crowd struct {
	home, mark string
	graph      uint64
	killed     map[int]bool // by the suite, with SIGKILL
	asked      map[int]bool // by the suite, to end
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
	started.Env = append(os.Environ(), roleVariable+"="+role, executorVariable+"="+executor, homeVariable+"="+c.home,
		graphVariable+"="+strconv.FormatUint(c.graph, 10), markVariable+"="+c.mark)
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
	select {
	case <-process.ended:
	case <-time.After(time.Minute):
		_ = process.Process.Signal(syscall.SIGQUIT) // which has it print its goroutines
		select {
		case <-process.ended:
		case <-time.After(10 * time.Second):
			_ = process.Process.Kill()
			<-process.ended
		}
		t.Errorf("the process %s %s did not end within a minute:\n%s", process.role, process.executor, process.output.Bytes())
		return
	}
	pid := process.Process.Pid
	status, _ := process.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case process.ProcessState.Success():
	case c.killed[pid] && status.Signaled():
	case c.asked[pid] && status.Signaled() && status.Signal() == syscall.SIGTERM: // before it listened
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

func (c *crowd) kill(t *testing.T, pid int) {
	t.Helper()
	t.Logf("kill %d", pid)
	c.killed[pid] = true
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
