package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

// firstVersion makes a file as the first version of the schema had it, with a
// run that waits.
func firstVersion(t *testing.T, folder string) {
	t.Helper()
	schema, err := os.ReadFile(filepath.Join("schema", "1_runs_and_events.sql"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(folder, sqlite.FileName)+"?_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(string(schema) + `
		CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied TEXT NOT NULL) STRICT;
		INSERT INTO schema_version (version, applied) VALUES (1, '2026-01-02T03:04:05Z');
		INSERT INTO runs (id, seq, job, selection, tags, status, owner, queued, duration, error, stack)
			VALUES ('r1', 2, 'nightly', '', '{}', 'queued', '', 1000000, 0, '', '');
		INSERT INTO steps (run, key, position, status, attempt, duration, error, stack, because)
			VALUES (1, 'orders', 0, 'pending', 0, 0, '', '', '');
		INSERT INTO events (run, seq, time, type, fields)
			VALUES (1, 1, 1000000, 'run_queued', '{"job":"nightly","tags":{},"steps":["orders"]}'),
				(1, 2, 2000000, 'log_written', '{"level":"INFO","message":"x"}');`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestAFileOfTheFirstVersionGoesOn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	firstVersion(t, folder)
	store := open(t, folder)
	record, err := history.Find(t.Context(), store, "r1")
	if err != nil || record.Seq != 2 || record.Job != "nightly" || len(record.Steps) != 1 {
		t.Fatalf("the run is %+v, %v", record, err)
	}
	next := queued("r1")
	next.Data = history.RunStarting{}
	stored, err := store.Append(t.Context(), next)
	if err != nil || stored[0].Seq != 3 {
		t.Fatalf("the next event is %+v, %v", stored, err)
	}
	if record, err = history.Find(t.Context(), open(t, folder), "r1"); err != nil || record.Seq != 3 || record.Status != history.StatusStarting {
		t.Errorf("the run is now %+v, %v", record, err)
	}
}
