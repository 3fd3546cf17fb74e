package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// Version 7 gathers the last materializations from the events, and version 8 packs them.
func TestAFileOfVersion6KeepsItsLastMaterializations(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	store := open(t, folder)
	random := rand.New(rand.NewPCG(1, 2))
	assets := []string{"never", "a\x00b", "ä", "Z", "a"}
	for n := range 40 {
		assets = append(assets, fmt.Sprintf("a%d", n))
		events := []history.Event{queued(fmt.Sprintf("r%d", n))}
		for _, data := range []history.EventData{history.RunStarting{}, history.RunStarted{}} {
			events = append(events, history.Event{RunID: events[0].RunID, Time: time.Now(), Data: data})
		}
		events[0].Data = history.RunQueued{Steps: []string{"s"}}
		events = append(events, history.Event{RunID: events[0].RunID, Time: time.Now(), Data: history.StepStarted{Step: "s", Attempt: 1}})
		for range random.IntN(5) {
			made := history.AssetMaterialized{Asset: assets[1+random.IntN(len(assets)-1)], Partition: []string{"", "p"}[random.IntN(2)], Step: "s", Size: int64(n)}
			events = append(events, history.Event{RunID: events[0].RunID, Time: time.Now(), Data: made})
		}
		if _, err := store.Append(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
	}
	want, err := history.LatestMaterializations(t.Context(), struct{ history.Store }{store}, assets) // by the events alone
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	alter(t, folder, `DROP TRIGGER keep_last_materialization; DROP TABLE last_materializations; DROP INDEX runs_by_queued;
		DELETE FROM schema_version WHERE version >= 7`)
	got, err := open(t, folder).LatestMaterializations(t.Context(), assets)
	if err != nil || len(got) < 10 {
		t.Fatalf("%d last materializations, %v", len(got), err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("last materializations differ (-want +got):\n%s", diff)
	}
}
