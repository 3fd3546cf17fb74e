//go:build unix

package runs_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks/postgreslocks"
	"github.com/fxrun/fxrun/runs"
)

// queueVariable names the folder in which another process of the test takes queued runs.
const queueVariable = "FXRUN_TEST_QUEUE"

// databaseVariable has the address of the database with the history and the locks of that
// process. Without it they are in the folder.
const databaseVariable = "FXRUN_TEST_QUEUE_DATABASE"

// limitsOfProcesses are the limits of all processes of the property test.
var limitsOfProcesses = runs.Limits{
	Runs: 3, Tags: []runs.TagLimit{{Key: "team", Value: "sales", Runs: 1}}, Pools: map[string]int{"warehouse": 2},
}

// working is a launcher in a folder, with a job of two steps that write to a file of the
// folder when they begin and when they end.
func working(t *testing.T, home, database string, wait func() time.Duration) *runs.Launcher {
	t.Helper()
	values, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: filepath.Join(home, "values")})
	if err != nil {
		t.Fatal(err)
	}
	note := func(kind, what string) error {
		file, err := os.OpenFile(filepath.Join(home, "marks"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(file, "%s %s %d\n", kind, what, os.Getpid())
		return errors.Join(err, file.Close())
	}
	mark := func(ctx context.Context, kinds ...string) error {
		for _, kind := range kinds {
			if err := note(kind, "begins"); err != nil {
				return err
			}
		}
		select {
		case <-time.After(wait()):
		case <-ctx.Done():
		}
		for _, kind := range kinds {
			if err := note(kind, "ends"); err != nil {
				return err
			}
		}
		return nil
	}
	list := []assets.Definition{
		assets.NewJob("nightly", assets.OnCrash(assets.CrashResume), assets.NewOp("left", func(ctx context.Context, about *assets.Context) (left, error) {
			if about.Run().Tags["team"] == "sales" {
				return 1, mark(ctx, "run", "sales")
			}
			return 1, mark(ctx, "run")
		}), assets.NewOp("middle", func(ctx context.Context, _ left) (middle, error) {
			return 2, mark(ctx, "pool")
		}, assets.Pool("warehouse"))),
		assets.New("right", func() right { return 1 }),
	}
	config := runs.LauncherConfig{IO: values, Limits: limitsOfProcesses}
	if database == "" {
		return homeLauncherWith(t, home, config, memory(), list...)
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
	config.Store, config.Locks = store, locker
	return newLauncher(t, config, memory(), list...)
}

// TestWorkingProcess is a process that takes queued runs until it is killed.
func TestWorkingProcess(t *testing.T) {
	home := os.Getenv(queueVariable)
	if home == "" {
		t.Skip("only to be run by other tests")
	}
	launcher := working(t, home, os.Getenv(databaseVariable), func() time.Duration { return rand.N(60 * time.Millisecond) })
	fmt.Printf("\nworking\n")
	_ = launcher.Work(t.Context(), runs.WorkOptions{})
}

// worker starts a process that takes queued runs.
func worker(t *testing.T, home, database string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWorkingProcess$")
	command.Env = append(os.Environ(), queueVariable+"="+home, databaseVariable+"="+database)
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if lines.Text() == "working" {
			return command
		}
	}
	t.Fatalf("the process has ended: %v", command.Wait())
	return nil
}

// checkMarks checks how much went on at the same time. What a process that was killed had
// begun counts up to its last line, since it has certainly lived until then.
func checkMarks(t *testing.T, home string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(home, "marks"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	last := make(map[string]int) // line of a process
	for i, line := range lines {
		last[strings.Fields(line)[2]] = i
	}
	most, limits := make(map[string]int), map[string]int{"run": 3, "sales": 1, "pool": 2}
	going := make(map[string]map[string]int) // by kind and process
	for i, line := range lines {
		parts := strings.Fields(line)
		kind, process := parts[0], parts[2]
		if going[kind] == nil {
			going[kind] = make(map[string]int)
		}
		going[kind][process]++
		if parts[1] == "ends" {
			going[kind][process] -= 2
		}
		sum := 0
		for process, count := range going[kind] {
			if i <= last[process] {
				sum += count
			}
		}
		most[kind] = max(most[kind], sum)
		if sum > limits[kind] {
			t.Errorf("line %d: %d of kind %s at the same time", i+1, sum, kind)
		}
	}
	t.Logf("%d lines; at the same time at most %v", len(lines), most)
}

// Processes that take queued runs are killed and replaced, at random moments. No limit
// may be exceeded at any time. In the end every run has been executed by exactly one
// process at a time, the rest of each lost run was resumed once, and all places are free.
func TestProcessesShareAQueueAndItsLimits(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes several seconds")
	}
	t.Run("with a history and locks in files", func(t *testing.T) {
		t.Parallel()
		shareQueue(t, "")
	})
	t.Run("with a history and locks in PostgreSQL", func(t *testing.T) {
		t.Parallel()
		var server postgrestest.Server
		t.Cleanup(server.Stop)
		shareQueue(t, server.NewDatabase(t))
	})
}

func shareQueue(t *testing.T, database string) {
	t.Helper()
	home := t.TempDir()
	launcher := working(t, home, database, func() time.Duration { return 0 })
	const count = 60
	for i := range count {
		tags := map[string]string{}
		if i%3 == 0 {
			tags["team"] = "sales"
		}
		queue(t, launcher, runs.Request{ID: fmt.Sprintf("run-%02d", i), Job: "nightly", Tags: tags, Priority: i % 2})
	}
	var killing sync.WaitGroup
	for range 3 {
		killing.Go(func() {
			for range 4 {
				process := worker(t, home, database)
				time.Sleep(100*time.Millisecond + rand.N(1500*time.Millisecond))
				kill(t, process)
			}
		})
	}
	killing.Wait()
	// What was under way is settled and resumed by who works next.
	if _, err := run(t, launcher, runs.Request{Selection: "right"}); err != nil {
		t.Fatal(err)
	}
	workUntilEmpty(t, launcher)
	checkMarks(t, home)
	checkQueue(t, launcher, count)
}

// checkQueue checks what the history says in the end.
func checkQueue(t *testing.T, launcher *runs.Launcher, count int) {
	t.Helper()
	found, err := launcher.Store().Runs(t.Context(), history.RunQuery{})
	if err != nil {
		t.Fatal(err)
	}
	resumed, lost := make(map[string]int), 0
	for _, record := range found {
		if of := record.Tags[runs.TagRetryOf]; of != "" {
			resumed[of]++
		}
	}
	for _, record := range found {
		switch {
		case record.Status == history.StatusSucceeded:
		case record.Status == history.StatusFailed && strings.Contains(record.Error.Message, "is gone"):
			lost++
			if open := resumed[record.ID]; open != 1 && !strings.Contains(record.Error.Message, "not resumed") && hasOpenSteps(record) {
				t.Errorf("lost run %s was resumed %d times", record.ID, open)
			}
		default:
			t.Errorf("run %s is %s: %s", record.ID, record.Status, record.Error.Message)
		}
		starts, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID, Types: []history.EventType{history.TypeRunStarting}})
		if err != nil || len(starts) != 1 {
			t.Errorf("run %s has begun %d times, %v", record.ID, len(starts), err)
		}
	}
	if len(found) < count {
		t.Errorf("there are %d runs", len(found))
	}
	t.Logf("%d runs, %d of them lost with their process", len(found), lost)
}

func hasOpenSteps(record history.Record) bool {
	for _, step := range record.Steps {
		if step.Status != history.StepStatusSucceeded {
			return true
		}
	}
	return false
}
