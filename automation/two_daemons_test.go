//go:build unix

package automation_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
)

const (
	// daemonVariable names the folder of a process that is one of two daemons, and
	// databaseVariable its database; "" is a history in the folder.
	daemonVariable   = "AUTOMATION_TEST_DAEMON"
	databaseVariable = "AUTOMATION_TEST_DATABASE"
)

// notingProgram is a program whose sensor notes which process ticks, in a file of the
// folder, and asks for a run with a key at each tick.
func notingProgram(t *testing.T, home, database string) *program {
	t.Helper()
	p := newProgram(t, new(tables), nil, automation.NewSensor("numbers", func(tick *automation.Tick) (automation.RunRequest, error) {
		number, _ := strconv.Atoi(tick.Cursor())
		tick.SetCursor(strconv.Itoa(number + 1))
		return automation.RunRequest{Key: tick.Cursor(), Job: "small_job"}, note(home, os.Getpid(), tick.Cursor())
	}, automation.Every(100*time.Millisecond)))
	if database == "" {
		store := sqlite.NewFolder(home)
		t.Cleanup(func() { _ = store.Close() })
		p.store, p.locks = store, filelocks.New(filepath.Join(home, "locks"))
		return p
	}
	store, err := postgres.New(database)
	if err != nil {
		t.Fatal(err)
	}
	locker, err := postgreslocks.New(database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = store.Close(), locker.Close() })
	p.store, p.locks = store, locker
	return p
}

func note(home string, pid int, cursor string) (err error) {
	file, err := os.OpenFile(filepath.Join(home, "ticks"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintln(file, pid, cursor); err != nil {
		return err
	}
	return file.Close()
}

// noted returns how often a process has ticked.
func noted(t *testing.T, home string, pid int) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(home, "ticks"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Count("\n"+string(text), fmt.Sprintf("\n%d ", pid))
}

// TestDaemonProcess is the process of one of two daemons.
func TestDaemonProcess(t *testing.T) {
	home := os.Getenv(daemonVariable)
	if home == "" {
		t.Skip("only to be run by another test")
	}
	p := notingProgram(t, home, os.Getenv(databaseVariable))
	_ = p.daemon(p.newLauncher(), nil).Run(t.Context())
}

// daemonProcess starts the process of a daemon.
func daemonProcess(t *testing.T, home, database string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDaemonProcess$")
	command.Env = append(os.Environ(), daemonVariable+"="+home, databaseVariable+"="+database)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command
}

// kill ends a process as the end of its machine would.
func kill(t *testing.T, command *exec.Cmd) {
	t.Helper()
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // which says that it was killed
}

func TestOfTwoProcessesOneTicksAndTheOtherTakesOver(t *testing.T) {
	t.Parallel()
	t.Run("with SQLite", func(t *testing.T) {
		t.Parallel()
		testTwoProcesses(t, "")
	})
	t.Run("with PostgreSQL", func(t *testing.T) {
		t.Parallel()
		var server postgrestest.Server
		t.Cleanup(server.Stop)
		testTwoProcesses(t, server.Database(t))
	})
}

func testTwoProcesses(t *testing.T, database string) {
	home := t.TempDir()
	ticks := func(command *exec.Cmd, least int) time.Duration {
		t.Helper()
		before, began := noted(t, home, command.Process.Pid), time.Now()
		for noted(t, home, command.Process.Pid) < before+least {
			if time.Since(began) > time.Minute {
				t.Fatal("a daemon that is alone did not tick for a minute")
			}
			time.Sleep(10 * time.Millisecond) // another process
		}
		return time.Since(began)
	}
	first := daemonProcess(t, home, database)
	ticks(first, 2)
	for round := range 3 {
		second := daemonProcess(t, home, database)
		ticks(first, 5)
		if standby := noted(t, home, second.Process.Pid); standby > 0 {
			t.Fatalf("in round %d both daemons tick", round)
		}
		kill(t, first)
		t.Logf("the standby has ticked %s after the daemon was killed", ticks(second, 1).Round(time.Millisecond))
		first = second
	}
	kill(t, first)
	checkTicks(t, notingProgram(t, home, database))
}

// checkTicks looks whether each tick is recorded once, and whether each key has one run.
func checkTicks(t *testing.T, p *program) {
	t.Helper()
	if err := p.control().Switch(t.Context(), automation.KindSensor, "numbers", false, automation.SwitchOptions{}); err != nil {
		t.Fatal(err)
	}
	p.settle(nil) // what the last one has left open is queued
	seen := make(map[int64]bool)
	requested := 0
	for _, tick := range p.ticks(automation.KindSensor, "numbers") {
		if tick.Status != automation.TickRequested {
			continue
		}
		requested++
		if seen[tick.Tick] {
			t.Errorf("tick %d is recorded twice", tick.Tick)
		}
		seen[tick.Tick] = true
	}
	keys := make(map[string]int)
	for _, record := range p.runs(map[string]string{automation.TagSensor: "numbers"}) {
		keys[record.Tags[automation.TagRunKey]]++
	}
	cursor, _ := strconv.Atoi(p.status(automation.KindSensor, "numbers").State.Cursor)
	if requested != cursor || len(keys) != cursor {
		t.Errorf("the cursor is %d, %d ticks are recorded, and %d keys have runs", cursor, requested, len(keys))
	}
	for key, count := range keys {
		if count != 1 {
			t.Errorf("key %s has %d runs", key, count)
		}
	}
}

// settle runs a daemon in this process until done says so, the runs of each tick are queued,
// and no run is left; done may be nil. A run that is lost would keep it waiting, so it ends after
// some minutes, and the caller finds what is missing.
func (p *program) settle(done func() bool) {
	p.t.Helper()
	launcher := p.newLauncher()
	stop := p.start(p.daemon(launcher, nil))
	for began := time.Now(); !p.settled(done) && time.Since(began) < 5*time.Minute; {
		time.Sleep(50 * time.Millisecond) // the history tells of no tick
	}
	stop()
	p.close(launcher)
}

func (p *program) settled(done func() bool) bool {
	p.t.Helper()
	if done != nil && !done() {
		return false
	}
	sensors, err := p.control().All(context.Background(), automation.KindSensor)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, sensor := range sensors {
		if sensor.State.Open > 0 {
			return false
		}
	}
	left, err := p.store.Runs(context.Background(), history.RunQuery{
		Statuses: []history.Status{history.StatusQueued, history.StatusStarting, history.StatusRunning}, OmitSteps: true, Limit: 1,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return len(left) == 0
}
