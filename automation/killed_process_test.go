//go:build unix

package automation_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/locks/filelocks"
)

const (
	// homeVariable names the folder of a process that is killed.
	homeVariable = "AUTOMATION_TEST_HOME"
	// roundsVariable says how many processes are killed, if it is set.
	roundsVariable = "AUTOMATION_TEST_ROUNDS"
)

// countingProgram is a program whose sensor asks for three runs at each tick, and counts in
// its cursor. Another sensor asks for one run for each materialization.
func countingProgram(t *testing.T, home string) *program {
	t.Helper()
	p := newProgram(t, new(tables), nil,
		automation.NewSensor("numbers", func(tick *automation.Tick) []automation.RunRequest {
			number, _ := strconv.Atoi(tick.Cursor())
			tick.SetCursor(strconv.Itoa(number + 1))
			var requests []automation.RunRequest
			for i := range 3 {
				requests = append(requests, automation.RunRequest{Key: fmt.Sprintf("%d-%d", number, i), Job: "small_job"})
			}
			return requests
		}, automation.Every(100*time.Millisecond)),
		automation.OnMaterialized("follower", []string{"small"}, func(event history.Event) automation.RunRequest {
			return table(fmt.Sprint("after ", event.RunID))
		}, automation.For("update_data")))
	store := sqlite.NewFolder(home)
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	p.store, p.locks = store, filelocks.New(filepath.Join(home, "locks"))
	return p
}

// TestTickingProcess is the process that is killed.
func TestTickingProcess(t *testing.T) {
	home := os.Getenv(homeVariable)
	if home == "" {
		t.Skip("only to be run by another test")
	}
	p := countingProgram(t, home)
	_ = p.daemon(p.newLauncher(), nil).Run(t.Context())
}

func TestDaemonsThatAreKilledRepeatNoRunAndLoseNone(t *testing.T) {
	t.Parallel()
	rounds := 6
	if given, err := strconv.Atoi(os.Getenv(roundsVariable)); err == nil {
		rounds = given
	}
	home := t.TempDir()
	killAfter := func(wait func()) {
		t.Helper()
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTickingProcess$")
		command.Env = append(os.Environ(), homeVariable+"="+home)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		wait()
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait() // which says that it was killed
	}
	for range rounds {
		killAfter(func() { time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond) })
	}
	p := countingProgram(t, home)
	killAfter(func() { // on a busy machine none of them may have come as far
		for began := time.Now(); p.status(automation.KindSensor, "numbers").State.Cursor == "" && time.Since(began) < 5*time.Minute; {
			time.Sleep(50 * time.Millisecond)
		}
	})
	if err := p.control().Switch(t.Context(), automation.KindSensor, "numbers", false, automation.SwitchOptions{}); err != nil {
		t.Fatal(err)
	}
	p.settle(func() bool { // each materialization has a run of the other sensor
		made, err := p.store.Events(t.Context(), history.EventQuery{Asset: "small", Types: []history.EventType{history.TypeAssetMaterialized}})
		if err != nil {
			t.Fatal(err)
		}
		return len(p.runs(map[string]string{automation.TagSensor: "follower"})) >= len(made)
	})
	checkCounted(t, home)
}

// checkCounted looks at the tables of the history, without the code that wrote them.
func checkCounted(t *testing.T, home string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(home, sqlite.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	number := func(query string) int {
		t.Helper()
		var n int
		if err := db.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		return n
	}
	cursor := number(`SELECT json_extract(state, '$.cursor') FROM entries WHERE journal = 'sensor/numbers' ORDER BY seq DESC LIMIT 1`)
	counted := number(`SELECT count(*) FROM run_tags WHERE key = 'fxrun/sensor' AND value = 'numbers'`)
	if cursor == 0 || counted != 3*cursor {
		t.Errorf("the cursor is %d, and there are %d runs", cursor, counted)
	}
	if twice := number(`SELECT count(*) FROM (SELECT value FROM run_tags WHERE key = 'fxrun/run_key' GROUP BY value HAVING count(*) > 1)`); twice > 0 {
		t.Errorf("%d keys have more than one run", twice)
	}
	made := number(`SELECT count(*) FROM events WHERE type = 'asset_materialized' AND asset = 'small'`)
	followed := number(`SELECT count(*) FROM run_tags WHERE key = 'fxrun/sensor' AND value = 'follower'`)
	if made != followed {
		t.Errorf("%d materializations have %d runs", made, followed)
	}
	if open := number(`SELECT count(*) FROM runs WHERE status IN ('queued', 'starting', 'running')`); open > 0 {
		t.Errorf("%d runs have not ended", open)
	}
	t.Logf("the cursor is %d, of %d runs of keys %d were lost with their process, and %d materializations have %d runs",
		cursor, counted, number(`SELECT count(*) FROM runs WHERE status = 'failed'`), made, followed)
}
