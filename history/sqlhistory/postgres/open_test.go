package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
	"github.com/fxrun/fxrun/history/sqlhistory"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

// alter changes a database behind the back of the store.
func alter(t *testing.T, url string, statements string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // cleanups use it too
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statements); err != nil {
		t.Fatal(err)
	}
}

// query returns the text that a statement gives.
func query(t *testing.T, url string, statement string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), statement).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

const tables = `SELECT coalesce(string_agg(schemaname || '.' || tablename, ' ' ORDER BY 1), '') FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`

func TestOpen(t *testing.T) {
	t.Parallel()
	t.Run("makes its tables in a schema of their own, beside those of others", func(t *testing.T) {
		t.Parallel()
		url := server.Database(t)
		alter(t, url, `CREATE TABLE runs (id INTEGER)`)
		store := open(t, url)
		if _, err := store.Append(t.Context(), queued("r1")); err != nil {
			t.Fatal(err)
		}
		other := open(t, url+"&search_path=another")
		if found, err := other.Runs(t.Context(), history.RunQuery{}); len(found) != 0 || err != nil {
			t.Errorf("the history of another schema has %d runs, %v", len(found), err)
		}
	})
	t.Run("is done by one of many at once", func(t *testing.T) {
		t.Parallel()
		url := server.Database(t)
		errs := make([]error, 20)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() {
				store, err := postgres.Open(t.Context(), url)
				if err == nil {
					_, err = store.Append(t.Context(), queued(fmt.Sprint(i)))
					err = errors.Join(err, store.Close())
				}
				errs[i] = err
			})
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if found, err := open(t, url).Runs(t.Context(), history.RunQuery{}); len(found) != len(errs) || err != nil {
			t.Errorf("there are %d runs, %v", len(found), err)
		}
	})
	t.Run("refuses tables of a newer version", func(t *testing.T) {
		t.Parallel()
		url := server.Database(t)
		if err := open(t, url).Close(); err != nil {
			t.Fatal(err)
		}
		alter(t, url, `INSERT INTO fxrun.schema_version (version, applied) VALUES (1000, '')`)
		_, writing := postgres.Open(t.Context(), url)
		_, reading := postgres.OpenForReading(t.Context(), url)
		for _, err := range []error{writing, reading} {
			if !errors.Is(err, sqlhistory.ErrNewerSchema) || !strings.Contains(err.Error(), "its schema has version 1000, this program knows versions up to 5") {
				t.Errorf("the error is %v, want ErrNewerSchema", err)
			}
		}
	})
	t.Run("refuses the schema of another program and leaves it alone", func(t *testing.T) {
		t.Parallel()
		url := server.Database(t)
		alter(t, url, `CREATE SCHEMA fxrun; CREATE TABLE fxrun.accounts (id INTEGER)`)
		_, writing := postgres.Open(t.Context(), url)
		_, reading := postgres.OpenForReading(t.Context(), url)
		for _, err := range []error{writing, reading} {
			if !errors.Is(err, sqlhistory.ErrForeign) || !strings.Contains(err.Error(), "give the history a schema of its own") {
				t.Errorf("the error is %v, want ErrForeign", err)
			}
		}
		if got := query(t, url, tables); got != "fxrun.accounts" {
			t.Errorf("there are the tables %s", got)
		}
	})
	t.Run("tells that tables are missing or changed", func(t *testing.T) {
		t.Parallel()
		for _, damage := range []string{`DROP TABLE fxrun.steps`, `ALTER TABLE fxrun.runs DROP COLUMN owner`} {
			url := server.Database(t)
			store := open(t, url)
			if _, err := store.Append(t.Context(), queued("r1")); err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			alter(t, url, damage)
			if _, err := postgres.Open(t.Context(), url); !errors.Is(err, sqlhistory.ErrDamaged) || !strings.Contains(err.Error(), "put a backup of the schema back") {
				t.Errorf("after %s the error is %v, want ErrDamaged", damage, err)
			}
			reader, err := postgres.OpenForReading(t.Context(), url)
			if err == nil {
				_, err = reader.Runs(t.Context(), history.RunQuery{})
				_ = reader.Close()
			}
			if !errors.Is(err, sqlhistory.ErrDamaged) {
				t.Errorf("after %s the error of reading is %v, want ErrDamaged", damage, err)
			}
		}
	})
}

func TestReadingWritesNothing(t *testing.T) {
	t.Parallel()
	url := server.Database(t)
	lazy, err := postgres.New(url)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := lazy.Runs(t.Context(), history.RunQuery{}); len(found) != 0 || err != nil {
		t.Errorf("an empty database has %d runs, %v", len(found), err)
	}
	if _, err := history.LatestMaterializations(t.Context(), lazy, []string{"a"}); err != nil {
		t.Error(err)
	}
	if got := query(t, url, tables); got != "" {
		t.Errorf("reading has made the tables %s", got)
	}
	if _, err := open(t, url).Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	if _, err := history.Find(t.Context(), lazy, "r1"); err != nil {
		t.Errorf("what another process has made since is not seen: %v", err)
	}
	if err := lazy.Close(); err != nil {
		t.Error(err)
	}
	reader, err := postgres.OpenForReading(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Append(t.Context(), queued("r2")); !errors.Is(err, sqlhistory.ErrReadOnly) {
		t.Errorf("the error is %v, want ErrReadOnly", err)
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
	if _, err := reader.Runs(t.Context(), history.RunQuery{}); err == nil {
		t.Error("a closed store returned no error")
	}
}

func TestARoleThatMayOnlyReadReads(t *testing.T) {
	t.Parallel()
	address := server.Database(t)
	if _, err := open(t, address).Append(t.Context(), queued("r1")); err != nil {
		t.Fatal(err)
	}
	role := "reader" + query(t, address, `SELECT current_database()`)
	alter(t, address, `CREATE ROLE `+role+` LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA fxrun TO `+role+`; GRANT SELECT ON ALL TABLES IN SCHEMA fxrun TO `+role)
	t.Cleanup(func() { alter(t, address, `DROP OWNED BY `+role+`; DROP ROLE `+role) })
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	parsed.User = url.UserPassword(role, "x")
	lazy, err := postgres.New(parsed.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lazy.Close() }()
	if _, err := history.Find(t.Context(), lazy, "r1"); err != nil {
		t.Error(err)
	}
	if _, err := lazy.Append(t.Context(), queued("r2")); err == nil || !strings.Contains(err.Error(), "role "+role+" may not do this") {
		t.Errorf("the error of Append is %v", err)
	}
}

func TestNoErrorShowsThePassword(t *testing.T) {
	t.Parallel()
	good := server.Database(t)
	secret := postgrestest.Password
	for name, address := range map[string]string{
		"no server":                       "postgres://me:" + secret + "@localhost:1/db",
		"no host":                         "postgres://me:" + secret + "@no-such-host.invalid/db?connect_timeout=2",
		"a socket that is not":            "postgres://me:" + secret + "@/db?host=/no/such/folder",
		"a port that is none":             "postgres://me:" + secret + "@localhost:port/db",
		"a setting that is none":          "postgres://me:" + secret + "@localhost/db?sslmode=" + secret,
		"a password in the query":         "postgres://me@localhost:1/db?password=" + secret,
		"a password with a slash":         "postgres://me:/" + secret + "@localhost/db",
		"a password with a question mark": "postgres://me:1?" + secret + "@localhost/db",
		"a password with a hash":          "postgres://me:#" + secret + "@localhost/db",
		"a port and a slash":              "postgres://me:1/" + secret + "@localhost/db",
		"a space":                         "postgres://me: " + secret + "@localhost/db",
		"a percent sign":                  "postgres://me:%" + secret + "@localhost/db",
		"another scheme":                  "mysql://me:" + secret + "@localhost/db",
		"pairs":                           "host=localhost password=" + secret,
		"another database":                strings.Replace(good, "/test", "/missing", 1),
		"another password":                strings.Replace(good, secret, secret+"x", 1),
		"a schema that is none":           good + "&search_path=a,b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, writing := postgres.Open(t.Context(), address)
			_, reading := postgres.OpenForReading(t.Context(), address)
			lazy, opening := postgres.New(address)
			if opening == nil {
				if _, opening = lazy.Runs(t.Context(), history.RunQuery{}); opening == nil {
					t.Error("a lazy history reads what can't be opened")
				}
			}
			for _, err := range []error{writing, reading} {
				if err == nil || strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
					t.Errorf("the error is %v", err)
				}
			}
		})
	}
}

func TestEveryTextComesBack(t *testing.T) {
	t.Parallel()
	store := open(t, server.Database(t))
	texts := []string{"\x00", "\x01", "\x00\x01", "\x01\x01", "\x01\x02", "a\x00b", "\U0010ffff", "ä", "\x7f", strings.Repeat("ü\x00", 700)}
	for i, text := range texts {
		tags := map[string]string{text: text}
		at := queued(text)
		at.Data = history.RunQueued{Job: text, Selection: text, Tags: tags, Steps: []string{text}}
		add := func(data ...history.EventData) {
			t.Helper()
			for _, one := range data {
				event := at
				event.Data = one
				if _, err := store.Append(t.Context(), event); err != nil {
					t.Fatalf("%q: %v", text, err)
				}
			}
		}
		add(at.Data, history.RunStarting{Owner: text}, history.RunStarted{}, history.StepStarted{Step: text, Attempt: 1},
			history.AssetMaterialized{Asset: text, Partition: text, Step: text},
			history.StepFailed{Step: text, Attempt: 1, Error: history.Failure{Message: text, Stack: text}},
			history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: text, Stack: text}})
		historytest.CheckRun(t, store, text, 7)
		for _, query := range []history.RunQuery{{ID: text}, {Job: text}, {Tags: tags}, {IDPrefix: text, Limit: 1}} {
			if found, err := store.Runs(t.Context(), query); err != nil || len(found) == 0 || query.IDPrefix == "" && found[0].ID != text {
				t.Errorf("%q is not found by %+v: %v", text, query, err)
			}
		}
		if found, err := store.Events(t.Context(), history.EventQuery{Asset: text, Partition: text}); err != nil || len(found) != 1 {
			t.Errorf("%q: %d materializations, %v", text, len(found), err)
		}
		latest, err := store.LatestMaterializations(t.Context(), texts[:i+1])
		if err != nil || len(latest) != i+1 || latest[text].RunID != text {
			t.Errorf("%q: the last materializations are %v, %v", text, latest, err)
		}
	}
	for _, bad := range []string{"\xff", "a\xff", "\xc3", "\xed\xa0\x80"} {
		runs, err := store.Runs(t.Context(), history.RunQuery{ID: bad})
		if len(runs) != 0 || err != nil {
			t.Errorf("%q: %d runs, %v", bad, len(runs), err)
		}
		if _, err := store.Events(t.Context(), history.EventQuery{RunID: bad}); !errors.Is(err, history.ErrNotFound) {
			t.Errorf("%q: %v, want ErrNotFound", bad, err)
		}
		if latest, err := store.LatestMaterializations(t.Context(), []string{bad}); len(latest) != 0 || err != nil {
			t.Errorf("%q: %v, %v", bad, latest, err)
		}
	}
}

func TestAKeyThatIsTooLongIsRefusedAlone(t *testing.T) {
	t.Parallel()
	store := open(t, server.Database(t))
	var long strings.Builder
	for i := range 4000 { // which can't be compressed
		fmt.Fprintf(&long, "%x", i*i*7919)
	}
	bad := queued(long.String())
	if _, err := store.Append(t.Context(), bad); !errors.Is(err, history.ErrInvalid) || !strings.Contains(err.Error(), "up to 2600 bytes") {
		t.Errorf("the error is %v, want ErrInvalid", err)
	}
	good := queued("r1")
	good.Data = history.RunQueued{Tags: map[string]string{"message": long.String()}}
	if _, err := store.Append(t.Context(), good); err != nil {
		t.Errorf("a long value of a tag: %v", err)
	}
	if found, err := store.Runs(t.Context(), history.RunQuery{Tags: map[string]string{"message": long.String()}}); len(found) != 1 || err != nil {
		t.Errorf("%d runs, %v", len(found), err)
	}
}

// A reader that pages by position must never miss an event that comes with a lower one.
func TestEventsAreSeenInTheOrderOfTheirPositions(t *testing.T) {
	t.Parallel()
	url := server.Database(t)
	reader := open(t, url)
	const writers, each = 6, 30
	var group sync.WaitGroup
	for i := range writers {
		store := open(t, url)
		group.Go(func() {
			for n := range each {
				if _, err := store.Append(t.Context(), queued(fmt.Sprintf("%d-%d", i, n)), logged(fmt.Sprintf("%d-%d", i, n), "x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); group.Wait() }()
	seen := []history.Place{} // the newest first
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true
		default:
		}
		found, err := reader.Events(t.Context(), history.EventQuery{})
		if err != nil {
			t.Fatal(err)
		}
		places := make([]history.Place, len(found))
		for i := range found {
			places[i] = found[i].Place()
		}
		if diff := cmp.Diff(seen, places[len(places)-len(seen):]); diff != "" {
			t.Fatalf("what was seen before is not the end of what is seen later (-before +later):\n%s", diff)
		}
		seen = places
	}
	if len(seen) != 2*writers*each {
		t.Errorf("there are %d events", len(seen))
	}
}

func TestTablesMayTakeLongToBeMade(t *testing.T) {
	t.Parallel()
	url := server.Database(t)
	alter(t, url, `CREATE FUNCTION public.wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); END $$;
		CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.wait()`)
	store := openWithin(t, url, time.Minute, 200*time.Millisecond) // for a statement
	if _, err := store.Append(t.Context(), queued("r1")); err != nil {
		t.Error(err)
	}
}
