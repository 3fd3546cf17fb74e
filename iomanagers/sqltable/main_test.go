package sqltable_test

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/postgres"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
)

var server postgrestest.Server

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		server.Stop()
		os.Exit(code)
	}))
}

// databases open a fresh database of each kind.
var databases = map[string]func(t *testing.T) *sqldb.DB{
	"SQLite": func(t *testing.T) *sqldb.DB {
		return openSQLite(t, sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	},
	"SQLite in memory": func(t *testing.T) *sqldb.DB { return openSQLite(t, sqlite.Config{Path: sqlite.Memory}) },
	"PostgreSQL":       openPostgres,
}

func openSQLite(t *testing.T, cfg sqlite.Config) *sqldb.DB {
	t.Helper()
	lc := fxtest.NewLifecycle(t)
	db, err := sqlite.New(lc, cfg)
	if err != nil {
		t.Fatal(err)
	}
	lc.RequireStart()
	t.Cleanup(lc.RequireStop)
	return db
}

func openPostgres(t *testing.T) *sqldb.DB {
	t.Helper()
	lc := fxtest.NewLifecycle(t)
	db, err := postgres.New(lc, postgres.Config{DSN: container.NewSecret(server.Database(t))})
	if err != nil {
		t.Fatal(err)
	}
	lc.RequireStart()
	t.Cleanup(lc.RequireStop)
	return db
}

func newManager(t *testing.T, db *sqldb.DB, cfg sqltable.Config) *sqltable.Manager {
	t.Helper()
	m, err := sqltable.New(db.DB, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// everyDatabase runs a test on each kind of database.
func everyDatabase(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	t.Parallel()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}
