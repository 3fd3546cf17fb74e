package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// The test binary executes itself to have more processes: with childRole it
// does that instead of testing, in the folder of childFolder.
const (
	childRole   = "SQLITESTORE_TEST_ROLE"
	childFolder = "SQLITESTORE_TEST_FOLDER"
	childName   = "SQLITESTORE_TEST_NAME"
)

func beChild(role string) int {
	if read := readingRoles[role]; read != nil {
		if err := read(os.Getenv(childFolder)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	store, err := sqlite.Open(context.Background(), os.Getenv(childFolder))
	if err == nil {
		switch role {
		case "append until killed":
			err = appendUntilKilled(store, os.Getenv(childName))
		case "fill the disk":
			err = fillTheDisk(store, os.Getenv(childName))
		case "append a lot":
			err = errors.Join(appendALot(store, os.Getenv(childName)), store.Close())
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func child(t *testing.T, role, folder, name string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childRole+"="+role, childFolder+"="+folder, childName+"="+name)
	return cmd
}

// appendUntilKilled writes runs from several goroutines, and a line to stdout
// for each event that the store has acknowledged: "run seq .".
func appendUntilKilled(store *sqlhistory.Store, name string) error {
	const writers = 6
	errs := make(chan error)
	for i := range writers {
		go func() {
			id := fmt.Sprintf("%s-%d", name, i)
			next := queued(id)
			for {
				stored, err := store.Append(context.Background(), next)
				if err != nil {
					errs <- err
					return
				}
				// One write, not buffered. It ends in a dot, so that what the
				// kill has cut off can be told.
				fmt.Printf("%s %d .\n", id, stored[0].Seq)
				next.Data = history.LogWritten{Message: strings.Repeat("x", 300)}
			}
		}()
	}
	return <-errs
}

func TestAcknowledgedEventsSurviveAKill(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	all := make(map[string]int64)
	for round := range 3 {
		// Each round begins with what the killed process of the last one left.
		cmd := child(t, "append until killed", folder, fmt.Sprintf("round%d", round))
		acknowledged := killAfter(t, cmd, 100+rand.IntN(900))
		maps.Copy(all, acknowledged)
		store, err := sqlite.Open(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		for id, seq := range all {
			historytest.CheckRun(t, store, id, seq)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter kills the process after so many lines of its output, with no
// chance to clean up, and returns the last sequence number of each run of all
// lines that it managed to write.
func killAfter(t *testing.T, cmd *exec.Cmd, lines int) map[string]int64 {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := make(map[string]int64)
	count := 0
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); count++ {
		if count == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line := strings.Fields(scanner.Text())
		if len(line) != 3 { // cut off
			continue
		}
		seq, err := strconv.ParseInt(line[1], 10, 64)
		if err != nil {
			t.Fatalf("the process wrote %q", scanner.Text())
		}
		id := line[0]
		acknowledged[id] = max(acknowledged[id], seq)
	}
	if err := cmd.Wait(); err == nil || count < lines {
		t.Fatalf("the process ended by itself after %d lines: %v", count, err)
	}
	return acknowledged
}

const (
	processes   = 8
	goroutines  = 4
	perRoutine  = 20
	sharedRunID = "shared"
)

// appendALot writes to one run that all share, and to runs of its own, and
// reads in between.
func appendALot(store *sqlhistory.Store, name string) error {
	ctx := context.Background()
	errs := make([]error, goroutines)
	var group sync.WaitGroup
	for i := range goroutines {
		group.Go(func() {
			own := queued(fmt.Sprintf("%s-%d", name, i))
			for range perRoutine {
				shared := queued(sharedRunID)
				shared.Data = history.LogWritten{Message: own.RunID}
				if _, err := store.Append(ctx, shared, own); err != nil {
					errs[i] = err
					return
				}
				if _, err := store.Runs(ctx, history.RunQuery{Limit: 5}); err != nil {
					errs[i] = err
					return
				}
				own.Data = history.LogWritten{Message: "x"}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func TestProcessesShareAFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store := open(t, folder)
	if _, err := store.Append(t.Context(), queued(sharedRunID)); err != nil {
		t.Fatal(err)
	}
	runChildren(t, folder, "append a lot")
	const routines = processes * goroutines
	historytest.CheckRun(t, store, sharedRunID, 1+routines*perRoutine)
	found, err := store.Runs(t.Context(), history.RunQuery{})
	if err != nil || len(found) != 1+routines {
		t.Fatalf("there are %d runs (%v), want %d", len(found), err, 1+routines)
	}
	for _, record := range found[:routines] {
		if record.Seq != perRoutine {
			t.Errorf("run %s has %d events, want %d", record.ID, record.Seq, perRoutine)
		}
	}
}

func TestProcessesOpenANewFolderAtOnce(t *testing.T) {
	t.Parallel()
	for range 3 {
		runChildren(t, t.TempDir(), "only open")
	}
}

// runChildren starts processes at once and waits for them.
func runChildren(t *testing.T, folder, role string) {
	t.Helper()
	failures := make([]string, processes)
	var group sync.WaitGroup
	for i := range processes {
		cmd := child(t, role, folder, fmt.Sprintf("p%d", i))
		group.Go(func() {
			if output, err := cmd.CombinedOutput(); err != nil {
				failures[i] = fmt.Sprintf("%v: %s", err, output)
			}
		})
	}
	group.Wait()
	for i, failure := range failures {
		if failure != "" {
			t.Errorf("process %d: %s", i, failure)
		}
	}
}
