package sqltable_test

import (
	"errors"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// countTables counts the tables with the prefix of a manager.
func countTables(t *testing.T, db *sqldb.DB, kind string) int {
	t.Helper()
	if kind == "PostgreSQL" {
		return query[int](t, db, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'x%'")
	}
	return query[int](t, db, "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name LIKE 'x%'")
}

func TestTheTablesBelowAKeyAreDropped(t *testing.T) {
	t.Parallel()
	type row struct{ N int }
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			m, err := sqltable.New(db.DB, sqltable.Config{Prefix: "x_"})
			if err != nil {
				t.Fatal(err)
			}
			if err := m.RemoveBelow(t.Context(), "~run"); err != nil {
				t.Errorf("where nothing was ever stored: %v", err)
			}
			if err := m.RemoveBelow(t.Context(), ""); err == nil {
				t.Error("an empty key stands for all tables")
			}
			gone := [][2]string{{"~run/op", ""}, {"~run/op/deeper", ""}, {"~run/Ä parted", "p"}, {"~run/Ä parted", "q"}}
			kept := [][2]string{{"~run2/op", ""}, {"~ru_/op", ""}, {"run/op", ""}, {"~run", ""}, {"op", ""}}
			for _, key := range append(gone, kept...) {
				store(t, m, key[0], key[1], []row{{7}})
			}
			tables := countTables(t, db, name)
			for range 2 {
				if err := m.RemoveBelow(t.Context(), "~run"); err != nil {
					t.Fatal(err)
				}
			}
			for _, key := range gone {
				if _, err := load[[]row](t, m, key[0], key[1]); !errors.Is(err, iomanagers.ErrNotFound) {
					t.Errorf("loading %s gives %v, want ErrNotFound", key, err)
				}
			}
			for _, key := range kept {
				expect(t, m, key[0], key[1], []row{{7}})
			}
			if left := countTables(t, db, name); left != tables-3 {
				t.Errorf("of %d tables %d are left", tables, left)
			}
			store(t, m, gone[0][0], "", []row{{8}})
			expect(t, m, gone[0][0], "", []row{{8}})
		})
	}
}
