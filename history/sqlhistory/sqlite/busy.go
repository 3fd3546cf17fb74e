package sqlite

import (
	"context"
	"fmt"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// lockWait is how long SQLite itself waits for a lock. It does not look at
	// contexts while it does, so it is short.
	lockWait = 100 * time.Millisecond
	// patience is how long a call waits for other processes in all, if its
	// context doesn't end before.
	patience = 2 * time.Minute
)

// patiently calls do until it is not in another process's way. SQLite answers
// "database is locked" not only after its own waiting time, but at once where
// waiting could be a deadlock: when two processes open a new file, or when one
// recovers what a killed one left.
func patiently(ctx context.Context, do func() error) error {
	for began := time.Now(); ; {
		err := do()
		if !isBusy(err) {
			return err
		}
		if waited := time.Since(began); waited > patience {
			return fmt.Errorf("waiting %s for other processes: %w", waited.Round(time.Second), err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

func isBusy(err error) bool {
	switch codeOf(err) {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return true
	default:
		return false
	}
}
