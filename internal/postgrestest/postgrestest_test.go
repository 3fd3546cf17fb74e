package postgrestest_test

import (
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/internal/postgrestest"
)

var server postgrestest.Server

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		server.Stop()
		os.Exit(code)
	}))
}

func query(t *testing.T, dsn, statement string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	var value string
	if err := conn.QueryRow(t.Context(), statement).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestDatabase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "another"} {
		t.Run(name+" test has a database of its own", func(t *testing.T) {
			t.Parallel()
			dsn := server.Database(t)
			const statement = `CREATE TABLE t AS SELECT 1; SELECT 1`
			conn, err := pgx.Connect(t.Context(), dsn)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close(t.Context()) }()
			if _, err := conn.Exec(t.Context(), statement); err != nil {
				t.Error(err)
			}
		})
	}

	t.Run("is UTF-8 and not kept safe from a crash", func(t *testing.T) {
		t.Parallel()
		dsn := server.Database(t)
		if got := query(t, dsn, "SELECT current_setting('server_encoding') || ' ' || current_setting('fsync')"); got != "UTF8 off" {
			t.Errorf("got %q", got)
		}
	})
}

// inChild names what a process, started by a test from its own binary, does.
const inChild = "POSTGRESTEST_CHILD"

// TestChild is a test binary of its own, which prints where its server is.
func TestChild(t *testing.T) {
	if os.Getenv(inChild) == "" {
		t.Skip("only to be run by the tests below")
	}
	var own postgrestest.Server
	dsn := own.Database(t)
	parsed, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = os.Stdout.WriteString("folder " + parsed.Query().Get("host") + "\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func child(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v")
	command.Env = append(append(os.Environ(), inChild+"=1"), env...)
	return command
}

func TestWithoutPostgres(t *testing.T) {
	t.Parallel()
	for env, want := range map[string]string{"CI=": "--- SKIP", "CI=true": "--- FAIL"} {
		t.Run("a test ends as it should with "+env, func(t *testing.T) {
			t.Parallel()
			out, _ := child(t, env, "POSTGRES_BIN=/nowhere").CombinedOutput()
			if !strings.Contains(string(out), want) || !strings.Contains(string(out), "apt-get install postgresql") {
				t.Errorf("want %s:\n%s", want, out)
			}
		})
	}
}
