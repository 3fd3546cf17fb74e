package sqltable_test

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// large are rows that need more memory than a stream is given before it is stored. Among them is
// a row that is larger than the others together.
func large() []order {
	all := make([]order, 15_000)
	for i := range all {
		all[i] = orders(4)[i%31]
		all[i].ID, all[i].Amount = int64(i)<<(i%48)*int64(1-i%2*2), math.Ldexp(float64(i), i%2000-1000)
		all[i].At = all[i].At.Add(time.Duration(i) * time.Hour)
	}
	all[5000].Raw = []byte(strings.Repeat("bytes\x00", 1<<20))
	all[6000].Raw, all[7000].Customer = []byte{}, ""
	return all
}

// spooled open databases with one connection, for which streams are kept until they are stored.
var spooled = map[string]func(t *testing.T) *sqldb.DB{
	"SQLite": databases["SQLite in memory"],
	"PostgreSQL": func(t *testing.T) *sqldb.DB {
		db := openPostgres(t)
		db.SetMaxOpenConns(1)
		return db
	},
}

func TestALargeStreamForOneConnectionIsKeptUntilItIsStoredAndNothingIsLeftOfIt(t *testing.T) { // not parallel: it sets TMPDIR
	want := large()
	for name, open := range spooled {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			m := newManager(t, db, sqltable.Config{})
			folder := t.TempDir()
			t.Setenv("TMPDIR", folder)
			noFiles := func(when string) {
				t.Helper()
				left, err := fs.Glob(os.DirFS(folder), "fxrun-rows-*")
				if err != nil || len(left) > 0 {
					t.Errorf("%s, there are the files %v, %v", when, left, err)
				}
			}
			var broken error
			stream := func(yield func([]order, error) bool) {
				memory := make([]order, 1000) // the same for all, as a sequence may
				for from := 0; from < len(want); from += len(memory) {
					if !yield(memory[:copy(memory, want[from:])], nil) {
						return
					}
				}
				if runtime.GOOS != "windows" {
					noFiles("while the rows are kept")
				}
				if broken != nil {
					yield(nil, broken)
				}
			}
			store(t, m, "orders", "", iter.Seq2[[]order, error](stream))
			noFiles("after a Store")
			expectLarge(t, m, want)

			broken = errors.New("the source broke")
			if err := tryStore(t, m, "orders", "", iter.Seq2[[]order, error](stream)); !errors.Is(err, broken) {
				t.Errorf("a Store of a stream that breaks gives %v", err)
			}
			noFiles("after a Store that failed")
			func() {
				defer func() { _ = recover() }()
				_ = tryStore(t, m, "orders", "", iter.Seq2[[]order, error](func(yield func([]order, error) bool) {
					stream(func(batch []order, err error) bool { return err != nil || yield(batch, nil) })
					panic("the source panics")
				}))
				t.Error("a Store of a stream that panics returns")
			}()
			noFiles("after a panic")
			expectLarge(t, m, want)
		})
	}
}

func TestAStreamThatFindsNoPlaceForItsRowsSaysWhere(t *testing.T) { // not parallel: it sets TMPDIR
	want := large()
	for name, open := range spooled {
		t.Run(name, func(t *testing.T) {
			db := open(t)
			m := newManager(t, db, sqltable.Config{})
			folder := t.TempDir() + "/missing"
			t.Setenv("TMPDIR", folder)
			store(t, m, "orders", "", fromBatches(want[:100])) // needs no file
			err := tryStore(t, m, "orders", "", fromBatches(want))
			says := fmt.Sprintf("keeping rows in a temporary file in %s until they are stored: ", folder)
			if err == nil || !strings.Contains(err.Error(), says) || errors.Is(err, iomanagers.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("error %v, want one that says %q", err, says)
			}
			expect(t, m, "orders", "", want[:100])
		})
	}
}

// expectLarge is expect for rows that are too large to be shown.
func expectLarge(t *testing.T, m *sqltable.Manager, want []order) {
	t.Helper()
	got, err := load[[]order](t, m, "orders", "")
	if err != nil || len(got) != len(want) {
		t.Fatalf("%d rows come back, want %d, %v", len(got), len(want), err)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Fatalf("row %d comes back changed, with %d bytes in place of %d: %.1000v, want %.1000v", i, len(got[i].Raw), len(want[i].Raw), got[i], want[i])
		}
	}
}

func fromBatches(all []order) iter.Seq2[[]order, error] {
	return func(yield func([]order, error) bool) { yield(all, nil) }
}
