package sqltable_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/internal/child"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/container/containertest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
	"github.com/fxrun/fxrun/rows"
)

func store(t *testing.T, m *sqltable.Manager, asset, partition string, value any) {
	t.Helper()
	if err := tryStore(t, m, asset, partition, value); err != nil {
		t.Fatal(err)
	}
}

func tryStore(t *testing.T, m *sqltable.Manager, asset, partition string, value any) error {
	t.Helper()
	return m.Store(t.Context(), iomanagers.Output{Asset: asset, Partition: partition, RunID: "run-1"}, value)
}

func load[T any](t *testing.T, m *sqltable.Manager, asset, partition string) (T, error) {
	t.Helper()
	var dst T
	err := m.Load(t.Context(), iomanagers.Input{Asset: asset, Partition: partition}, &dst)
	return dst, err
}

func expect[T any](t *testing.T, m *sqltable.Manager, asset, partition string, want T) {
	t.Helper()
	got, err := load[T](t, m, asset, partition)
	if err != nil {
		t.Error(err)
	} else if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s[%s]: -want +got\n%s", asset, partition, diff)
	}
}

// query returns the only value that a query finds.
func query[T any](t *testing.T, db *sqldb.DB, statement string) (value T) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), statement).Scan(&value); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return value
}

func exec(t *testing.T, db *sqldb.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

type (
	narrow  struct{ ID int32 }
	wide    struct{ ID int64 }
	titled  struct{ ID, Title string }
	labeled struct {
		ID   int32
		Note *string
	}
	required struct {
		ID   int32
		Note string
	}
)

func TestTables(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{Prefix: "etl_"})
		store(t, m, "raw/orders", "", []narrow{{1}, {2}})
		store(t, m, "sales", "2026-01-01", []narrow{{3}})
		store(t, m, "sales", "2026-01-02", []narrow{{4}, {5}})

		if got := query[int](t, db, "SELECT sum(id) FROM etl_raw__orders"); got != 3 {
			t.Errorf("etl_raw__orders: got the sum %d", got)
		}
		if got := query[int](t, db, "SELECT sum(id) FROM etl_sales WHERE _partition = '2026-01-02'"); got != 9 {
			t.Errorf("etl_sales: got the sum %d", got)
		}
		got := query[string](t, db, `SELECT asset || ' ' || partition || ' ' || table_name || ' ' || "rows" || ' ' || run_id FROM etl_fxrun_values WHERE partition = '2026-01-02'`)
		if want := "sales 2026-01-02 etl_sales 2 run-1"; got != want {
			t.Errorf("etl_fxrun_values has %q, want %q", got, want)
		}
	})
}

func TestMetadata(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		schema := "main"
		if isPostgres(db) {
			schema = "made_on_first_use"
		}
		m := newManager(t, db, sqltable.Config{Schema: schema})
		out := iomanagers.Output{Asset: "raw/orders", Metadata: map[string]any{}}
		if err := m.Store(t.Context(), out, rows.From(orders(4))); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]any{"rows": len(orders(4)), "table": schema + ".raw__orders"}, out.Metadata); diff != "" {
			t.Error(diff)
		}
		expect(t, m, "raw/orders", "", orders(4))
	})
}

func TestColumnsThatChange(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		note := "a note"

		// All types of columns one after another, in the same connections.
		store(t, m, "orders", "", []narrow{{1}})
		expect(t, m, "orders", "", []narrow{{1}})
		store(t, m, "orders", "", []titled{{"one", "first"}})
		expect(t, m, "orders", "", []titled{{"one", "first"}})
		if _, err := load[[]narrow](t, m, "orders", ""); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "the column id is ") {
			t.Errorf("loading text as a number: %v", err)
		}
		store(t, m, "orders", "", []wide{{math.MaxInt64}})
		expect(t, m, "orders", "", []wide{{math.MaxInt64}})
		if _, err := load[[]narrow](t, m, "orders", ""); !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("loading a number that does not fit: %v", err)
		}
		if _, err := load[[]labeled](t, m, "orders", ""); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "no column note") {
			t.Errorf("loading a column that is not there: %v", err)
		}

		// Beside other partitions.
		store(t, m, "sales", "a", []narrow{{1}})
		store(t, m, "sales", "b", []labeled{{2, &note}})
		expect(t, m, "sales", "a", []labeled{{1, nil}})
		expect(t, m, "sales", "b", []labeled{{2, &note}})
		expect(t, m, "sales", "b", []narrow{{2}})
		if _, err := load[[]required](t, m, "sales", "a"); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "NULL, which needs a pointer") || !strings.Contains(err.Error(), "column note") {
			t.Errorf("loading NULL: %v", err)
		}
		store(t, m, "sales", "c", []narrow{{3}}) // without the new column
		expect(t, m, "sales", "c", []labeled{{3, nil}})
		if err := tryStore(t, m, "sales", "c", []titled{{"x", "y"}}); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "in other partitions") {
			t.Errorf("storing a column of another type: %v", err)
		}
		expect(t, m, "sales", "a", []narrow{{1}})
		expect(t, m, "sales", "c", []narrow{{3}})
	})
}

func TestReadersWhileColumnsChange(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		store(t, m, "orders", "", []narrow{{1}})
		done := make(chan struct{})
		var reading sync.WaitGroup
		for range 2 {
			reading.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						expect(t, m, "orders", "", []narrow{{1}})
						got, err := load[[]labeled](t, m, "orders", "")
						if err == nil && !cmp.Equal(got, []labeled{{ID: 1}}) || err != nil && !errors.Is(err, iomanagers.ErrType) {
							t.Errorf("the columns of the new value, or of neither: %v, %v", got, err)
						}
					}
				}
			})
		}
		for range 40 { // the table is made anew each time
			store(t, m, "orders", "", []labeled{{ID: 1}})
			store(t, m, "orders", "", []narrow{{1}})
		}
		close(done)
		reading.Wait()
	})
}

func TestTablesOfOthersAreLeftAlone(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		exec(t, db, "CREATE TABLE orders (id integer)")
		exec(t, db, "INSERT INTO orders VALUES (7)")
		if _, err := load[[]narrow](t, m, "orders", ""); !errors.Is(err, iomanagers.ErrNotFound) {
			t.Errorf("loading: %v", err)
		}
		for range 2 { // the catalog is there now
			err := tryStore(t, m, "orders", "", []narrow{{1}})
			if !errors.Is(err, iomanagers.ErrUnsupported) || !foreignTable.MatchString(err.Error()) {
				t.Errorf("storing: %v", err)
			}
		}
		if got := query[int](t, db, "SELECT id FROM orders"); got != 7 {
			t.Errorf("got %d", got)
		}
		// A table that is listed, and was dropped.
		store(t, m, "sales", "", []narrow{{1}})
		exec(t, db, "DROP TABLE sales")
		if _, err := load[[]narrow](t, m, "sales", ""); !errors.Is(err, iomanagers.ErrNotFound) {
			t.Errorf("loading: %v", err)
		}
		store(t, m, "sales", "", []narrow{{1}})
		expect(t, m, "sales", "", []narrow{{1}})
	})
}

func TestOrderOfRows(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		var all []wide
		for i := range 12_000 {
			all = append(all, wide{int64(i * 7919 % 12_007)})
		}
		for i := range 3 { // space that was freed is used again
			store(t, m, "orders", fmt.Sprint(i%2), all[i:])
		}
		expect(t, m, "orders", "0", all[2:])
		expect(t, m, "orders", "1", all[1:])
	})
}

func TestPartitionsInParallel(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		var storing sync.WaitGroup
		for i := range 8 { // the first of them makes the table
			storing.Go(func() {
				if err := tryStore(t, m, "sales", fmt.Sprint(i), rows.From(orders(i))); err != nil {
					t.Error(err)
				}
			})
		}
		storing.Wait()
		for i := range 8 {
			expect(t, m, "sales", fmt.Sprint(i), orders(i))
		}
	})
}

func TestSeveralManagersInParallel(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		if db.Stats().MaxOpenConnections == 1 {
			t.Skip("it has one connection, and nothing goes on at once")
		}
		var storing sync.WaitGroup
		for i := range 6 { // as in several processes
			storing.Go(func() {
				m := newManager(t, db, sqltable.Config{Prefix: "etl_"})
				for range 5 {
					if err := tryStore(t, m, "sales", "", orders(i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		storing.Wait()
		got, err := load[[]order](t, newManager(t, db, sqltable.Config{Prefix: "etl_"}), "sales", "")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 6 {
			if cmp.Equal(orders(i), got) {
				return
			}
		}
		t.Errorf("got a value that nobody stored: %v", got)
	})
}

// A slow stream keeps nobody else from storing.
func TestAStreamThatTakesItsTime(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		slow := iter.Seq2[order, error](func(yield func(order, error) bool) {
			for i, row := range orders(4) {
				if i == 5 {
					store(t, m, "fast", "a", orders(1))
					store(t, m, "other", "b", orders(2))
				}
				if !yield(row, nil) {
					return
				}
			}
		})
		for asset, partition := range map[string]string{"slow": "", "slow partition": "a"} {
			store(t, m, "fast", "a", orders(0))
			store(t, m, asset, partition, slow)
			expect(t, m, asset, partition, orders(4))
			expect(t, m, "fast", "a", orders(1))
			expect(t, m, "other", "b", orders(2))
		}
	})
}

// Each of these holds one connection to write and needs one to read: if all took the
// first, nobody would get the second.
func TestManyStoresThatRead(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		if db.Stats().MaxOpenConnections > 1 {
			db.SetMaxOpenConns(4)
		}
		m := newManager(t, db, sqltable.Config{})
		store(t, m, "in", "", orders(4))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var storing sync.WaitGroup
		for i := range 8 {
			storing.Go(func() {
				var stream iter.Seq2[order, error]
				err := m.Load(ctx, iomanagers.Input{Asset: "in"}, &stream)
				if err == nil {
					err = m.Store(ctx, iomanagers.Output{Asset: fmt.Sprint("out/", i)}, stream)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		storing.Wait()
		for i := range 8 {
			expect(t, m, fmt.Sprint("out/", i), "", orders(4))
		}
	})
}

func TestAChangeOfColumnsWaitsForReadersInPostgreSQL(t *testing.T) {
	t.Parallel()
	m := newManager(t, openPostgres(t), sqltable.Config{LockTimeout: 20 * time.Millisecond})
	store(t, m, "orders", "", []narrow{{1}, {2}})
	stream, err := load[iter.Seq2[narrow, error]](t, m, "orders", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range stream {
		if err != nil {
			t.Fatal(err)
		}
		err := tryStore(t, m, "orders", "", []titled{{"one", "first"}})
		if err == nil || !strings.Contains(err.Error(), `storing orders: changing the columns of table "public"."orders": `) || !strings.Contains(err.Error(), "lock timeout") {
			t.Errorf("got %v", err)
		}
		break
	}
	store(t, m, "orders", "", []titled{{"one", "first"}})
	expect(t, m, "orders", "", []titled{{"one", "first"}})
}

type special struct {
	Amount float64
	Big    uint64
	Text   string
	At     time.Time
	Any    map[string]string `db:",json"`
}

func TestValuesThatDoNotFit(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for name, c := range map[string]struct {
			value              special
			sqlite, postgreSQL bool // it fits
			says               string
		}{
			"nothing special":         {special{At: at, Big: math.MaxInt64, Any: map[string]string{"a": `\u0000`}}, true, true, ""},
			"a number above int64":    {special{At: at, Big: math.MaxInt64 + 1}, false, false, "column big: not supported: 9223372036854775808 is above"},
			"not a number":            {special{At: at, Amount: math.NaN()}, false, true, "column amount: not supported: NaN"},
			"infinity":                {special{At: at, Amount: math.Inf(-1)}, true, true, ""},
			"a zero byte":             {special{At: at, Text: "a\x00b"}, true, false, "column text: not supported: text with a zero byte"},
			"no UTF-8":                {special{At: at, Text: "\xff"}, false, false, "column text: not supported: text that is not UTF-8"},
			"a zero character":        {special{At: at, Any: map[string]string{"a": "\x00"}}, true, false, "column any: not supported: JSON with a zero character"},
			"the zero time":           {special{}, true, true, ""},
			"the last second":         {special{At: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}, true, true, ""},
			"a time before year 1":    {special{At: time.Time{}.Add(-1)}, false, false, "column at: not supported: a time in the year 0, not in 1 to 9999"},
			"a time after year 9999":  {special{At: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, false, false, "a time in the year 10000"},
			"a time of a nanosecond":  {special{At: at.Add(1)}, true, false, "cut it by Truncate(1µs)"},
			"a time of a microsecond": {special{At: at.Add(time.Microsecond)}, true, true, ""},
		} {
			fits := c.sqlite
			if isPostgres(db) {
				fits = c.postgreSQL
			}
			err := tryStore(t, m, name, "", []special{{At: at}, c.value})
			if !fits {
				if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), "storing "+name+": row 1: ") || !strings.Contains(err.Error(), c.says) {
					t.Errorf("storing %s: %v", name, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("storing %s: %v", name, err)
				continue
			}
			got, err := load[[]special](t, m, name, "")
			if err != nil || len(got) != 2 {
				t.Errorf("loading %s: %v, %v", name, got, err)
			} else if diff := cmp.Diff(c.value, got[1], cmp.Comparer(func(a, b float64) bool { return a == b || a != a && b != b })); diff != "" {
				t.Errorf("%s: -stored +loaded\n%s", name, diff)
			}
		}
	})
}

type base struct {
	ID    int
	Owner netip.Addr // marshals itself as text
}

type everything struct {
	base
	hidden  int
	Skipped int `db:"-"`
	Home    netip.Addr
	Maybe   *netip.Addr
	When    *time.Time
	Blob    *[]byte
	Yes     *bool
	Half    *float32
	Doc     *[]int `db:"doc,json"`
	Select  string `db:"select"`
	Strange string `db:"a \"strange\" name"`
}

func TestEveryKindOfColumn(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		home, at, blob, yes, half, doc := netip.MustParseAddr("::1"), time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), []byte{}, true, float32(0.1), []int{1}
		value := []everything{
			{base: base{1, home}, Home: home, Maybe: &home, When: &at, Blob: &blob, Yes: &yes, Half: &half, Doc: &doc, Select: "x", Strange: "y"},
			{base: base{2, home}, Home: home},
		}
		store(t, m, "all", "", value)
		got, err := load[[]everything](t, m, "all", "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(value, got, cmp.AllowUnexported(everything{}, base{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
		if got := query[string](t, db, `SELECT "select" || "a ""strange"" name" FROM "all" WHERE id = 1`); got != "xy" {
			t.Errorf("got %q", got)
		}
	})
}

type login struct {
	User     string
	Password container.Secret[string]
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c := containertest.New(t,
		container.Provide("db", sqlite.New, container.Config(sqlite.Config{Path: sqlite.Memory})),
		sqltable.Tables("io_manager", sqltable.Config{}),
	)
	checker, ok := (*child.Parent)(c).Graph().Static("io_manager")[0].(iomanagers.Checker)
	if !ok {
		t.Fatalf("nothing is known of the manager before it is built: %v", (*child.Parent)(c).Graph().Static("io_manager"))
	}
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"rows":                  {[]order{}, ""},
		"a stream":              {iter.Seq2[order, error](nil), ""},
		"batches behind a name": {func(func([]*order, error) bool) {}, ""},
		"a number":              {7, "wrong type: a table takes rows: slices or streams of structs, not int"},
		"bytes":                 {[]byte{}, "wrong type: a table takes rows: slices or streams of structs, not []uint8"},
		"times":                 {[]time.Time{}, "wrong type: a table takes rows that are structs, not time.Time"},
		"a secret":              {[]login{}, "wrong type: sqltable_test.login.Password is a container.Secret, of which only the mask would be stored"},
		"no field":              {[]struct{}{}, "wrong type: struct {} has no column: no exported field"},
		"much that is wrong": {[]faulty{}, "wrong type: " +
			"sqltable_test.faulty.Nested: a struct { X int } cannot be a column; with the tag `db:\"name,json\"` it is stored as JSON\n" +
			"sqltable_test.faulty.Func: wrong type: a func() can't be kept as JSON\n" +
			"sqltable_test.faulty.Null: a sql.NullString is a column in a way of its own: use a pointer for what may be NULL, or a type that marshals itself as text\n" +
			"sqltable_test.faulty.Option: the db tag has the option \"primary\", and there is only json\n" +
			"sqltable_test.faulty.Complex: a complex128 cannot be a column\n" +
			"sqltable_test.faulty.ID: the column ID is taken by Id: name another by a db tag\n" +
			"sqltable_test.faulty.Part: the column _partition is taken by the partition: name another by a db tag"},
	} {
		got := ""
		if err := checker.Check("", reflect.TypeOf(test.value)); err != nil {
			got = err.Error()
			if !errors.Is(err, iomanagers.ErrType) {
				t.Errorf("%s: %v does not match ErrType", name, err)
			}
		}
		if name == "much that is wrong" { // how JSON says it is not for this test
			got = jsonReason.ReplaceAllString(got, "$1: wrong type: a func() can't be kept as JSON\n")
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

var jsonReason = regexp.MustCompile(`(faulty\.Func): .*\n`)

type faulty struct {
	Nested  struct{ X int }
	Func    func() `db:",json"`
	Null    sql.NullString
	Option  int `db:"x,primary"`
	Complex complex128
	Id      int
	ID      int `db:"ID"`
	Part    int `db:"_partition"`
}

func TestConfig(t *testing.T) {
	t.Parallel()
	_, err := sqltable.New(nil, sqltable.Config{Schema: strings.Repeat("s", 64), Prefix: "sqlite_", LockTimeout: -1})
	want := "making the manager of SQL tables: schema: \"" + strings.Repeat("s", 64) + "\" is no name of at most 63 bytes\n" +
		"prefix: \"sqlite_\" is not a letter and up to 19 of a-z, 0-9 and underscore, or is a database's own\n" +
		"lock_timeout: -1ns is negative"
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestADatabaseThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	m, err := sqltable.New(db, sqltable.Config{})
	if err != nil {
		t.Fatal(err)
	}
	err = m.Store(context.Background(), iomanagers.Output{Asset: "orders"}, orders(0))
	if err == nil || !strings.Contains(err.Error(), "storing orders: asking the database what it is: unable to open database file") {
		t.Errorf("got %v", err)
	}
}
