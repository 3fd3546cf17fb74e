package sqltable_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// refuses fails the test unless err matches kind and says each of the texts.
func refuses(t *testing.T, err, kind error, says ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("got the error %v, want one that matches %q", err, kind)
		return
	}
	for _, text := range says {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error %q does not say %q", err, text)
		}
	}
}

type reading struct {
	Number int64
	Amount float64
	Good   bool
	Text   string
	At     time.Time
	Span   time.Duration
	Named  big.Int
	Lines  []string `db:",json"`
}

func TestNULLThatSomebodyWroteIsRefusedWithColumnAndRow(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		for field, column := range map[string]string{
			"Number": "number", "Amount": "amount", "Good": "good", "Text": "text", "At": "at", "Span": "span", "Named": "named", "Lines": "lines",
		} {
			store(t, m, column+"s", "", make([]reading, 2500))
			order := "_rowid_ = 2101"
			if isPostgres(db) {
				order = "_row = 2101"
			}
			exec(t, db, `UPDATE "`+column+`s" SET "`+column+`" = NULL WHERE `+order)
			got, err := load[[]reading](t, m, column+"s", "")
			refuses(t, err, iomanagers.ErrType, "loading "+column+"s: wrong type: row 2100: column "+column+": NULL", "pointer for the field "+field)
			if got != nil {
				t.Errorf("the destination has %d rows", len(got))
			}
		}
	})
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		err := tryStore(t, m, "notes", "", []titled{{"a", "b"}, {"c", "caf\xe9"}})
		refuses(t, err, iomanagers.ErrUnsupported, "row 1: column title", "not UTF-8")
		if isPostgres(db) {
			return // it takes no such text from anybody
		}
		store(t, m, "notes", "", []titled{{"a", "b"}, {"c", "d"}})
		exec(t, db, "UPDATE notes SET title = CAST(x'636166e9' AS TEXT) WHERE id = 'c'")
		_, err = load[[]titled](t, m, "notes", "")
		refuses(t, err, iomanagers.ErrType, "row 1: column title", "not UTF-8")
	})
}

type (
	measured struct{ Value float64 }
	short    struct{ Value float32 }
	counted  struct{ Value int32 }
	unsigned struct{ Value uint64 }
	flagged  struct{ Value bool }
	worded   struct{ Value string }
	exact    struct{ Value big.Int }
	maybe    struct{ Value *float64 }
	dated    struct{ Value time.Time }
)

// retype gives the column value of the table another type, and one row.
func retype(t *testing.T, db *sqldb.DB, table, typ, value string) {
	t.Helper()
	if isPostgres(db) {
		exec(t, db, "ALTER TABLE "+table+" ALTER COLUMN value TYPE "+typ+" USING ("+value+")::"+typ)
		return
	}
	exec(t, db, "DROP TABLE "+table)
	exec(t, db, "CREATE TABLE "+table+" (value "+typ+")")
	exec(t, db, "INSERT INTO "+table+" VALUES ("+value+")")
}

func TestNumericColumnsGiveWhatTheyHoldOrNothing(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		load := func(asset string, dst any) error {
			return m.Load(t.Context(), iomanagers.Input{Asset: asset}, dst)
		}
		half := 0.5
		for i, c := range []struct {
			typ, value string
			dst, want  any    // a pointer to rows, and them
			says       string // the value is refused
		}{
			{typ: "NUMERIC", value: "0.5", dst: &[]measured{}, want: &[]measured{{0.5}}},
			{typ: "NUMERIC(10,2)", value: "0.5", dst: &[]maybe{}, want: &[]maybe{{&half}}},
			{typ: "NUMERIC", value: "0.1", dst: &[]measured{}, want: &[]measured{{0.1}}},
			{typ: "NUMERIC", value: "-7", dst: &[]measured{}, want: &[]measured{{-7}}},
			{typ: "NUMERIC", value: "7", dst: &[]counted{}, want: &[]counted{{7}}},
			{typ: "NUMERIC(9,0)", value: "7", dst: &[]unsigned{}, want: &[]unsigned{{7}}},
			{typ: "NUMERIC", value: "0.5", dst: &[]counted{}, says: "0.5 is no int32"},
			{typ: "NUMERIC", value: "-1", dst: &[]unsigned{}, says: "-1 is no uint64"},
			{typ: "NUMERIC", value: "3000000000", dst: &[]counted{}, says: "3000000000 is no int32"},
			{typ: "NUMERIC", value: "9007199254740993", dst: &[]measured{}, says: "9007199254740993 is no float64"},
			{typ: "NUMERIC", value: "9007199254740992", dst: &[]measured{}, want: &[]measured{{9007199254740992}}},
			{typ: "NUMERIC", value: "16777217", dst: &[]short{}, says: "16777217 is no float32"},
			{typ: "NUMERIC", value: "1", dst: &[]flagged{}, says: "the column value is"},
		} {
			asset := fmt.Sprint("numbers", i)
			store(t, m, asset, "", []measured{{}})
			retype(t, db, asset, c.typ, c.value)
			err := load(asset, c.dst)
			if c.says != "" {
				refuses(t, err, iomanagers.ErrType, c.says)
				continue
			}
			if err != nil {
				t.Errorf("%s %s: %v", c.typ, c.value, err)
			} else if diff := cmp.Diff(c.want, c.dst); diff != "" {
				t.Errorf("%s %s: -want +got\n%s", c.typ, c.value, diff)
			}
		}
		if !isPostgres(db) {
			return // SQLite has no decimals of its own
		}
		long := "12345678901234567890.123456789"
		store(t, m, "decimals", "", []measured{{}})
		retype(t, db, "decimals", "NUMERIC", long)
		expect(t, m, "decimals", "", []worded{{long}})
		refuses(t, load("decimals", &[]measured{}), iomanagers.ErrType, "row 0: column value: "+long+" is no float64")
		refuses(t, load("decimals", &[]exact{}), iomanagers.ErrType, "row 0: column value: ")
		retype(t, db, "decimals", "NUMERIC", "'NaN'")
		refuses(t, load("decimals", &[]counted{}), iomanagers.ErrType, "row 0: column value: NaN is no int32")
		var found []measured
		if err := load("decimals", &found); err != nil || len(found) != 1 || !math.IsNaN(found[0].Value) {
			t.Errorf("NaN: got %v, %v", found, err)
		}
	})
}

func TestWhatSomebodyWroteIntoAColumnOfSQLiteIsNotConverted(t *testing.T) {
	t.Parallel()
	db := databases["SQLite"](t)
	m := newManager(t, db, sqltable.Config{})
	for i, c := range []struct {
		value any
		write string
		dst   any
		says  string
	}{
		{[]counted{{}}, "1.5", &[]counted{}, "1.5 is no int32"},
		{[]counted{{}}, "'many'", &[]counted{}, `"many" is no int32`},
		{[]measured{{}}, "'much'", &[]measured{}, `"much" is no float64`},
		{[]flagged{{}}, "2", &[]flagged{}, "2 is no bool"},
		{[]flagged{{}}, "'yes'", &[]flagged{}, `"yes" is no bool`},
		{[]dated{{}}, "1767323045", &[]dated{}, "1767323045 is no time.Time"},
		{[]dated{{}}, "'yesterday'", &[]dated{}, `"yesterday" is no time.Time`},
	} {
		asset := fmt.Sprint("written", i)
		store(t, m, asset, "", c.value)
		exec(t, db, "UPDATE "+asset+" SET value = "+c.write)
		err := m.Load(t.Context(), iomanagers.Input{Asset: asset}, c.dst)
		refuses(t, err, iomanagers.ErrType, "row 0: column value: "+c.says)
	}
}

func TestTimesThatSomebodyWroteAsTextAreRead(t *testing.T) {
	t.Parallel()
	db := databases["SQLite"](t)
	m := newManager(t, db, sqltable.Config{})
	whole := time.Date(2024, 2, 29, 23, 59, 0, 0, time.UTC)
	for i, c := range []struct {
		text string
		want time.Time
	}{
		{"2024-02-29 23:59:00+00:00", whole},
		{"2024-03-01 01:59:00+02:00", whole},
		{"2024-02-29T23:59:00.000Z", whole},
		{"2024-02-29 23:59:00Z", whole},
		{"2024-02-29T23:59:00.25+00:00", whole.Add(250 * time.Millisecond)},
		{"2024-02-29 23:59:00.000000001", whole.Add(1)},
		{"2024-02-29T23:59:00", whole},
		{"2024-02-29 23:59", whole},
		{"2024-02-29T23:59", whole},
		{"2024-02-29", time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"2024-02-29 23:59:00 +0000 UTC", whole},
		{"2024-02-29 23:59:00 +0000 UTC m=+0.000012", whole},
	} {
		asset := fmt.Sprint("dates", i)
		store(t, m, asset, "", []dated{{}})
		exec(t, db, "UPDATE "+asset+" SET value = '"+c.text+"'")
		expect(t, m, asset, "", []dated{{c.want}})
	}
}

func TestNoRowsAreAValue(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		for _, partition := range []string{"", "a"} {
			store(t, m, "orders"+partition, partition, orders(1))
			store(t, m, "orders"+partition, partition, []order{})
			expect(t, m, "orders"+partition, partition, []order{})
			store(t, m, "orders"+partition, partition, []order(nil))
			expect(t, m, "orders"+partition, partition, []order{})
		}
	})
}

type odd struct {
	Select  int    `db:"select"`
	From    string `db:"FROM"`
	Order   string `db:"order"`
	Group   *int   `db:"Group"`
	User    string `db:"user"`
	RowID   int    `db:"rowid"`
	OID     int    `db:"oid"`
	Percent string `db:"100 %"`
	Mark    string `db:"what?"`
	Dollar  string `db:"$1"`
	Quote   string `db:"it's"`
	Double  string `db:"a\"b"`
	Umlaut  string `db:"größe"`
	Space   string `db:" "`
	Semi    string `db:"x;DROP TABLE odd"`
	Dash    string `db:"--"`
	Bracket string `db:"[a].b"`
	Line    string `db:"a\nb"`
	Colon   string `db:":name"`
	At      string `db:"@name"`
	C0      string `db:"c0"`
	N       string `db:"n"`
	U       string `db:"u"`
}

func TestOddColumnNames(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		seven := 7
		all := []odd{
			{1, "from", "order", &seven, "user", 2, 3, "%", "?", "$", "'", `"`, "ö", " ", ";", "-", "[", "\n", ":", "@", "c", "n", "u"},
			{Select: 2},
		}
		for _, asset := range []string{"odd", "select", "order", "table", "user", "a b", "Ünicode", "values"} {
			for range 2 {
				store(t, m, asset, "", all)
				expect(t, m, asset, "", all)
			}
			store(t, m, "of/"+asset, "part", all)
			expect(t, m, "of/"+asset, "part", all)
		}
	})
}

func TestNamesOfPostgreSQLsOwnColumnsAreRefusedThere(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		type box struct {
			Xmin, Xmax float64
			Ctid       int
			Y          float64
		}
		err := tryStore(t, m, "boxes", "", []box{{1, 2, 3, 4}})
		if isPostgres(db) {
			refuses(t, err, iomanagers.ErrUnsupported, "storing boxes: ", "PostgreSQL has columns of its own with the names xmin, xmax, ctid: name others by db tags")
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		expect(t, m, "boxes", "", []box{{1, 2, 3, 4}})
	})
}

func TestATableThatSomebodyAlteredIsNotStoredOver(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		for i, partition := range []string{"", "a"} {
			for _, c := range []struct{ name, alter, says, load string }{
				{"extra", "ADD COLUMN reviewed text", "the column reviewed (text) was added", ""},
				{"missing", "DROP COLUMN note", "the column note (text) was removed", "no column note"},
				{"renamed", "RENAME COLUMN note TO remark", "the column remark (text) was added, the column note (text) was removed", "no column note"},
				{"retyped", "ALTER COLUMN id TYPE text", "the column id is text, and was integer", "the column id is text, not integers"},
			} {
				if c.name == "retyped" && !isPostgres(db) {
					continue // it has no such statement
				}
				asset := fmt.Sprintf("%s%d", c.name, i)
				note := "a note"
				store(t, m, asset, partition, []labeled{{1, &note}})
				exec(t, db, "ALTER TABLE "+asset+" "+c.alter)
				got, err := load[[]labeled](t, m, asset, partition)
				if c.load != "" {
					refuses(t, err, iomanagers.ErrType, c.load)
				} else if err != nil || len(got) != 1 {
					t.Errorf("loading beside a column of somebody: %v, %v", got, err)
				}
				for _, value := range []any{[]labeled{{2, nil}}, []narrow{{2}}, []titled{{"a", "b"}}} {
					err = tryStore(t, m, asset, partition, value)
					refuses(t, err, iomanagers.ErrUnsupported, "was altered by somebody else", `."`+asset+`"`, strings.ReplaceAll(c.says, "(text)", "("+textType(db)+")"))
				}
				if got := query[int](t, db, "SELECT count(*) FROM "+asset); got != 1 {
					t.Errorf("%s: the table has %d rows after a refused Store", asset, got)
				}
				exec(t, db, "DROP TABLE "+asset)
				store(t, m, asset, partition, []labeled{{3, nil}})
				expect(t, m, asset, partition, []labeled{{3, nil}})
			}
		}
	})
}

// textType is how the database writes the type of the columns that a case alters.
func textType(db *sqldb.DB) string {
	if isPostgres(db) {
		return "text"
	}
	return "TEXT"
}

type pointers struct {
	Bytes *[]byte
	List  *[]int `db:",json"`
	Deep  **int  `db:",json"`
}

func TestAPointerToNothingIsNotNil(t *testing.T) {
	everyDatabase(t, func(t *testing.T, db *sqldb.DB) {
		m := newManager(t, db, sqltable.Config{})
		var none *int
		store(t, m, "pointers", "", []pointers{{new([]byte), new([]int), &none}, {}})
		got, err := load[[]pointers](t, m, "pointers", "")
		if err != nil {
			t.Fatal(err)
		}
		if p := got[0]; p.Bytes == nil || len(*p.Bytes) != 0 || p.List == nil || len(*p.List) != 0 || p.Deep == nil || *p.Deep != nil {
			t.Errorf("pointers to nothing come back as %+v", p)
		}
		if got[1] != (pointers{}) {
			t.Errorf("nil comes back as %+v", got[1])
		}
	})
}
