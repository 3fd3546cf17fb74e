package runs_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// sharedVariable names the history that many processes of a test share: a folder, or the address
// of a database. The locks are in the folder of homeVariable.
const sharedVariable = "FXRUN_TEST_SHARED_HISTORY"

func openShared(t *testing.T, at string) *sqlhistory.Store {
	t.Helper()
	open := sqlite.Open
	if strings.HasPrefix(at, "postgres://") {
		open = postgres.Open
	}
	store, err := open(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// TestOneOfManyProcesses is the process that other tests start many times.
func TestOneOfManyProcesses(t *testing.T) {
	at := os.Getenv(sharedVariable)
	if at == "" {
		t.Skip("only to be run by other tests")
	}
	store := openShared(t, at)
	var list []assets.Definition
	for n := range 50 {
		list = append(list, assets.New(fmt.Sprintf("step%d", n), func(step *assets.Context) error {
			for line := range 3 {
				step.Logger().Info("working", "line", line)
				step.Progress(int64(line), 3)
			}
			return nil
		}))
	}
	launcher := newLauncher(t, runs.LauncherConfig{
		Store: store, Locks: filelocks.New(filepath.Join(os.Getenv(homeVariable), "locks")), Retention: runs.Retention{Runs: 5},
		Executor: runs.InProcess(runs.InProcessConfig{MaxParallel: 50}),
	}, memory(), list...)
	for range 2 {
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
	}
}

// Many processes, each with 50 steps at the same time, share one history, and remove old runs
// from it meanwhile.
func TestManyProcessesShareAHistory(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts dozens of processes")
	}
	var server postgrestest.Server
	t.Cleanup(server.Stop)
	for name, c := range map[string]struct {
		processes int
		at        func(t *testing.T) string
	}{
		"8 on SQLite":      {8, func(t *testing.T) string { return t.TempDir() }},
		"20 on PostgreSQL": {20, func(t *testing.T) string { return server.Database(t) }},
	} {
		t.Run(name, func(t *testing.T) {
			at, home := c.at(t), t.TempDir()
			store := openShared(t, at)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			var processes sync.WaitGroup
			for range c.processes {
				processes.Go(func() {
					command := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestOneOfManyProcesses$")
					command.Env = append(os.Environ(), sharedVariable+"="+at, homeVariable+"="+home)
					if output, err := command.CombinedOutput(); err != nil {
						t.Errorf("%v\n%s", err, output)
					}
				})
			}
			processes.Wait()
			found, err := store.Runs(t.Context(), history.RunQuery{})
			if err != nil || len(found) < 5 || len(found) > 2*c.processes {
				t.Fatalf("%d runs are there, %v", len(found), err)
			}
			whole := 0
			for _, record := range found {
				if record.Status != history.StatusSucceeded {
					t.Errorf("run %s is %s: %s", record.ID, record.Status, record.Error.Message)
				}
				if record.Pruned.IsZero() {
					whole++
					historytest.CheckRun(t, store, record.ID, 4+50*6)
				}
			}
			if whole < 5 {
				t.Errorf("%d runs are whole, want at least the 5 that are kept", whole)
			}
			if left, err := store.Prunable(t.Context(), history.Retention{Keep: 5}); err != nil {
				t.Errorf("%d runs can be pruned, %v", len(left), err)
			}
		})
	}
}
