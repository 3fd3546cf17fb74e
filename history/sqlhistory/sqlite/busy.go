package sqlite

import (
	"context"
	"fmt"
	"time"

	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// lockWait is how long SQLite itself waits for a lock. It is short, since
	// SQLite does not notice the end of a context during this time.
	lockWait = 100 * time.Millisecond
	// patience is how long a call waits for other processes in total, unless its
	// context ends before.
	patience = 2 * time.Minute
)

// patiently calls do again as long as another process has locked the database.
// SQLite returns "database is locked" after its own waiting time. It returns this
// error without waiting if waiting could be a deadlock: when two processes open a
// new file, or when a process recovers the file of a process that was killed.
func patiently(ctx context.Context, since time.Time, do func() error) error {
	for {
		err := do()
		if !isBusy(err) {
			return err
		}
		if waited := time.Since(since); waited > patience {
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
