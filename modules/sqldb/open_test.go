package sqldb_test

import (
	"context"
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

// fickle is a driver that makes one connection, for one use.
type fickle struct {
	driver.Driver
}

func (f *fickle) OpenConnector(dsn string) (driver.Connector, error) {
	return &fickleConnector{dsn: dsn, driver: f}, nil
}

type fickleConnector struct {
	dsn    string
	driver driver.Driver
	opened bool
}

func (f *fickleConnector) Driver() driver.Driver { return f.driver }

func (f *fickleConnector) Connect(context.Context) (driver.Conn, error) {
	if f.opened {
		return nil, fmt.Errorf("cannot connect to %q any more", f.dsn)
	}
	f.opened = true
	return &fickleConn{}, nil
}

type fickleConn struct{ driver.Conn }

// IsValid says that it can't be used again.
func (f *fickleConn) IsValid() bool { return false }

func (f *fickleConn) Close() error { return nil }

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

	t.Run("masks the pieces of a connection string, in whatever form", func(t *testing.T) {
		for _, dsn := range []string{
			"user= password=x host=db", `me:hun"te\\r2@tcp(db)/x`, "sqlserver://sa:hun%2Fter2@[foo].bar:1433?database=foo", "postgres://me: hunter2@db/x", "Server=db;User Id=sa;Pwd=hunter2;",
			"me/hunter2hunter2@db\nsecond line",
		} {
			lc := fxtest.NewLifecycle(t)
			sqldb.Open("telltale")(lc, sqldb.Config{DSN: container.NewSecret(dsn)})
			err := lc.Start(t.Context())
			for _, secret := range []string{"hunter2", `hun\"te`, "hun%2F", "hun/ter", "=x", ": h"} {
				if text := fmt.Sprintf("%v %+v %#v", err, err, err); err == nil || strings.Contains(strings.TrimPrefix(text, "opening the database: cannot connect to "), secret) {
					t.Errorf("%q is in %s", secret, text)
				}
			}
		}
	})

	t.Run("masks it when a connection is lost and made anew", func(t *testing.T) {
		lc := fxtest.NewLifecycle(t)
		db := sqldb.Open("fickle")(lc, sqldb.Config{DSN: container.NewSecret("me:hunter2@db")})
		lc.RequireStart()
		defer lc.RequireStop()
		err := sqldb.Ping(t.Context(), db)
		if got, want := errorText(err), `pinging the database: cannot connect to "******" any more`; got != want {
			t.Errorf("got %q, want %q", got, want)
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
