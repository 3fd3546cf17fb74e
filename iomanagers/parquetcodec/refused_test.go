package parquetcodec_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

func TestFilesWithLZ4AreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"lz4_1000", "duckdb_lz4"} {
		data, err := os.ReadFile("testdata/" + name + ".parquet")
		if err != nil {
			t.Fatal(err)
		}
		var got []struct {
			ID *int64 `parquet:"id"`
		}
		if err := parquetcodec.Parquet().Decode(bytes.NewReader(data), &got); !errors.Is(err, iomanagers.ErrUnsupported) {
			t.Errorf("%s: %d rows, %v", name, len(got), err)
		}
	}
}

func TestATimeFinerThanItsTagIsRefused(t *testing.T) {
	t.Parallel()
	type row struct {
		At time.Time `parquet:"at,timestamp(millisecond)"`
	}
	err := parquetcodec.Parquet().Encode(new(bytes.Buffer), []row{{At: time.Unix(1, 0)}, {At: time.Unix(1, 1000)}})
	if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), "row 1") {
		t.Error(err)
	}
}

type pointers struct{ N *int64 }

func TestShapesWithoutColumnsAreRefused(t *testing.T) {
	t.Parallel()
	type holdsItself struct{ Next []*holdsItself }
	for name, c := range map[string]struct {
		shape reflect.Type
		want  string
	}{
		"an embedded pointer":        {reflect.TypeFor[[]struct{ *pointers }](), "pointers: an embedded pointer"},
		"a struct that holds itself": {reflect.TypeFor[[]holdsItself](), "holds itself"},
		"a column twice": {reflect.TypeFor[[]struct {
			A int
			B int `parquet:"A"`
		}](), `A and B are both the column "A"`},
		"a field that hides another": {reflect.TypeFor[[]struct {
			pointers
			N int
		}](), `both the column "N"`},
		"floats as keys":      {reflect.TypeFor[[]struct{ V map[float64]int }](), "V: the keys of a map"},
		"structs as keys":     {reflect.TypeFor[[]struct{ V map[struct{ A int }]int }](), "V: the keys of a map"},
		"times as keys":       {reflect.TypeFor[[]struct{ V map[time.Time]int }](), "V: the keys of a map"},
		"interfaces in lists": {reflect.TypeFor[[]struct{ V []any }](), "V: there is no column type for interface {}"},
		"no exported field":   {reflect.TypeFor[[]struct{ V struct{ a int } }](), "V: struct { a int } has no column"},
		"an unknown option": {reflect.TypeFor[[]struct {
			V int `parquet:"v,optonal"`
		}](), `the tag option "optonal" is not known, did you mean "optional"?`},
		"a timestamp that is no time": {reflect.TypeFor[[]struct {
			V int64 `parquet:"v,timestamp"`
		}](), "for time.Time"},
		"a decimal that is a float": {reflect.TypeFor[[]struct {
			V float64 `parquet:"v,decimal(2:9)"`
		}](), "needs an int32"},
		"a decimal that is too narrow": {reflect.TypeFor[[]struct {
			V int32 `parquet:"v,decimal(2:10)"`
		}](), "needs an int32 (up to 9 digits)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := parquetcodec.Parquet().(iomanagers.TypeChecker).CheckType(c.shape)
			if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestValuesThatWouldChangeAreRefused(t *testing.T) {
	t.Parallel()
	far := time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	zurich := time.FixedZone("", 3600)
	type inner struct{ N **int64 }
	for name, c := range map[string]struct {
		rows any
		want string
	}{
		"a pointer to a nil pointer": {[]inner{{}, {new(*int64)}}, "row 1: not supported: N is a pointer to nil"},
		"a pointer to a nil list":    {[]struct{ V *[]string }{{new([]string)}}, "row 0: not supported: V is a pointer to nil"},
		"a text that is not UTF-8":   {[]struct{ V []string }{{[]string{"a", "\xff"}}}, "row 0: not supported: V is the text \"\\xff\""},
		"a time out of reach":        {[]struct{ V time.Time }{{far}}, "the tag `timestamp(microsecond)` reaches the years 1 to 9999"},
		"a date with an hour": {[]struct {
			V time.Time `parquet:"v,date"`
		}{{far.Add(time.Hour)}}, "midnight"},
		"a local time with a zone": {[]struct {
			V time.Time `parquet:"v,timestamp(microsecond:local)"`
		}{{far.In(zurich)}}, "without its zone"},
		"the year 10000": {[]struct {
			V time.Time `parquet:"v,timestamp(microsecond)"`
		}{{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}, "from the year 1 to 9999"},
		"too many digits": {[]struct {
			V int64 `parquet:"v,decimal(2:4)"`
		}{{9999}, {-10000}}, "row 1: not supported: V is -10000, which has more than the 4 digits"},
	} {
		t.Run(name, func(t *testing.T) {
			err := parquetcodec.Parquet().Encode(io.Discard, c.rows)
			if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
