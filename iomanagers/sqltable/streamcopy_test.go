package sqltable_test

import (
	"fmt"
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
