package sqltable_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx/fxtest"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/postgres"
)

// copying returns a pool that can copy.
func copying(t *testing.T, dsn string) *sqldb.DB {
	t.Helper()
	lc := fxtest.NewLifecycle(t)
	db, err := postgres.New(lc, postgres.Config{DSN: container.NewSecret(dsn)})
	if err != nil {
		t.Fatal(err)
	}
	lc.RequireStart()
	t.Cleanup(lc.RequireStop)
	return db
}

// plain returns a pool of pgx alone.
func plain(t *testing.T, dsn string) *sqldb.DB {
	t.Helper()
	pool, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return &sqldb.DB{DB: pool}
}

// extreme has a column of each kind, some of them as pointers.
type extreme struct {
	Int8    int8
	Int16   *int16
	Int32   int32
	Uint16  uint16
	Int64   int64
	Uint64  uint64
	Float32 float32
	Float64 *float64
	Bool    bool
	Text    string
	Blob    []byte
	Pointer *[]byte
	Time    time.Time
	Spans   *time.Duration
	JSON    map[string]any `db:",json"`
}

func extremes() []extreme {
	smallest, notANumber, infinite, zero := math.SmallestNonzeroFloat64, math.NaN(), math.Inf(-1), math.Copysign(0, -1)
	least, span := int16(math.MinInt16), -time.Hour
	all := []extreme{
		{Time: time.Unix(0, 0)},
		{
			math.MinInt8, &least, math.MinInt32, math.MaxUint16, math.MinInt64, math.MaxInt64, math.MaxFloat32, &smallest, true,
			"größe\t\\N\n\r\v\u2028\U0001F600", []byte("\x00\xff\\x00"), &[]byte{}, time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), &span,
			map[string]any{"a": []any{nil, "b\\u0000", 1.5}, "": map[string]any{}},
		},
		{
			math.MaxInt8, nil, math.MaxInt32, 0, math.MaxInt64, 0, math.SmallestNonzeroFloat32, &notANumber, false,
			strings.Repeat("long ", 300_000), make([]byte, 2<<20), nil, time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), nil, nil,
		},
		{Float32: float32(math.Inf(1)), Float64: &infinite, Time: time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.FixedZone("", 3600))},
		{Float32: float32(math.NaN()), Float64: &zero, Blob: []byte{}, Time: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)},
	}
	for i := range 30_000 { // more than one COPY takes
		all = append(all, extreme{Int64: int64(i), Text: fmt.Sprint(i), Time: time.Unix(int64(i), 0)})
	}
	return all
}

func TestCopyStoresWhatInsertStores(t *testing.T) {
	t.Parallel()
	dsn := server.Database(t)
	contents := map[string]string{}
	for prefix, db := range map[string]*sqldb.DB{"copied_": copying(t, dsn), "inserted_": plain(t, dsn)} {
		m := newManager(t, db, sqltable.Config{Prefix: prefix})
		for _, partition := range []string{"", "it's\t\\N"} {
			asset := fmt.Sprintf("all%d", len(partition))
			store(t, m, asset, partition, extremes())
			contents[prefix] += query[string](t, db, "SELECT md5(string_agg(md5(all_of::text), '' ORDER BY _row)) FROM "+prefix+asset+" AS all_of")
			if got, err := load[[]extreme](t, m, asset, partition); err != nil || len(got) != len(extremes()) {
				t.Errorf("got %d rows, %v", len(got), err)
			}
		}
	}
	if contents["copied_"] != contents["inserted_"] {
		t.Errorf("COPY and INSERT store other rows: %v", contents)
	}
}

func TestCopyIsUsedWhereItDoesWhatInsertDoes(t *testing.T) {
	t.Parallel()
	dsn := server.Database(t)
	all := copying(t, dsn)
	for _, statement := range []string{
		"CREATE TABLE statements (text text)",
		"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO statements VALUES (current_query()); RETURN NULL; END $$",
		"CREATE TABLE ruled (id integer)",
		"CREATE ROLE sqltable_under_policies",
		"GRANT ALL ON SCHEMA public TO sqltable_under_policies",
		"GRANT ALL ON statements TO sqltable_under_policies",
	} {
		exec(t, all, statement)
	}
	t.Cleanup(func() {
		for _, statement := range []string{"DROP OWNED BY sqltable_under_policies", "DROP ROLE sqltable_under_policies"} {
			if _, err := all.ExecContext(context.Background(), statement); err != nil {
				t.Error(err)
			}
		}
	})
	for name, c := range map[string]struct {
		db     *sqldb.DB
		prefix string
		alter  string
		want   string // the first word of the statement
	}{
		"for a table of the manager":      {all, "own_", "SELECT '%s'", "COPY"},
		"not over a pool of pgx alone":    {plain(t, dsn), "plain_", "SELECT '%s'", "INSERT"},
		"not where a rule says what else": {all, "ruled_", "CREATE RULE also AS ON INSERT TO %s DO ALSO INSERT INTO ruled VALUES (NEW.id)", "INSERT"},
		"not where policies are in force": {
			copying(t, dsn+"&options=-c%20role%3Dsqltable_under_policies"), "policies_",
			"ALTER TABLE %s FORCE ROW LEVEL SECURITY, ENABLE ROW LEVEL SECURITY; CREATE POLICY everything ON %s USING (true)", "INSERT",
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newManager(t, c.db, sqltable.Config{Prefix: c.prefix}) // each case has a catalog of its owner's
			table := c.prefix + "ids"
			store(t, m, "ids", "", []narrow{{1}})
			exec(t, all, strings.ReplaceAll(c.alter, "%s", table))
			exec(t, all, "TRUNCATE statements")
			exec(t, all, "CREATE TRIGGER note AFTER INSERT ON "+table+" FOR EACH STATEMENT EXECUTE FUNCTION note()")
			store(t, m, "ids", "", []narrow{{2}, {3}})
			expect(t, m, "ids", "", []narrow{{2}, {3}})
			if got := query[string](t, all, "SELECT string_agg(split_part(text, ' ', 1), ' ') FROM statements"); got != c.want {
				t.Errorf("got the statements %q, want %q", got, c.want)
			}
		})
	}
	if got := query[int](t, all, "SELECT sum(id) FROM ruled"); got != 5 {
		t.Errorf("the rule was given the sum %d", got)
	}
}
