//go:build linux

package faulttest_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/faulttest"
)

// crowd are the processes of a home. All have the mark in their environment.
type crowd struct {
	*faulttest.Home

	mark, queue string
	graph       uint64
	spread      int
	servers     *servers
	asked       map[int]bool // by the suite, to end
	members     []*member
	told        faulttest.Facts
}

// member is a process that the suite has started.
type member struct {
	*exec.Cmd
	role   string
	line   line // between it and the servers
	output output
	ended  chan struct{}
	// wasApart says that it may have been told by its line that the history is away.
	wasApart bool
}

// output keeps what a process writes. It is safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(text []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (c *crowd) start(t *testing.T, role string) *member {
	t.Helper()
	line, address := c.servers.connect(t)
	started := &member{Cmd: exec.Command(os.Args[0], "-test.run=^$"), role: role, line: line, ended: make(chan struct{})}
	started.Env = append(os.Environ(), roleVariable+"="+role, homeVariable+"="+c.Folder, graphVariable+"="+strconv.FormatUint(c.graph, 10),
		databaseVariable+"="+c.servers.databaseFor(t, c.Address), temporalVariable+"="+address, queueVariable+"="+c.queue,
		spreadVariable+"="+strconv.Itoa(c.spread), markVariable+"="+c.mark)
	started.Stdout, started.Stderr = &started.output, &started.output
	started.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := line.do(started.Start); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(started.ended)
		_ = started.Wait()
	}()
	t.Logf("%s is process %d", role, started.Process.Pid)
	c.members = append(c.members, started)
	return started
}

func (m *member) hasEnded() bool {
	select {
	case <-m.ended:
		return true
	default:
		return false
	}
}

// of are the members with a role that have not ended, in a random order.
func (c *crowd) of(random *rand.Rand, role string) (living []*member) {
	for _, one := range c.members {
		if one.role == role && !one.hasEnded() {
			living = append(living, one)
		}
	}
	random.Shuffle(len(living), func(i, j int) { living[i], living[j] = living[j], living[i] })
	return living
}

func (c *crowd) kill(t *testing.T, m *member) {
	t.Helper()
	t.Logf("kill the %s %d", m.role, m.Process.Pid)
	c.Killed[m.Process.Pid] = true
	_ = m.Process.Kill()
}

func (c *crowd) terminate(t *testing.T, m *member) {
	t.Helper()
	t.Logf("end the %s %d", m.role, m.Process.Pid)
	c.asked[m.Process.Pid] = true
	_ = m.Process.Signal(syscall.SIGTERM)
}

// wait waits for the end of a process, and judges it.
func (c *crowd) wait(t *testing.T, m *member, within time.Duration) {
	t.Helper()
	select {
	case <-m.ended:
	case <-time.After(within):
		_ = m.Process.Signal(syscall.SIGQUIT) // which has it print its goroutines
		select {
		case <-m.ended:
		case <-time.After(10 * time.Second):
			_ = m.Process.Kill()
			<-m.ended
		}
		t.Errorf("the %s %d does not end:\n%s", m.role, m.Process.Pid, m.output.String())
		return
	}
	status, _ := m.ProcessState.Sys().(syscall.WaitStatus)
	switch pid := m.Process.Pid; {
	case m.ProcessState.Success():
	case c.Killed[pid] && status.Signaled():
	case c.asked[pid] && status.Signaled() && status.Signal() == syscall.SIGTERM: // before it listened
	case status.ExitStatus() == 1 && (c.servers.wasAway || m.wasApart) && !strings.Contains(m.output.String(), "\ngoroutine "): // it says so
	default:
		t.Errorf("the %s %d ended with %v:\n%s", m.role, pid, m.ProcessState, m.output.String())
	}
}

// checkNobodyStays checks that no process of the home is alive.
func (c *crowd) checkNobodyStays(t *testing.T) {
	t.Helper()
	found, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, file := range found {
		environment, err := os.ReadFile(file)
		if err == nil && slices.Contains(strings.Split(string(environment), "\x00"), markVariable+"="+c.mark) {
			t.Errorf("the process %s stays", filepath.Base(filepath.Dir(file)))
		}
	}
}

// showOutput shows what the processes have written, if the test has failed.
func (c *crowd) showOutput(t *testing.T) {
	for _, one := range c.members {
		if text := one.output.String(); t.Failed() && text != "" {
			t.Logf("the %s %d has written:\n%s", one.role, one.Process.Pid, fmt.Sprintf("%.20000s", text))
		}
	}
}
