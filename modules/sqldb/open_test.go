package sqldb_test

import (
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kelseyhightower/envconfig"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// tellTale is a driver that quotes its connection string when it can't connect.
type tellTale struct{}

func (tellTale) Open(dsn string) (driver.Conn, error) {
	return nil, fmt.Errorf("cannot connect to %q", dsn)
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("opens a database of a driver by its name", func(t *testing.T) {
		lc := fxtest.NewLifecycle(t)
		path := filepath.Join(t.TempDir(), "test.db")
		db := sqldb.Open("sqlite")(lc, sqldb.Config{DSN: container.NewSecret(path)})
		lc.RequireStart()
		defer lc.RequireStop()
		if err := sqldb.Ping(t.Context(), db); err != nil {
			t.Error(err)
		}
	})

	t.Run("names a driver that isn't imported", func(t *testing.T) {
		lc := fxtest.NewLifecycle(t)
		sqldb.Open("oracle")(lc, sqldb.Config{})
		want := `opening the database: sql: unknown driver "oracle" (forgotten import?)`
		if got := errorText(lc.Start(t.Context())); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})

	t.Run("masks a connection string that the driver quotes", func(t *testing.T) {
		lc := fxtest.NewLifecycle(t)
		sqldb.Open("telltale")(lc, sqldb.Config{DSN: container.NewSecret("me:hunter2@db")})
		err := lc.Start(t.Context())
		if got, want := errorText(err), `opening the database: cannot connect to "******"`; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if strings.Contains(fmt.Sprintf("%#v", err), "hunter2") {
			t.Errorf("the secret is in %#v", err)
		}
	})

	t.Run("bounds the pool as the config says", func(t *testing.T) {
		for maxConns, want := range map[int]int{0: 10, 3: 3, -1: 0} {
			lc := fxtest.NewLifecycle(t)
			cfg := sqldb.Config{DSN: container.NewSecret(":memory:"), MaxConns: maxConns}
			db := sqldb.Open("sqlite")(lc, cfg)
			lc.RequireStart()
			if got := db.Stats().MaxOpenConnections; got != want {
				t.Errorf("MaxConns %d: got %d, want %d", maxConns, got, want)
			}
			lc.RequireStop()
		}
	})
}

func TestConfigFromEnvironment(t *testing.T) {
	t.Setenv("WAREHOUSE_DSN", "me:hunter2@db")
	t.Setenv("WAREHOUSE_CONN_MAX_LIFETIME", "1h")
	var got sqldb.Config
	if err := envconfig.Process("warehouse", &got); err != nil {
		t.Fatal(err)
	}
	want := sqldb.Config{
		DSN:             container.NewSecret("me:hunter2@db"),
		MaxConns:        10,
		ConnMaxLifetime: 3_600_000_000_000,
		ConnMaxIdleTime: 300_000_000_000,
	}
	if got != want {
		t.Error(cmp.Diff(want, got))
	}
}
