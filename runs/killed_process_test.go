//go:build unix

package runs_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// homeVariable names the folder in which another process of the test executes a run.
const homeVariable = "FXRUN_TEST_HOME"

type perStep struct{}

// TestExecutingProcess is the process that other tests kill.
func TestExecutingProcess(t *testing.T) {
	home := os.Getenv(homeVariable)
	if home == "" {
		t.Skip("only to be run by other tests")
	}
	hooks := func(lc fx.Lifecycle) { lc.Append(fx.StartStopHook(func() {}, func() {})) }
	launcher := homeLauncher(t, home,
		append(memory(),
			container.Provide("database", func(lc fx.Lifecycle) *database { hooks(lc); return &database{} }),
			container.Provide("client", func(lc fx.Lifecycle) *perStep { hooks(lc); return &perStep{} }, container.PerStep())),
		assets.New("left", func(ctx context.Context, step *assets.Context, _ *database, _ *perStep) (left, error) {
			if step.Attempt() == 1 {
				return 0, fmt.Errorf("the first attempt fails")
			}
			fmt.Printf("\nexecuting\n")
			<-ctx.Done()
			return 0, context.Cause(ctx)
		}, assets.Retry(1, nil)))
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	_ = handle.Wait(t.Context()) // until the process is killed
}

// homeLauncher is a launcher with its history and its locks in a folder.
func homeLauncher(t *testing.T, home string, resources []container.Definition, list ...assets.Definition) *runs.Launcher {
	t.Helper()
	return homeLauncherWith(t, home, runs.LauncherConfig{}, resources, list...)
}

func homeLauncherWith(t *testing.T, home string, config runs.LauncherConfig, resources []container.Definition, list ...assets.Definition) *runs.Launcher {
	t.Helper()
	store := sqlite.NewFolder(home)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	config.Store, config.Locks = store, filelocks.New(filepath.Join(home, "locks"))
	return newLauncher(t, config, resources, list...)
}

// executing starts a process that executes a run, and returns when the second attempt of
// its step runs.
func executing(t *testing.T, home string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestExecutingProcess$")
	command.Env = append(os.Environ(), homeVariable+"="+home)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if lines.Text() == "executing" {
			return command
		}
	}
	t.Fatalf("the process has ended: %v", command.Wait())
	return nil
}

func kill(t *testing.T, process *exec.Cmd) {
	t.Helper()
	if err := process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait() // which says that it was killed
}

// stopQuietly stops a process while it writes nothing. The process would otherwise keep the
// lock of SQLite for writing, and nobody could write until it goes on: it is about to record
// the start of its resources when it says that it executes its step.
func stopQuietly(t *testing.T, process *exec.Cmd, home string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(home, sqlite.FileName)+"?_txlock=immediate&_pragma=busy_timeout(300)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 20 {
		if err := process.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		var writing *sql.Tx
		if writing, err = db.BeginTx(t.Context(), nil); err == nil {
			if err := writing.Rollback(); err != nil {
				t.Fatal(err)
			}
			return
		}
		if err := process.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("the process is always writing: %v", err)
}

// lastRun returns the run that another process executes, when its step is running.
func lastRun(t *testing.T, store history.Store) history.Record {
	t.Helper()
	return until(t, store, func(record history.Record) bool { return len(record.Steps) == 1 && record.Steps[0].Attempt == 2 })
}

// until reads the newest run until it is as asked for.
func until(t *testing.T, store history.Store, as func(history.Record) bool) history.Record {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		found, err := store.Runs(ctx, history.RunQuery{Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 && as(found[0]) {
			return found[0]
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("the run is still %+v", found)
		}
	}
}

func isFinished(record history.Record) bool { return record.Status.Finished() }

func TestTheRunOfAKilledProcessIsSettled(t *testing.T) {
	t.Parallel()
	t.Run("by the next process before its first run", func(t *testing.T) {
		t.Parallel()
		home := t.TempDir()
		process := executing(t, home)
		launcher := homeLauncher(t, home, memory(), one()...)
		lost := lastRun(t, launcher.Store())
		if liveness, err := launcher.Liveness(t.Context(), lost); err != nil || liveness != runs.LivenessRunning {
			t.Errorf("the living process is %s, %v", liveness, err)
		}
		kill(t, process)
		if liveness, err := launcher.Liveness(t.Context(), lost); err != nil || liveness != runs.LivenessGone {
			t.Errorf("the killed process is %s, %v", liveness, err)
		}
		if now := find(t, launcher.Store(), lost.ID); now.Status != history.StatusRunning {
			t.Errorf("looking has changed the run: it is %s", now.Status)
		}
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		now := find(t, launcher.Store(), lost.ID)
		for _, want := range []string{lost.Owner + ") is gone", "resources that were not stopped: ", "client of step left", "executing left (attempt 2)"} {
			if now.Status != history.StatusFailed || !strings.Contains(now.Error.Message, want) {
				t.Errorf("the run %s: %s, want %s", now.Status, now.Error.Message, want)
			}
		}
		var left []string
		for _, resource := range ended(t, launcher.Store(), lost.ID).Left {
			left = append(left, resource.String())
		}
		if got := strings.Join(left, ", "); !strings.Contains(got, "database") || !strings.Contains(got, "client of step left") || strings.Count(got, "client") != 1 {
			t.Errorf("left are %s", got)
		}
	})
	t.Run("by another process that executes runs, within seconds", func(t *testing.T) {
		t.Parallel()
		home := t.TempDir()
		launcher := homeLauncher(t, home, memory(), one()...)
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		process := executing(t, home)
		lost := lastRun(t, launcher.Store())
		kill(t, process)
		if now := until(t, launcher.Store(), isFinished); now.ID != lost.ID || now.Status != history.StatusFailed {
			t.Errorf("the run is %s", now.Status)
		}
	})
	t.Run("and not while the process is only stopped", func(t *testing.T) {
		t.Parallel()
		home := t.TempDir()
		process := executing(t, home)
		launcher := homeLauncher(t, home, memory(), one()...)
		lost := lastRun(t, launcher.Store())
		stopQuietly(t, process, home)
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		if liveness, err := launcher.Liveness(t.Context(), lost); err != nil || liveness != runs.LivenessRunning {
			t.Errorf("the stopped process is %s, %v", liveness, err)
		}
		if now := find(t, launcher.Store(), lost.ID); now.Status != history.StatusRunning {
			t.Errorf("the run of the stopped process is %s", now.Status)
		}
		kill(t, process)
	})
}
