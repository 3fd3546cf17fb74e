package sqltable_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
	"github.com/fxrun/fxrun/rows"
)

// pair and swapped have the same columns in another order.
type (
	pair    struct{ First, Second string }
	swapped struct{ Second, First string }
)

func pairs(n int) []pair {
	all := make([]pair, n)
	for i := range all {
		all[i] = pair{fmt.Sprint("first ", i*7919%n), fmt.Sprint("second ", i)}
	}
	return all
}

func TestAStreamTakesThePlaceOfTheRowsWhateverStandsOnTheTable(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		for name, c := range map[string]struct{ partition, alter string }{
			"plain":   {},
			"parted":  {partition: "a"},
			"indexed": {alter: "CREATE INDEX by_first ON indexed (first)"},
			"unique":  {alter: "CREATE UNIQUE INDEX unique_first ON " + `"unique"` + " (first)"},
			"dropped": {alter: "DROP TABLE dropped"},
			"viewed":  {alter: "CREATE VIEW firsts AS SELECT first FROM viewed"},
		} {
			m := newManager(t, db, sqltable.Config{})
			store(t, m, name, c.partition, rows.Seq[pair](rows.From(pairs(20))))
			if c.alter != "" {
				exec(t, db, c.alter)
			}
			for _, n := range []int{3000, 0, 2000} {
				store(t, m, name, c.partition, rows.Seq[pair](rows.From(pairs(n))))
				expect(t, m, name, c.partition, pairs(n))
			}
		}
	})
}

func TestAStreamWithColumnsInAnotherOrderKeepsEachInItsPlace(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		store(t, m, "pairs", "", rows.Seq[swapped](rows.From([]swapped{{"2", "1"}})))
		store(t, m, "pairs", "", rows.Seq[pair](rows.From(pairs(1500))))
		expect(t, m, "pairs", "", pairs(1500))
		if got := query[string](t, db, "SELECT min(first) FROM pairs"); got != "first 0" {
			t.Errorf("the column first has %q", got)
		}
	})
}

func TestTriggersOfSQLiteSeeTheRowsOfAStreamInTheirOrder(t *testing.T) {
	t.Parallel()
	db := databases["SQLite"](t)
	m := newManager(t, db, sqltable.Config{})
	store(t, m, "pairs", "", pairs(1))
	exec(t, db, "CREATE TABLE seen (second text)")
	exec(t, db, "CREATE TRIGGER note AFTER INSERT ON pairs BEGIN INSERT INTO seen VALUES (NEW.second); END")
	store(t, m, "pairs", "", rows.Seq[pair](rows.From(pairs(1500))))
	expect(t, m, "pairs", "", pairs(1500))
	if got := query[int](t, db, "SELECT count(*) FROM seen WHERE second = 'second ' || (rowid - 1)"); got != 1500 {
		t.Errorf("the trigger has seen %d rows in their order", got)
	}
}

func TestIndexesOfSQLiteFindTheRowsOfAStream(t *testing.T) {
	t.Parallel()
	for name, index := range map[string]string{
		"a column":           "CREATE INDEX found ON pairs (second)",
		"several columns":    "CREATE INDEX found ON pairs (second COLLATE NOCASE DESC, first)",
		"unique columns":     "CREATE UNIQUE INDEX found ON pairs (first, second)",
		"an expression":      "CREATE INDEX found ON pairs (second || first)",
		"some of the rows":   "CREATE INDEX found ON pairs (second) WHERE first >= 'first 5'",
		"two indexes":        "CREATE INDEX other ON pairs (first); CREATE INDEX found ON pairs (second)",
		"a trigger as well":  "CREATE TRIGGER note AFTER DELETE ON pairs BEGIN SELECT 1; END; CREATE INDEX found ON pairs (second)",
		"an index in quotes": `CREATE INDEX "fou""nd" ON pairs ("second")`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := databases["SQLite"](t)
			m := newManager(t, db, sqltable.Config{})
			store(t, m, "pairs", "", pairs(1))
			exec(t, db, index)
			for _, n := range []int{3000, 0, 2000} {
				store(t, m, "pairs", "", rows.Seq[pair](rows.From(pairs(n))))
				expect(t, m, "pairs", "", pairs(n))
				if got := query[string](t, db, "PRAGMA integrity_check"); got != "ok" {
					t.Errorf("after a Store of %d rows, the database is not whole: %s", n, got)
				}
			}
			if got := query[int](t, db, "SELECT count(*) FROM pairs WHERE second = 'second 1999'"); got != 1 {
				t.Errorf("the last row is found %d times", got)
			}
		})
	}
}

func TestAnIndexOfSQLiteThatComesWhileAStreamIsReadHasItsRows(t *testing.T) {
	t.Parallel()
	db := databases["SQLite"](t)
	m := newManager(t, db, sqltable.Config{})
	store(t, m, "pairs", "", pairs(1))
	store(t, m, "pairs", "", rows.Seq[pair](func(yield func(pair, error) bool) {
		exec(t, db, "CREATE INDEX by_first ON pairs (first)")
		rows.From(pairs(2000))(yield)
	}))
	expect(t, m, "pairs", "", pairs(2000))
	if got := query[string](t, db, "PRAGMA integrity_check"); got != "ok" {
		t.Error(got)
	}
	if got := query[int](t, db, "SELECT count(*) FROM pairs INDEXED BY by_first WHERE first >= ''"); got != 2000 {
		t.Errorf("the index finds %d rows", got)
	}
}

func TestARowThatAConstraintRefusesIsNamed(t *testing.T) {
	t.Parallel()
	forms := map[string]func(all []pair) any{
		"a slice":  func(all []pair) any { return all },
		"a stream": func(all []pair) any { return rows.Seq[pair](rows.From(all)) },
	}
	for database, open := range databases {
		for form, of := range forms {
			for _, partition := range []string{"", "a"} {
				for _, at := range []int{1, 1499, 20_000} {
					t.Run(fmt.Sprintf("row %d of %s in %s, in the partition %q", at, form, database, partition), func(t *testing.T) {
						t.Parallel()
						db := open(t)
						m := newManager(t, db, sqltable.Config{})
						store(t, m, "pairs", partition, pairs(3))
						exec(t, db, "CREATE UNIQUE INDEX one ON pairs (second)")
						all := pairs(at + 500)
						all[at] = all[0]
						err := tryStore(t, m, "pairs", partition, of(all))
						if want := fmt.Sprintf("row %d: ", at); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(strings.ToLower(err.Error()), "unique") {
							t.Errorf("got %v, want an error with %q", err, want)
						}
						expect(t, m, "pairs", partition, pairs(3))
						store(t, m, "pairs", partition, pairs(5))
						expect(t, m, "pairs", partition, pairs(5))
					})
				}
			}
		}
	}
}

func TestATriggerThatRollsBackLeavesNoRows(t *testing.T) {
	t.Parallel()
	db := databases["SQLite"](t)
	m := newManager(t, db, sqltable.Config{})
	store(t, m, "pairs", "", pairs(3))
	exec(t, db, "CREATE TRIGGER never BEFORE INSERT ON pairs WHEN NEW.second = 'second 900' BEGIN SELECT RAISE(ROLLBACK, 'never'); END")
	if err := tryStore(t, m, "pairs", "", pairs(1000)); err == nil || !strings.Contains(err.Error(), "never") {
		t.Errorf("got %v", err)
	}
	expect(t, m, "pairs", "", pairs(3))
}

func TestAStreamThatAUniqueIndexRefusesNamesTheColumn(t *testing.T) {
	t.Parallel()
	db := databases["SQLite"](t)
	m := newManager(t, db, sqltable.Config{})
	twice := append(pairs(1500), pairs(1)...)
	for _, partition := range []string{"", "a"} {
		asset := "pairs" + partition
		store(t, m, asset, partition, pairs(3))
		exec(t, db, "CREATE UNIQUE INDEX one"+partition+" ON "+asset+" (second)")
		err := tryStore(t, m, asset, partition, rows.Seq[pair](rows.From(twice)))
		if err == nil || !strings.Contains(err.Error(), "UNIQUE constraint failed: "+asset+".second") {
			t.Errorf("error %v", err)
		}
		expect(t, m, asset, partition, pairs(3))
	}
}

func TestAStreamWithoutAnIndexedColumnIsStored(t *testing.T) {
	t.Parallel()
	db := databases["SQLite"](t)
	m := newManager(t, db, sqltable.Config{})
	store(t, m, "pairs", "", pairs(1))
	exec(t, db, "CREATE INDEX by_second ON pairs (second)")
	ids := []narrow{{1}, {2}}
	store(t, m, "pairs", "", rows.Seq[narrow](rows.From(ids)))
	expect(t, m, "pairs", "", ids)

	store(t, m, "shared", "a", pairs(2))
	store(t, m, "shared", "", rows.Seq[pair](rows.From(pairs(1500))))
	expect(t, m, "shared", "", pairs(1500))
	expect(t, m, "shared", "a", pairs(2))
}
