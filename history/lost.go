package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Owner names this process, so that its runs can be told from those of others.
func Owner() string { return fmt.Sprintf("%s/%d", hostname(), os.Getpid()) }

func hostname() string {
	host, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return host
}

// Lost returns the records, without their steps, of the runs that [SettleLost] would record as
// failed. It only reads.
func Lost(ctx context.Context, store Store) ([]Record, error) {
	found, err := store.Runs(ctx, RunQuery{Statuses: []Status{StatusQueued, StatusStarting, StatusRunning}, OmitSteps: true})
	if err != nil {
		return nil, fmt.Errorf("looking for lost runs: %w", err)
	}
	return slices.DeleteFunc(found, func(record Record) bool { return !isGone(record.Owner) }), nil
}

// SettleLost records as failed the runs whose process is gone: killed, crashed,
// or ended by a second Ctrl-C. Such a process could not stop its resources, nor
// say so in the history. It returns the records of those runs as they now are.
//
// Only processes of this machine can be looked for; runs of others are left
// alone. A process that got the number of a gone one passes for it.
func SettleLost(ctx context.Context, store Store) ([]Record, error) {
	found, err := Lost(ctx, store)
	if err != nil {
		return nil, err
	}
	var settled []Record
	for _, record := range found {
		lost := fmt.Sprintf("the process that executed it (%s) is gone; its resources were not stopped", record.Owner)
		lasted, err := lastedFor(ctx, store, record)
		if err != nil {
			return settled, fmt.Errorf("settling lost run %s: %w", record.ID, err)
		}
		_, err = store.Append(ctx, Event{
			RunID: record.ID, Time: time.Now(),
			Data: RunFinished{Status: StatusFailed, Duration: lasted, Error: Failure{Message: lost}},
		})
		if errors.Is(err, ErrTransition) {
			continue // another process has settled it
		}
		if err != nil {
			return settled, fmt.Errorf("settling lost run %s: %w", record.ID, err)
		}
		record, err := Find(ctx, store, record.ID)
		if err != nil {
			return settled, err
		}
		settled = append(settled, record)
	}
	return settled, nil
}

// lastedFor returns how long a lost run is known to have lasted: to its last
// event.
func lastedFor(ctx context.Context, store Store, record Record) (time.Duration, error) {
	if record.Started.IsZero() {
		return 0, nil
	}
	last, err := store.Events(ctx, EventQuery{RunID: record.ID, AfterSeq: record.Seq - 1, Limit: 1})
	if err != nil || len(last) == 0 {
		return 0, err
	}
	return max(0, last[0].Time.Sub(record.Started)), nil
}

// isGone reports whether a run's owner was a process of this machine that is no
// more.
func isGone(owner string) bool {
	host, number, ok := strings.Cut(owner, "/")
	pid, err := strconv.Atoi(number)
	if !ok || err != nil || host != hostname() {
		return false
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = process.Signal(syscall.Signal(0)) // which sends nothing
	return errors.Is(err, os.ErrProcessDone) || errors.Is(err, syscall.ESRCH)
}
