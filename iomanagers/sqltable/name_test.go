package sqltable_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fxrun/fxrun/iomanagers/sqltable"
)

func TestTableName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ prefix, key, want string }{
		{"", "orders", "orders"},
		{"", "raw/orders", "raw__orders"},
		{"", "raw/daily_orders_2/x", "raw__daily_orders_2__x"},
		{"etl_", "raw/2026", "etl_raw__2026"},
		{"", "select", "select"},
		{"", "", "t___sefc57v0tjqu49lqai7v24nv0g"},
		{"", "raw__orders", "raw_orders___"},
		{"", "Orders", "orders___"},
		{"", "daily-orders", "daily_orders___"},
		{"", "/etc/passwd", "etc_passwd___"},
		{"", "42", "t_42___"},
		{"", "Größe", "gr_e___"},
		{"", "sqlite_master", "t_sqlite_master___"},
		{"", "pg_class", "t_pg_class___"},
		{"", "fxrun_values", "fxrun_values___"},
		{"etl_", "fxrun_values", "etl_fxrun_values___"},
		{"", strings.Repeat("long_key/", 20) + "x", "long_key_long_key_long_key_long_ke___"},
	} {
		got := sqltable.TableName(c.prefix, c.key)
		mark := strings.HasSuffix(c.want, "___")
		if mark && (!strings.HasPrefix(got, c.want) || len(got) != len(c.want)+26) || !mark && got != c.want && c.key != "" {
			t.Errorf("the table of %q is %q, want %q", c.key, got, c.want)
		}
	}
}

var safeName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

// FuzzTableName holds that names are safe everywhere, no database's own, and apart.
func FuzzTableName(f *testing.F) {
	f.Add("raw/orders", "raw__orders")
	f.Add("a/b_c", "a_b/c")
	f.Add("A", "a")
	f.Add("t___sefc57v0tjqu49lqai7v24nv0g", "")
	f.Add("sqlite_x", "\xff")
	f.Fuzz(func(t *testing.T, one, other string) {
		for _, prefix := range []string{"", "etl_", "a_prefix_of_20_bytes"} {
			name, second := sqltable.TableName(prefix, one), sqltable.TableName(prefix, other)
			if !safeName.MatchString(name) || !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "pg_") || name == prefix+"fxrun_values" {
				t.Errorf("the table of %q is %q", one, name)
			}
			if name == second && one != other {
				t.Errorf("%q and %q share the table %q", one, other, name)
			}
		}
		key, second := sqltable.EscapeKey(one), sqltable.EscapeKey(other)
		if key == second && one != other {
			t.Errorf("%q and %q share the key %q", one, other, key)
		}
		if !utf8.ValidString(key) || strings.ContainsRune(key, 0) {
			t.Errorf("%q is written %q", one, key)
		}
	})
}
