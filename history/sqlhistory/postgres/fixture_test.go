package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
)

func TestTablesOfEachVersionOpenWithTheirHistory(t *testing.T) {
	t.Parallel()
	for version := 1; version <= 1; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			url := server.Database(t)
			statements, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("version_%d.sql", version)))
			if err != nil {
				t.Fatal(err)
			}
			alter(t, url, string(statements))
			store := open(t, url)
			historytest.CheckRun(t, store, "r1", 7)
			historytest.CheckRun(t, store, "r2", 1)
			latest, err := store.LatestMaterializations(t.Context(), []string{"orders"})
			if latest["orders"].Seq != 5 || err != nil {
				t.Errorf("the last materialization is %+v, %v", latest, err)
			}
			found, err := store.Runs(t.Context(), history.RunQuery{Tags: map[string]string{"team": "data"}})
			if len(found) != 1 || err != nil {
				t.Errorf("%d runs are found by tag, %v", len(found), err)
			}
		})
	}
}
