package parquetcodec_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

// The files in testdata were made by make.py there.

func load(t *testing.T, name string, dst any) error {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return parquetcodec.Parquet().Decode(bytes.NewReader(data), dst)
}

type (
	spot struct {
		X int64   `parquet:"x"`
		Y *string `parquet:"y"`
	}
	foreign struct {
		N      *int64     `parquet:"n"`
		Small  int        `parquet:"small"`
		Text   *string    `parquet:"text"`
		Price  float64    `parquet:"price"`
		Flag   bool       `parquet:"flag"`
		At     time.Time  `parquet:"at"`
		Naive  time.Time  `parquet:"naive"`
		Day    *time.Time `parquet:"day"`
		Tags   []*string  `parquet:"tags"`
		Spot   *spot      `parquet:"spot"`
		Amount string     `parquet:"amount"`
	}
)

func foreignRows() []foreign {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.UTC)
	early := time.Date(1931, 12, 31, 23, 59, 59, 999999000, time.UTC)
	day := func(year int, month time.Month, day int) *time.Time {
		return new(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
	}
	return []foreign{
		{new(int64(1)), -128, new("tea"), 2.5, true, at, at, day(2026, 1, 2), []*string{new("a"), new("b")}, &spot{1, new("one")}, "12.30"},
		{nil, 127, nil, -0.25, false, early, early, nil, nil, nil, "-0.05"},
		{new(int64(math.MaxInt64)), 0, new(""), 1e300, true, at, at, day(1969, 12, 31), []*string{}, &spot{-5, nil}, "9999999.99"},
		{new(int64(math.MinInt64)), 7, new("tea"), 0, false, at, at, day(1, 1, 1), []*string{new("c"), nil}, &spot{9, new("ü")}, "0.00"},
	}
}

func TestRowsOfOtherProgramsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/foreign_*.parquet")
	if err != nil || len(names) < 15 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".parquet"), func(t *testing.T) {
			t.Parallel()
			var got []foreign
			if err := load(t, filepath.Base(name), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(foreignRows(), got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTimesFarAwayAreRead(t *testing.T) {
	t.Parallel()
	want := []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1677, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2262, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	type row struct {
		T time.Time `parquet:"t"`
	}
	for _, unit := range []string{"s", "ms", "us"} {
		for _, zone := range []string{"naive", "UTC", "Europe_Zurich"} {
			if unit+zone == "usUTC" {
				continue
			}
			var got []row
			if err := load(t, "far_"+unit+"_"+zone+".parquet", &got); err != nil {
				t.Fatal(err)
			}
			for i := range got {
				if !got[i].T.Equal(want[i]) || got[i].T.Location() != time.UTC {
					t.Errorf("%s %s: row %d is %v, want %v", unit, zone, i, got[i].T, want[i])
				}
			}
		}
	}
	var got []struct {
		At time.Time `parquet:"at"`
	}
	if err := load(t, "far_us_UTC.parquet", &got); err != nil {
		t.Fatal(err)
	}
	var years []int
	for _, r := range got {
		years = append(years, r.At.Year())
	}
	if diff := cmp.Diff([]int{9999, 1, 2300, 1600}, years); diff != "" {
		t.Errorf("years (-want +got):\n%s", diff)
	}
}

type typed struct {
	U8       uint64            `parquet:"u8"`
	U16      int               `parquet:"u16"`
	U32      int64             `parquet:"u32"`
	U64      uint64            `parquet:"u64"`
	I8       int16             `parquet:"i8"`
	I16      int               `parquet:"i16"`
	I32      int64             `parquet:"i32"`
	F32      float64           `parquet:"f32"`
	Raw      []byte            `parquet:"raw"`
	Fixed    [4]byte           `parquet:"fixed"`
	Clock    time.Duration     `parquet:"clock"`
	Clock64  time.Duration     `parquet:"clock64"`
	Length   int64             `parquet:"length"`
	By       map[string]*int64 `parquet:"by"`
	Deep     [][]*int32        `parquet:"deep"`
	Spots    []*tagged3        `parquet:"spots"`
	Nothing  *string           `parquet:"nothing"`
	Nothings []*float64        `parquet:"nothings"`
}

type tagged3 struct {
	X    int64    `parquet:"x"`
	Tags []string `parquet:"tags"`
}

func TestColumnsOfAllTypesAreRead(t *testing.T) {
	t.Parallel()
	var got []typed
	if err := load(t, "types.parquet", &got); err != nil {
		t.Fatal(err)
	}
	want := []typed{{
		U8: 255, U16: 65535, U32: math.MaxUint32, U64: math.MaxUint64, I8: -128, I16: math.MinInt16, I32: math.MinInt32,
		F32: float64(float32(0.1)), Raw: []byte{0, 255}, Fixed: [4]byte{'a', 'b', 'c', 'd'},
		Clock: 24*time.Hour - time.Millisecond, Clock64: time.Microsecond, Length: 5,
		By:       map[string]*int64{"a": new(int64(1)), "b": nil},
		Deep:     [][]*int32{{new(int32(1)), new(int32(2))}, nil, {}, {nil}},
		Spots:    []*tagged3{{1, []string{"p", "q"}}, nil, {2, []string{}}, {3, nil}},
		Nothings: []*float64{nil, nil},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestFilesWithLessThanExpected(t *testing.T) {
	t.Parallel()
	var texts []struct {
		S string `parquet:"s"`
	}
	if err := load(t, "largestr.parquet", &texts); err != nil || len(texts) == 0 || texts[0].S == "" {
		t.Errorf("large texts: %v, %v", texts, err)
	}
	type row struct {
		ID *int64  `parquet:"id"`
		S  *string `parquet:"s"`
	}
	var none []row
	if err := load(t, "nullcol.parquet", &none); err != nil || len(none) == 0 || none[0].ID == nil || none[0].S != nil {
		t.Errorf("a column without type: %v, %v", none, err)
	}
	var zero []row
	if err := load(t, "zero_pa_none.parquet", &zero); err != nil || len(zero) != 0 {
		t.Errorf("no rows: %v, %v", zero, err)
	}
	var plain []struct {
		S int `parquet:"s"`
	}
	if err := load(t, "nullcol.parquet", &plain); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "row 0: column s is null") {
		t.Errorf("a column without type, into numbers: %v", err)
	}
}

func TestContentsThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		row  reflect.Type
		want string
	}{
		"null in a number": {"foreign_pandas.parquet", reflect.TypeFor[struct {
			N int64 `parquet:"n"`
		}](), "row 1: column n is null: wrong type: the field N is a int64"},
		"null in a text": {"foreign_polars.parquet", reflect.TypeFor[struct {
			Text string `parquet:"text"`
		}](), "row 1: column text is null"},
		"null in a list": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct {
			Tags []string `parquet:"tags"`
		}](), "row 3: column tags.list.element is null"},
		"null in a struct": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct {
			Spot *struct {
				Y string `parquet:"y"`
			} `parquet:"spot"`
		}](), "row 2: column spot.y is null"},
		"a struct that is null": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct {
			Spot spot `parquet:"spot"`
		}](), "row 1: column spot is null"},
		"a large number": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct {
			N *int32 `parquet:"n"`
		}](), "row 2: column n wrong type: holds 9223372036854775807, which the int32 of field N does not hold"},
		"a negative number": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct {
			Small uint8 `parquet:"small"`
		}](), "row 0: column small wrong type: holds -128, which the uint8 of field Small does not hold"},
		"a large unsigned number": {"types.parquet", reflect.TypeFor[struct {
			U64 int64 `parquet:"u64"`
		}](), "holds 18446744073709551615"},
		"bytes that are no text": {"types.parquet", reflect.TypeFor[struct {
			Raw string `parquet:"raw"`
		}](), "no UTF-8"},
		"a decimal as a float": {"foreign_duckdb_snappy.parquet", reflect.TypeFor[struct {
			Amount float64 `parquet:"amount"`
		}](), "column amount is stored as DECIMAL(9,2), which does not go into the field Amount of type float64; load it into a string"},
		"a decimal of another scale": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct {
			Amount int64 `parquet:"amount,decimal(3:9)"`
		}](), "DECIMAL(9,2)"},
		"a duration without unit": {"types.parquet", reflect.TypeFor[struct {
			Length time.Duration `parquet:"length"`
		}](), "load it into an int64"},
		"a time as a number": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct {
			At int64 `parquet:"at"`
		}](), "TIMESTAMP"},
		"a column that is spelt wrong": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct {
			N    *int64 `parquet:"n"`
			Text string `parquet:"txet"`
		}](), `the file has no column txet, did you mean "text"?`},
		"nothing in common": {"foreign_pyarrow_none.parquet", reflect.TypeFor[struct{ Other *int }](), "none of the columns"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := reflect.New(reflect.SliceOf(c.row))
			err := load(t, c.file, got.Interface())
			if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v and %v, want %q", got.Elem(), err, c.want)
			}
		})
	}
}

func TestNullIsTheZeroValueWhereATagSaysSo(t *testing.T) {
	t.Parallel()
	type row struct {
		N    int64  `parquet:"n,optional"`
		Text string `parquet:"text,optional"`
		Spot spot   `parquet:"spot,optional"`
	}
	var got []row
	if err := load(t, "foreign_pyarrow_none.parquet", &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(row{}, got[1]); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

func TestDecimalsGoIntoWholeNumbersWithTheSameTag(t *testing.T) {
	t.Parallel()
	var got []struct {
		Cents int64 `parquet:"amount,decimal(2:9)"`
	}
	if err := load(t, "foreign_polars.parquet", &got); err != nil || got[1].Cents != -5 || got[2].Cents != 999999999 {
		t.Error(got, err)
	}
}
