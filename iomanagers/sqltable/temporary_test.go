package sqltable_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
)

var foreignTable = regexp.MustCompile(`there is a table "\w+"\."orders" that is not listed in "\w+"\."fxrun_values"`)

func TestTemporarySchemasAreRefused(t *testing.T) {
	t.Parallel()
	for _, schema := range []string{
		"temp", "TEMP", "pg_temp", "pg_temp_3", "PG_TEMP", "pg_toast", "pg_toast_temp_3", "pg_catalog", "information_schema", "sqlite_master",
	} {
		_, err := sqltable.New(nil, sqltable.Config{Schema: schema})
		want := `schema: "` + schema + `" is temporary or a database's own: values there would be lost`
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a manager in the schema %s: got %v, want %s", schema, err, want)
		}
	}
	for _, schema := range []string{"", "main", "temperature", "etl", "template", "pages", "public"} {
		if _, err := sqltable.New(nil, sqltable.Config{Schema: schema}); err != nil {
			t.Errorf("a manager in the schema %s: %v", schema, err)
		}
	}
}

func TestATemporaryTableDoesNotTakeTheValue(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		db.SetMaxOpenConns(1) // a temporary table is that of a connection
		exec(t, db, "CREATE TEMPORARY TABLE orders (id bigint, _row bigint)")
		exec(t, db, "CREATE TEMPORARY TABLE fxrun_values (asset text, partition text)")
		m := newManager(t, db, sqltable.Config{})
		store(t, m, "orders", "", []narrow{{1}, {2}})
		if got := query[int](t, db, "SELECT count(*) FROM orders"); got != 0 {
			t.Errorf("the temporary table has %d rows", got)
		}
		if got, err := load[[]narrow](t, m, "orders", ""); err != nil || len(got) != 2 {
			t.Errorf("loaded %v, %v", got, err)
		}
	})
}

func TestAConnectionWhoseSchemaIsTemporaryIsRefused(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	db.SetMaxOpenConns(1)
	exec(t, db, "CREATE TEMPORARY TABLE made (id bigint)") // so that there is the schema
	exec(t, db, "SET search_path = pg_temp")
	err := tryStore(t, newManager(t, db, sqltable.Config{}), "orders", "", []narrow{{1}})
	if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), "values there end with the connection") {
		t.Errorf("got %v", err)
	}
}
