//go:build unix

package runs_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// repeatedVariable names the folder in which another process of the test launches a run
// that fails.
const repeatedVariable = "FXRUN_TEST_REPEATED"

// repeated is a launcher with a job that is repeated after some seconds, in which the process that
// has launched it is killed.
func repeated(t *testing.T, home string, fails bool) *runs.Launcher {
	t.Helper()
	op := assets.NewOp("left", func() (left, error) {
		if fails {
			return 0, errors.New("the service is away")
		}
		return 1, nil
	})
	return homeLauncher(t, home, memory(), assets.NewJob("nightly", op, assets.RetryRun(1, func(int) time.Duration { return 5 * time.Second })))
}

// TestRepeatingProcess is a process that is killed while a run waits to be repeated.
func TestRepeatingProcess(t *testing.T) {
	home := os.Getenv(repeatedVariable)
	if home == "" {
		t.Skip("only to be run by other tests")
	}
	handle, err := repeated(t, home, true).Launch(t.Context(), runs.Request{Job: "nightly"})
	if err != nil {
		t.Fatal(err)
	}
	_ = handle.Wait(t.Context())
	fmt.Printf("\nrepeating %s\n", handle.RetriedBy().ID())
	<-t.Context().Done() // the process is killed
}

func TestAnotherProcessRepeatsTheRunOfAKilledProcess(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRepeatingProcess$")
	process.Env = append(os.Environ(), repeatedVariable+"="+home)
	output, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	var id string
	for lines := bufio.NewScanner(output); id == "" && lines.Scan(); {
		_, id, _ = strings.Cut(lines.Text(), "repeating ")
	}
	launcher := repeated(t, home, false)
	if waiting := find(t, launcher.Store(), id); waiting.Status != history.StatusQueued || !waiting.Takeable {
		t.Errorf("the repetition is %s", waiting.Status)
	}
	kill(t, process)
	workUntilEmpty(t, launcher)
	got := find(t, launcher.Store(), id)
	if got.Status != history.StatusSucceeded || got.Started.Before(got.NotBefore) || got.Tags[runs.TagAttempt] != "2" {
		t.Errorf("the repetition is %s: %+v", got.Status, got)
	}
}
