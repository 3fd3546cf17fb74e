package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/kelseyhightower/envconfig"
	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/container/containertest"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/postgres"
)

// start returns a started database and stops it with the test.
func start(t *testing.T, cfg postgres.Config) *sqldb.DB {
	t.Helper()
	lc := fxtest.NewLifecycle(t)
	db, err := postgres.New(lc, cfg)
	if err != nil {
		t.Fatal(err)
	}
	lc.RequireStart()
	t.Cleanup(lc.RequireStop)
	return db
}

func query[T any](t *testing.T, db *sqldb.DB, statement string) (value T) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), statement).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

func dsn(t *testing.T) container.Secret[string] { return container.NewSecret(server.Database(t)) }

// fields returns the config that says by fields what a DSN says.
func fields(t *testing.T, dsn container.Secret[string]) postgres.Config {
	t.Helper()
	address, err := url.Parse(dsn.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	return postgres.Config{
		Host:     address.Query().Get("host"),
		Database: strings.TrimPrefix(address.Path, "/"),
		User:     postgrestest.User,
		Password: container.NewSecret(postgrestest.Password),
	}
}

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("connects to what the DSN says", func(t *testing.T) {
		t.Parallel()
		secret := dsn(t)
		db := start(t, postgres.Config{DSN: secret})
		if got := query[string](t, db, "SELECT current_database()"); got != fields(t, secret).Database {
			t.Errorf("got %q", got)
		}
	})

	t.Run("connects to what the fields say", func(t *testing.T) {
		t.Parallel()
		cfg := fields(t, dsn(t))
		db := start(t, cfg)
		if got := query[string](t, db, "SELECT current_database()"); got != cfg.Database {
			t.Errorf("got %q", got)
		}
	})

	t.Run("takes the password from its own field", func(t *testing.T) {
		t.Parallel()
		secret := dsn(t)
		without := strings.Replace(secret.Reveal(), ":"+postgrestest.Password, ":wrong", 1)
		db := start(t, postgres.Config{DSN: container.NewSecret(without), Password: container.NewSecret(postgrestest.Password)})
		if got := query[int](t, db, "SELECT 6 * 7"); got != 42 {
			t.Errorf("got %d", got)
		}
	})

	t.Run("is well by container.Health until it is closed", func(t *testing.T) {
		t.Parallel()
		c := containertest.New(t, container.Provide("db", postgres.New,
			container.Config(postgres.Config{DSN: dsn(t)}), container.Health(sqldb.Ping)))
		var db *sqldb.DB
		child, err := c.NewChild(t.Context(), container.Populate(&db))
		if err != nil {
			t.Fatal(err)
		}
		if reports := child.Health(t.Context()); len(reports) != 1 || reports[0].Err != nil {
			t.Errorf("got %v", reports)
		}
		if err := child.Close(nil); err != nil {
			t.Error(err)
		}
		if err := sqldb.Ping(t.Context(), db); err == nil || err.Error() != "pinging the database: sql: database is closed" {
			t.Errorf("got %v", err)
		}
	})

	t.Run("has in its tags the defaults that New uses", func(t *testing.T) {
		t.Parallel()
		var tagged postgres.Config
		if err := envconfig.Process("not_in_the_environment", &tagged); err != nil {
			t.Fatal(err)
		}
		tagged.DSN = dsn(t)
		for _, cfg := range []postgres.Config{tagged, {DSN: tagged.DSN}} {
			if got := start(t, cfg).Stats().MaxOpenConnections; got != 10 {
				t.Errorf("got %d connections at most, want 10", got)
			}
		}
		if tagged.ConnMaxIdleTime != 5*time.Minute {
			t.Errorf("got %v", tagged.ConnMaxIdleTime)
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*postgres.Config)
		want   string // of application_name and statement_timeout
	}{
		"are the program's name and the server's timeout by default": {func(*postgres.Config) {}, "postgres.test 0"},
		"are those of the DSN": {func(c *postgres.Config) {
			c.DSN = container.NewSecret(c.DSN.Reveal() + "&application_name=nightly&statement_timeout=7s")
		}, "nightly 7s"},
		"are those of the config, over the DSN's": {func(c *postgres.Config) {
			c.DSN = container.NewSecret(c.DSN.Reveal() + "&application_name=nightly&statement_timeout=7s")
			c.ApplicationName, c.StatementTimeout = "it's me", 9*time.Second
		}, "it's me 9s"},
		"can be no timeout": {func(c *postgres.Config) {
			c.DSN = container.NewSecret(c.DSN.Reveal() + "&statement_timeout=7s")
			c.ApplicationName, c.StatementTimeout = "me", -1
		}, "me 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := postgres.Config{DSN: dsn(t)}
			c.change(&cfg)
			db := start(t, cfg)
			got := query[string](t, db, "SELECT current_setting('application_name') || ' ' || current_setting('statement_timeout')")
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}

	t.Run("end a statement that takes too long", func(t *testing.T) {
		t.Parallel()
		db := start(t, postgres.Config{DSN: dsn(t), StatementTimeout: time.Microsecond})
		_, err := db.ExecContext(t.Context(), "SELECT pg_sleep(60)")
		if fault, ok := errors.AsType[*pgconn.PgError](err); !ok || fault.Code != "57014" {
			t.Errorf("got %v", err)
		}
	})

	t.Run("bound the pool", func(t *testing.T) {
		t.Parallel()
		for maxConns, want := range map[int]int{3: 3, -1: 0} {
			if got := start(t, postgres.Config{DSN: dsn(t), MaxConns: maxConns}).Stats().MaxOpenConnections; got != want {
				t.Errorf("MaxConns %d: got %d, want %d", maxConns, got, want)
			}
		}
	})
}

func TestAStatementEndsWithItsContext(t *testing.T) {
	t.Parallel()
	db := start(t, postgres.Config{DSN: dsn(t), MaxConns: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := db.ExecContext(ctx, "SELECT pg_sleep(60)"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if got := query[int](t, db, "SELECT 6 * 7"); got != 42 { // on the pool's only connection
		t.Errorf("got %d", got)
	}
}

func TestFailedStart(t *testing.T) {
	t.Parallel()
	failure := func(t *testing.T, ctx context.Context, cfg postgres.Config) error {
		t.Helper()
		lc := fxtest.NewLifecycle(t)
		if _, err := postgres.New(lc, cfg); err != nil {
			t.Fatal(err)
		}
		err := lc.Start(ctx)
		if err == nil {
			t.Fatal("it started")
		}
		return err
	}

	t.Run("names user and database, and not the password", func(t *testing.T) {
		t.Parallel()
		cfg := fields(t, dsn(t))
		cfg.Password = container.NewSecret("opensesame")
		err := failure(t, t.Context(), cfg)
		text := fmt.Sprintf("%v %+v %#v", err, err, err)
		if !strings.HasPrefix(err.Error(), "opening the database: failed to connect to `user=tester database="+cfg.Database+"`") ||
			!strings.Contains(text, "password authentication failed") || strings.Contains(text, "opensesame") {
			t.Errorf("got %s", text)
		}
	})

	t.Run("names a database that isn't there", func(t *testing.T) {
		t.Parallel()
		cfg := fields(t, dsn(t))
		cfg.Database = "missing"
		if err := failure(t, t.Context(), cfg); !strings.Contains(err.Error(), `database "missing" does not exist`) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("names a host that doesn't answer", func(t *testing.T) {
		t.Parallel()
		err := failure(t, t.Context(), postgres.Config{Host: t.TempDir(), User: "me", Database: "db", Password: container.NewSecret("opensesame")})
		if text := err.Error(); !strings.Contains(text, ".s.PGSQL.5432") || strings.Contains(text, "opensesame") {
			t.Errorf("got %s", text)
		}
	})

	t.Run("shows no password that is taken for a user", func(t *testing.T) {
		t.Parallel()
		for _, pair := range []string{"user= password=x", "user=  password=it_is_x", "user=password=hunter2"} {
			err := failure(t, t.Context(), postgres.Config{DSN: container.NewSecret("host=" + t.TempDir() + " " + pair + " dbname=db")})
			if text := err.Error(); strings.Contains(text, "=x") || strings.Contains(text, "it_is_x") || strings.Contains(text, "hunter2") || !strings.Contains(text, container.Masked) {
				t.Errorf("%s: got %s", pair, text)
			}
		}
	})

	t.Run("comes with the end of the start's context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := failure(t, ctx, postgres.Config{DSN: dsn(t)}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestValidate(t *testing.T) {
	t.Parallel()
	secret := container.NewSecret[string]
	const unreadable = "dsn: it can't be read as postgres://user:password@host:port/database?sslmode=... or host=... user=... pairs"
	for name, c := range map[string]struct {
		cfg  postgres.Config
		want string
	}{
		"takes nothing at all, as psql does": {postgres.Config{}, ""},
		"takes any characters in its fields": {postgres.Config{Host: `/a b'\`, Database: "it's", User: "=", Password: secret(" ' ")}, ""},
		"reports every fault": {
			postgres.Config{Port: 70000, StatementTimeout: math.MaxInt64, ConnMaxLifetime: -1, DSN: secret("nonsense")},
			"port: 70000 is not between 0 and 65535\n" +
				"statement_timeout: 2562047h47m16.854775807s is more than PostgreSQL's 596h31m23.647s\n" +
				"conn_max_lifetime: -1ns is negative\n" +
				"dsn: host, port, database and user are given by it, or by their own fields, not by both\n" +
				unreadable,
		},
		"says what a DSN lacks": {
			postgres.Config{DSN: secret("postgres://me:hunter2@db/x?sslmode=bogus")},
			unreadable + ": failed to configure TLS (sslmode is invalid)",
		},
		"does not show a password where the DSN is a riddle": {
			postgres.Config{DSN: secret("postgres://me@corp:hunter2@db:x/y")}, unreadable + ": invalid port",
		},
		"does not show a password that is no URL": {
			postgres.Config{DSN: secret("postgres://me:%zzhunter2@db/y")}, unreadable,
		},
		"does not show a password in pairs": {
			postgres.Config{DSN: secret("host=db password=hunter2 hunter2 port=x")}, unreadable,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if _, err := postgres.New(fxtest.NewLifecycle(t), c.cfg); err != nil {
				got = strings.TrimPrefix(err.Error(), "configuring a PostgreSQL database: ")
				if strings.Contains(fmt.Sprintf("%+v %#v", err, err), "hunter2") {
					t.Errorf("the password is in %#v", err)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzValidate holds that no part of an unreadable DSN that may be a password is shown.
func FuzzValidate(f *testing.F) {
	for _, form := range []string{"postgres://me:%s@db:x", "postgres://me:a@%s@db", "password=%s port=x", "postgres://h?password=%s&port=x", "postgres://h/%%zz?password=%s", "password='%s"} {
		f.Add(form)
	}
	f.Fuzz(func(t *testing.T, form string) {
		if strings.Count(form, "%s") != 1 || !strings.Contains(form, ":%s") && !strings.Contains(form, "password=%s") {
			t.Skip()
		}
		err := postgres.Config{DSN: container.NewSecret(strings.Replace(form, "%s", "Hunter2Hunter2", 1))}.Validate()
		if err != nil && strings.Contains(err.Error(), "Hunter2") {
			t.Errorf("%s: %v", form, err)
		}
	})
}

func TestTransactionsAreSQLs(t *testing.T) {
	t.Parallel()
	db := start(t, postgres.Config{DSN: dsn(t)})
	err := db.InTx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), "CREATE TABLE orders AS SELECT unnest($1::text[]) AS name", []string{"a", "b"})
		return err
	})
	if got := query[int](t, db, "SELECT count(*) FROM orders"); err != nil || got != 2 {
		t.Errorf("got %d orders and %v", got, err)
	}
}
