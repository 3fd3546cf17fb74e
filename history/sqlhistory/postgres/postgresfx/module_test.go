package postgresfx_test

import (
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres/postgresfx"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

func TestModuleKeepsTheHistoryOfAnApplication(t *testing.T) {
	t.Parallel()
	var server postgrestest.Server
	t.Cleanup(server.Stop)
	url := server.Database(t)
	for round := range 2 {
		var store history.Store
		app := fxtest.New(t, postgresfx.Module(url), fx.Populate(&store), fx.NopLogger)
		app.RequireStart()
		if round == 0 {
			if _, err := store.Append(t.Context(), history.Event{RunID: "kept", Time: time.Now(), Data: history.RunQueued{}}); err != nil {
				t.Fatal(err)
			}
		} else if _, err := history.Find(t.Context(), store, "kept"); err != nil {
			t.Error(err)
		}
		app.RequireStop()
		if _, err := store.Runs(t.Context(), history.RunQuery{}); err == nil {
			t.Error("the store is open after the application has stopped")
		}
	}
}
