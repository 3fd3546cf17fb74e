package sqltable_test

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// bothPools returns a manager on a pool that fetches rows as PostgreSQL sends them, and one on a
// pool that gives values one by one, of one database.
func bothPools(t *testing.T) (db *sqldb.DB, fetches, scans *sqltable.Manager) {
	t.Helper()
	dsn := server.Database(t)
	db = copying(t, dsn)
	return db, newManager(t, db, sqltable.Config{}), newManager(t, plain(t, dsn), sqltable.Config{})
}

// sameBytes compares bytes at once, and not one by one.
var sameBytes = cmp.Comparer(func(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) })

func TestFetchedRowsAreThoseThatAreScanned(t *testing.T) {
	t.Parallel()
	_, fetches, scans := bothPools(t)
	for _, partition := range []string{"", "a"} {
		asset := "all" + partition
		store(t, fetches, asset, partition, extremes()[:3000])
		fetched, err := load[[]extreme](t, fetches, asset, partition)
		if err != nil {
			t.Fatal(err)
		}
		scanned, err := load[[]extreme](t, scans, asset, partition)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(scanned, fetched, cmpopts.EquateNaNs(), sameBytes); diff != "" {
			t.Errorf("fetched other rows (-scanned, +fetched):\n%s", diff)
		}
		if got, err := load[[]*extreme](t, fetches, asset, partition); err != nil || !cmp.Equal(*got[1], scanned[1], sameBytes) {
			t.Errorf("rows behind pointers: %v", err)
		}
	}
}

func TestFetchedColumnsThatSomebodyChangedAreReadOrRefusedAsScannedOnes(t *testing.T) {
	t.Parallel()
	db, fetches, scans := bothPools(t)
	for i, typ := range []string{
		"smallint", "integer", "bigint", "real", "double precision", "boolean", "text", "varchar(20)", "bytea", "timestamptz", "json", "jsonb",
		"numeric", "numeric(12,2)", "date",
	} {
		table := fmt.Sprint("changed", i)
		store(t, fetches, table, "", []measured{{}})
		exec(t, db, "ALTER TABLE "+table+" ALTER COLUMN value TYPE "+typ+" USING NULL")
		for _, value := range []string{
			"NULL", "1", "300", "-3000000000", "9007199254740993", "0.5", "'NaN'", "'Infinity'", "'-infinity'", "true", "'text'", "''", "'[1]'",
			`'\x00ff'`, "'2026-01-02 03:04:05.000001+02'", "'1-01-01 BC'", "'12345-01-01'",
		} {
			if _, err := db.ExecContext(t.Context(), "UPDATE "+table+" SET value = ("+value+")::text::"+typ); err != nil {
				continue // no such value of the type
			}
			for _, dst := range []any{
				new([]wide8), new([]unsigned), new([]maybe), new([]short), new([]flagged), new([]worded), new([]dated), new([]blobbed), new([]documented),
			} {
				fetched, scanned := reflect.New(reflect.TypeOf(dst).Elem()), reflect.New(reflect.TypeOf(dst).Elem())
				err := fetches.Load(t.Context(), iomanagers.Input{Asset: table}, fetched.Interface())
				want := scans.Load(t.Context(), iomanagers.Input{Asset: table}, scanned.Interface())
				if fmt.Sprint(err) != fmt.Sprint(want) {
					t.Errorf("%s::%s into %T: fetched %v, scanned %v", value, typ, dst, err, want)
				}
				if diff := cmp.Diff(scanned.Interface(), fetched.Interface(), cmpopts.EquateNaNs()); diff != "" {
					t.Errorf("%s::%s into %T (-scanned, +fetched):\n%s", value, typ, dst, diff)
				}
			}
		}
	}
}

type (
	wide8      struct{ Value int8 }
	blobbed    struct{ Value []byte }
	documented struct {
		Value any `db:",json"`
	}
)

func TestAFetchedStreamEndsWithItsLoop(t *testing.T) {
	t.Parallel()
	db, fetches, _ := bothPools(t)
	all := make([]dated, 5000)
	for i := range all {
		all[i].Value = time.Unix(int64(i), 0).UTC()
	}
	store(t, fetches, "dates", "", all)
	stream, err := load[func(func(dated, error) bool)](t, fetches, "dates", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, most := range []int{1, 200, 3000} {
		n := 0
		for row, err := range stream {
			if err != nil || !row.Value.Equal(all[n].Value) {
				t.Fatalf("row %d: got %v, %v", n, row, err)
			}
			if n++; n == most {
				break
			}
		}
		for began := time.Now(); db.Stats().InUse != 0; time.Sleep(time.Millisecond) { // database/sql rolls back beside the loop
			if time.Since(began) > 30*time.Second {
				t.Fatalf("after %d rows %d connections are in use", n, db.Stats().InUse)
			}
		}
	}
}
