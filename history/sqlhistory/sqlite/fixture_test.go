package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
)

func TestAFileOfEachVersionOpensWithItsHistory(t *testing.T) {
	t.Parallel()
	for version := 1; version <= 8; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			content, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("version_%d.db", version)))
			if err == nil {
				err = os.WriteFile(filepath.Join(folder, sqlite.FileName), content, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			store := open(t, folder)
			historytest.CheckRun(t, store, "r1", 7)
			historytest.CheckRun(t, store, "r2", 1)
			found, err := store.Runs(t.Context(), history.RunQuery{Tags: map[string]string{"team": "data"}, Statuses: []history.Status{history.StatusSucceeded}})
			if len(found) != 1 || err != nil {
				t.Errorf("%d runs are found by tag and status, %v", len(found), err)
			}
			latest, err := store.LatestMaterializations(t.Context(), []string{"orders", "clients"})
			if latest["orders"].Seq != 5 || latest["orders"].RunID != "r1" || (latest["clients"].Seq == 6) != (version >= 4) || err != nil {
				t.Errorf("the last materialization is %+v, %v", latest, err)
			}

			if version < 4 {
				return
			}
			running, err := history.Find(t.Context(), store, "r3")
			if err != nil || running.Steps[0].Progress.Rows != 7 || running.Steps[0].Progress.Time.IsZero() {
				t.Errorf("the running step is %+v, %v", running, err)
			}
			reduced, err := history.Find(t.Context(), store, "r4")
			if err != nil || reduced.Pruned.IsZero() || reduced.Seq != 8 {
				t.Errorf("the reduced run is %+v, %v", reduced, err)
			}
			given, err := store.Prunable(t.Context(), history.Retention{FinishedBefore: time.Now()})
			if err != nil || len(given) != 1 || given[0].ID != "r1" || !given[0].KeepsRecord {
				t.Errorf("the runs to prune are %+v, %v", given, err)
			}

			if version < 6 {
				return
			}
			historytest.CheckRun(t, store, "r5", 5)
			onCluster, err := history.Find(t.Context(), store, "r5")
			if err != nil || onCluster.Cluster.Place != "host:7233/default" || onCluster.Owner != "host/2" || onCluster.Steps[0].Worker != "host/3" {
				t.Errorf("the run on a cluster is %+v, %v", onCluster, err)
			}
		})
	}
}
