package sqlhistory_test

import (
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres/postgresfx"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite/sqlitefx"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

func TestModulesKeepTheHistoryOfAnApplication(t *testing.T) {
	t.Parallel()
	for name, module := range map[string]func(t *testing.T) fx.Option{
		"in SQLite": func(t *testing.T) fx.Option { return sqlitefx.Module(t.TempDir()) },
		"in PostgreSQL": func(t *testing.T) fx.Option {
			var server postgrestest.Server
			t.Cleanup(server.Stop)
			return postgresfx.Module(server.Database(t))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := module(t)
			for round := range 2 {
				var store history.Store
				app := fxtest.New(t, kept, fx.Populate(&store), fx.NopLogger)
				app.RequireStart()
				if round == 0 {
					if _, err := store.Append(t.Context(), queued("kept")); err != nil {
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
		})
	}
}
