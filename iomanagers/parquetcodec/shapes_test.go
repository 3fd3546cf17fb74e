package parquetcodec_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

type (
	celsius  float64
	counts   map[string]map[int32][]*time.Time
	embedded struct {
		Left  *string
		Right []int
	}
	shapes struct {
		embedded
		Pointers  []*int64
		Times     map[string]time.Time
		Behind    *[]string
		Structs   []*spot
		Plain     []spot
		Lists     [][][]string
		Counts    counts
		Deep      ***int64
		Group     *struct{ A, B *int }
		Warm      celsius
		Length    time.Duration
		Lengths   []time.Duration
		Raw       []byte
		RawList   [][]byte
		ID        [16]byte `parquet:"id,uuid"`
		Short     [3]byte
		Zero      int         `parquet:"zero,optional"`
		Cents     int64       `parquet:"cents,decimal(2:18)"`
		Day       time.Time   `parquet:"day,date"`
		Days      []time.Time `parquet:"days,date"`
		Far       time.Time   `parquet:"far,timestamp(microsecond)"`
		Clock     *time.Time  `parquet:"clock,timestamp(millisecond:local)"`
		Flags     map[bool]bool
		Of        map[uint16]*spot
		Nan       float64
		ByPointer map[string]*[]int8
	}
)

func shapesRows() []shapes {
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	day := time.Date(1900, 2, 28, 0, 0, 0, 0, time.UTC)
	first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	full := shapes{
		embedded: embedded{new("left"), []int{1, 2}},
		Pointers: []*int64{nil, new(int64(1)), nil},
		Times:    map[string]time.Time{"b": at, "a": at.Add(time.Hour)},
		Behind:   &[]string{},
		Structs:  []*spot{nil, {1, nil}, {2, new("")}},
		Plain:    []spot{{3, new("x")}},
		Lists:    [][][]string{nil, {}, {nil, {}, {"a", "b"}}, {{"c"}}},
		Counts:   counts{"z": nil, "y": {}, "x": {1: nil, 2: {}, 3: {&at, nil}}},
		Deep:     new(new(new(int64(7)))),
		Group:    &struct{ A, B *int }{nil, new(5)},
		Warm:     -273.15, Length: -time.Hour, Lengths: []time.Duration{1, math.MaxInt64},
		Raw: []byte{}, RawList: [][]byte{nil, {}, {0}}, ID: [16]byte{1, 15: 2}, Short: [3]byte{1, 2, 3},
		Zero: 5, Cents: -999_999_999_999_999_999, Day: day, Days: []time.Time{day, first, at.Truncate(24 * time.Hour)},
		Far: time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), Clock: new(at.Truncate(time.Second)),
		Flags: map[bool]bool{true: false, false: true}, Of: map[uint16]*spot{65535: {1, nil}, 0: nil},
		Nan: math.NaN(), ByPointer: map[string]*[]int8{"a": nil, "b": {}, "c": {-1}},
	}
	none := shapes{Day: first, Far: first}
	other := none
	other.Behind, other.Group = &[]string{"only"}, &struct{ A, B *int }{}
	other.Lists, other.Pointers, other.Times = [][][]string{}, []*int64{}, map[string]time.Time{}
	other.Nan = math.Inf(-1)
	return []shapes{none, full, other}
}

func TestEveryShapeComesBackAsItWas(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3, 5000} {
		t.Run(fmt.Sprint(n, " rows"), func(t *testing.T) {
			t.Parallel()
			rows, kinds := make([]shapes, n), shapesRows()
			for i := range rows {
				rows[i] = kinds[i*i%7%3]
			}
			var got []shapes
			if err := parquetcodec.Parquet().Decode(bytes.NewReader(encoded(t, rows)), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(rows, got, cmp.AllowUnexported(shapes{}), cmpopts.EquateNaNs()); n > 0 && diff != "" {
				t.Errorf("rows (-want +got):\n%.3000s", diff)
			}
		})
	}
}

// The bytes depend on the rows only, whatever batches they come in.
func TestBatchesOfAnySizeMakeTheSameFile(t *testing.T) {
	t.Parallel()
	rows, kinds := make([]shapes, 9_000), shapesRows()
	for i := range rows {
		rows[i] = kinds[i*i%7%3]
	}
	want := encoded(t, rows)
	for _, size := range []int{1, 1000, 8999} {
		var b bytes.Buffer
		encoder, err := parquetcodec.Parquet().(iomanagers.RowCodec).NewRowEncoder(&b, reflect.TypeFor[[]shapes]())
		if err != nil {
			t.Fatal(err)
		}
		scratch := make([]shapes, size)
		for from := 0; from < len(rows); from += size {
			n := copy(scratch, rows[from:])
			if err := encoder.Write(scratch[:n]); err != nil {
				t.Fatal(err)
			}
			clear(scratch)
		}
		if err := encoder.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("batches of %d rows make another file", size)
		}
	}
}

func TestBytesAreNotKept(t *testing.T) {
	t.Parallel()
	type row struct {
		Raw   []byte
		Fixed [4]byte
	}
	var b bytes.Buffer
	encoder, err := parquetcodec.Parquet().(iomanagers.RowCodec).NewRowEncoder(&b, reflect.TypeFor[[]row]())
	if err != nil {
		t.Fatal(err)
	}
	rows := []row{{[]byte("abc"), [4]byte{1, 2, 3, 4}}}
	if err := encoder.Write(rows); err != nil {
		t.Fatal(err)
	}
	copy(rows[0].Raw, "xyz")
	rows[0].Fixed = [4]byte{}
	if err := encoder.Close(); err != nil {
		t.Fatal(err)
	}
	var got []row
	if err := parquetcodec.Parquet().Decode(&b, &got); err != nil || string(got[0].Raw) != "abc" || got[0].Fixed[0] != 1 {
		t.Error(got, err)
	}
}
