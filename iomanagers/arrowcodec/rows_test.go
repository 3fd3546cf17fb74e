package arrowcodec_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math"
	"net"
	"net/netip"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
)

type order struct {
	ID    int64
	Item  string
	Price float64
}

func encoded(t testing.TB, value any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := arrowcodec.Arrow().Encode(&b, value); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// equal is what a codec promises: nil and empty are the same, times are instants.
func equal() cmp.Options { return cmp.Options{cmpopts.EquateEmpty(), cmpopts.EquateNaNs()} }

type (
	mood  int8
	key   [16]byte
	label string
	point struct{ X, Y float64 }
	audit struct {
		By string
		At time.Time
	}
	hidden struct{ Seen bool }
	Base   struct{ Version int }
	all    struct {
		Bool bool
		I    int
		I8   int8
		I16  int16
		I32  int32
		I64  int64
		U    uint
		U8   uint8
		U16  uint16
		U32  uint32
		U64  uint64
		F32  float32
		F64  float64
		Text string
		Blob []byte
		Key  key
		At   time.Time
		Took time.Duration
		Mood mood
		Name label `arrow:"a label"`
		IP   net.IP
		Skip func() `arrow:"-"`
		own  int

		PBool *bool
		PText *string
		PAt   *time.Time
		PBlob *[]byte
		PList *[]int
		PKey  *key

		Point  point
		PPoint *point
		Lists  [][]int32
		Points []point
		ByName map[string]*point
		ByDay  map[mood][]time.Time
		IsOdd  map[bool]int
		Addr   netip.Addr
		PAddr  *netip.Addr
		Nulls  []*point
		Times  []time.Time
		Base
		hidden
		Named audit `arrow:"audit"`
	}
)

func TestEveryType(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 29, 1, 59, 59, 123456789, time.UTC)
	yes, text, blob, list := true, "", []byte{0}, []int{1, 2}
	full := all{
		true, math.MinInt, math.MinInt8, math.MinInt16, math.MinInt32, math.MinInt64,
		math.MaxUint, math.MaxUint8, math.MaxUint16, math.MaxUint32, math.MaxUint64,
		math.SmallestNonzeroFloat32, math.Inf(-1), "ü\x00",
		[]byte{0xff, 0},
		key{1, 15: 2},
		at, -time.Minute, 3, "x", net.IPv4(1, 2, 3, 4), nil, 0,
		&yes, &text, &at, &blob, &list, &key{3},
		point{1, math.NaN()},
		&point{3, 4},
		[][]int32{{1, 2}, nil, {3}},
		[]point{{5, 6}, {7, 8}},
		map[string]*point{"b": {1, 2}, "": nil},
		map[mood][]time.Time{-1: {at, at}, 2: nil},
		map[bool]int{true: 1, false: 2},
		netip.MustParseAddr("10.0.0.1"),
		new(netip.Addr),
		[]*point{nil, {9, 10}, nil},
		[]time.Time{time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2261, 12, 31, 23, 59, 59, 999999999, time.UTC)},
		Base{7},
		hidden{true},
		audit{"you", at},
	}
	empty := all{At: at, Named: audit{At: at}}
	rows := []all{full, empty, full, empty}
	var pointers []*all
	for i := range rows {
		pointers = append(pointers, &rows[i])
	}
	options := cmp.Options{equal(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.AllowUnexported(all{}), cmpopts.IgnoreFields(all{}, "Skip")}

	for name, stored := range map[string]any{"rows": rows, "rows behind pointers": pointers} {
		data := encoded(t, stored)
		var gotRows []all
		var gotPointers []*all
		for _, dst := range []any{&gotRows, &gotPointers} {
			if err := arrowcodec.Arrow().Decode(bytes.NewReader(data), dst); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if diff := cmp.Diff(rows, gotRows, options); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(pointers, gotPointers, options); diff != "" {
			t.Errorf("%s as pointers (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheSchemaIsThatOfTheGoType(t *testing.T) {
	t.Parallel()
	var got arrow.RecordBatch
	if err := arrowcodec.Arrow().Decode(bytes.NewReader(encoded(t, probes())), &got); err != nil {
		t.Fatal(err)
	}
	want := `schema:
  fields: 8
    - ID: type=int64
    - Name: type=utf8
    - Paid: type=bool, nullable
    - At: type=timestamp[ns, tz=UTC]
    - Tags: type=list<item: utf8>
    - Inner: type=struct<Depth: int32, Blob: binary, Key: fixed_size_binary[4]>
    - Part: type=struct<Share: float32>, nullable
    - By: type=map<utf8, int16, items_non_nullable>`
	if diff := cmp.Diff(want, got.Schema().String()); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

type (
	closed    struct{ cents int }
	recursive struct {
		Name string
		Next *recursive
	}
	date time.Time
)

func TestTypesThatWouldLoseSomethingAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t    reflect.Type
		want string
	}{
		{nil, "it takes slices of structs and record batches, not <nil>"},
		{reflect.TypeFor[int](), "not int"},
		{reflect.TypeFor[order](), "not arrowcodec_test.order"},
		{reflect.TypeFor[[]string](), "not []string"},
		{reflect.TypeFor[[]time.Time](), "not []time.Time"},
		{reflect.TypeFor[[]**order](), "not []**arrowcodec_test.order"},
		{reflect.TypeFor[[]any](), "not []interface {}"},
		{reflect.TypeFor[[]closed](), "is a arrowcodec_test.closed, which has no column: no exported field"},
		{reflect.TypeFor[[]struct{ Price closed }](), "Price is a arrowcodec_test.closed, which has no column"},
		{reflect.TypeFor[[]struct{ Day date }](), "Day is a arrowcodec_test.date, which has no column"},
		{reflect.TypeFor[[]recursive](), "Next is a arrowcodec_test.recursive, which holds itself"},
		{reflect.TypeFor[[]struct {
			In []struct{ By map[float64]int }
		}](), "In[].By has keys of type float64, and keys are texts, integers or booleans"},
		{reflect.TypeFor[[]struct{ V any }](), "V is a interface {}"},
		{reflect.TypeFor[[]struct{ V func() }](), "V is a func()"},
		{reflect.TypeFor[[]struct{ V chan int }](), "V is a chan int"},
		{reflect.TypeFor[[]struct{ V complex128 }](), "V is a complex128"},
		{reflect.TypeFor[[]struct{ V uintptr }](), "V is a uintptr"},
		{reflect.TypeFor[[]struct{ V [2]int }](), "V is a [2]int"},
		{reflect.TypeFor[[]struct{ V **int }](), "V is a **int, and a null behind a pointer"},
		{reflect.TypeFor[[]struct {
			A int `arrow:"x"`
			B int `arrow:"x"`
		}](), "B is a second column named x"},
		{reflect.TypeFor[[]struct {
			audit
			At time.Time
		}](), "At is a second column named At"},
		{reflect.TypeFor[[]struct {
			A int `arrow:"x,optional"`
		}](), `A has the tag "x,optional": a tag is only a name`},
		{reflect.TypeFor[[]struct {
			A func()
			B chan int
		}](), "A is a func(), for which Arrow has no column\nB is a chan int"},
	} {
		err := arrowcodec.Arrow().(iomanagers.TypeChecker).CheckType(c.t)
		if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("CheckType of %v gives %v, want %q", c.t, err, c.want)
		}
		if c.t == nil {
			continue
		}
		if err := arrowcodec.Arrow().Encode(new(bytes.Buffer), reflect.Zero(c.t).Interface()); err == nil {
			t.Errorf("Encode takes a %v", c.t)
		}
		if err := arrowcodec.Arrow().Decode(bytes.NewReader(nil), reflect.New(c.t).Interface()); !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("Decode into a %v gives %v", c.t, err)
		}
	}
}

func TestValuesThatWouldChangeAreRefused(t *testing.T) {
	t.Parallel()
	type row struct {
		Name string
		At   []struct{ On *time.Time }
	}
	for _, c := range []struct {
		rows any
		want string
	}{
		{[]row{{}, {Name: "a\xff"}}, "row 1: not supported: Name is a text that is not UTF-8: make it a []byte"},
		{[]row{{At: []struct{ On *time.Time }{{new(time.Time)}}}}, "row 0: not supported: At[].On is 0001-01-01T00:00:00Z, and times in Arrow reach from 1678 to 2261"},
		{[]audit{{At: time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)}}, "At is 2262-01-01"},
		{[]audit{{At: time.Date(1677, 12, 31, 23, 59, 59, 0, time.UTC)}}, "At is 1677-12-31"},
		{[]*order{{}, nil}, "row 1 is nil"},
	} {
		err := arrowcodec.Arrow().Encode(new(bytes.Buffer), c.rows)
		if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Encode gives %v, want %q", err, c.want)
		}
	}
}

func TestRowsOfAnotherTypeNeedTheSameColumns(t *testing.T) {
	t.Parallel()
	data := encoded(t, []struct {
		ID   int64
		Item *string
		Tags []string
		Gaps []*int8
		In   struct{ Depth int32 }
	}{{ID: 1}})
	for name, c := range map[string]struct {
		dst  any
		want string // of the error
	}{
		"fewer columns": {dst: new([]struct{ ID int64 })},
		"another order": {dst: new([]struct {
			Tags []string
			ID   int64
		})},
		"another Go type of the same kind": {dst: new([]struct{ ID int })},
		"a new column that may lack": {dst: new([]struct {
			ID   int64
			Note *string
		})},
		"a new column in a group that may lack": {dst: new([]struct {
			In struct {
				Depth  int32
				Height *int
			}
		})},
		"null where it may not be":        {dst: new([]struct{ ID *int64 })},
		"null in a list":                  {dst: new([]struct{ Tags []*string })},
		"a group that may be null":        {dst: new([]struct{ In *struct{ Depth *int32 } })},
		"nothing that is there":           {new([]struct{ Note *string }), "the file has none of the columns that are asked for"},
		"a new column":                    {new([]struct{ Note string }), "the file has no column Note"},
		"a new column in a group":         {new([]struct{ In struct{ Height int } }), "the file has no column In.Height"},
		"a new column with a near name":   {new([]struct{ Itme string }), "the file has no column Itme (did you mean Item?)"},
		"a name in other case":            {new([]struct{ ITEM *string }), "the file has no column ITEM (did you mean Item?)"},
		"a column of another type":        {new([]struct{ ID string }), "column ID is stored as int64, which is not read into string: declare int64"},
		"a column that is null":           {new([]struct{ Item string }), "row 0: wrong type: column Item is null: declare *string"},
		"items that may be null":          {dst: new([]struct{ Gaps []int8 })},
		"a column of another width":       {dst: new([]struct{ In struct{ Depth int64 } })},
		"a column with several items":     {new([]struct{ Tags string }), "column Tags is stored as list<item: utf8>, which is not read into string: declare a slice"},
		"a group for a column":            {new([]struct{ In string }), "column In is stored as struct<Depth: int32>, which is not read into string: declare a struct"},
		"a time for a number":             {new([]struct{ ID time.Duration }), "column ID is stored as int64, which is not read into time.Duration: declare int64"},
		"a column of another type within": {new([]struct{ In struct{ Depth bool } }), "column In.Depth is stored as int32, which is not read into bool: declare int32"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := arrowcodec.Arrow().Decode(bytes.NewReader(data), c.dst)
			if c.want == "" && (err != nil || reflect.ValueOf(c.dst).Elem().Len() != 1) {
				t.Errorf("Decode gives %v and error %v", c.dst, err)
			}
			if c.want != "" && (!errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Decode gives %v, want %q", err, c.want)
			}
		})
	}
}

func TestANullThatTheSchemaDeniesIsAnError(t *testing.T) {
	t.Parallel()
	schema := arrow.NewSchema([]arrow.Field{{Name: "ID", Type: arrow.PrimitiveTypes.Int64}}, nil)
	b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	b.Field(0).AppendNull()
	var got []struct{ ID int64 }
	err := arrowcodec.Arrow().Decode(bytes.NewReader(written(t, b.NewRecordBatch())), &got)
	if !errors.Is(err, iomanagers.ErrType) || err.Error() != "row 0: wrong type: column ID is null: declare *int64" {
		t.Errorf("Decode gives %v and error %v", got, err)
	}
}

// measured is a stream of n rows, each with a text of size bytes.
func measured(n, size int) iter.Seq2[[]order, error] {
	text := strings.Repeat("x", size)
	return func(yield func([]order, error) bool) {
		batch := make([]order, 0, 1000)
		for i := range n {
			batch = append(batch, order{ID: int64(i), Item: text, Price: float64(i) / 4})
			if len(batch) == cap(batch) || i == n-1 {
				if !yield(batch, nil) {
					return
				}
				batch = batch[:0]
			}
		}
	}
}

// TestStreamsNeedLittleMemory streams far more bytes than it allows memory for.
func TestStreamsNeedLittleMemory(t *testing.T) { // not parallel: it measures
	for _, c := range []struct{ n, size int }{{1_000_000, 100}, {20_000, 8000}} {
		t.Run(fmt.Sprintf("%d rows of %d bytes", c.n, c.size), func(t *testing.T) {
			const limit = 48 << 20
			m := newFiles(t, t.TempDir())
			before, most := heap(), uint64(0)
			i := 0
			watched := func(yield func([]order, error) bool) {
				for batch, err := range measured(c.n, c.size) {
					if i++; i%20 == 0 {
						most = max(most, heap())
					}
					if !yield(batch, err) {
						return
					}
				}
			}
			if err := m.Store(t.Context(), iomanagers.Output{Asset: "all"}, iter.Seq2[[]order, error](watched)); err != nil {
				t.Fatal(err)
			}
			var loaded iter.Seq2[[]order, error]
			if err := m.Load(t.Context(), iomanagers.Input{Asset: "all"}, &loaded); err != nil {
				t.Fatal(err)
			}
			read := 0
			for batch, err := range loaded {
				if err != nil || batch[0].ID != int64(read) {
					t.Fatalf("row %d is %v, %v", read, batch[0].ID, err)
				}
				read += len(batch)
				if i++; i%20 == 0 {
					most = max(most, heap())
				}
			}
			if read != c.n {
				t.Errorf("%d rows, want %d", read, c.n)
			}
			if most > before+limit {
				t.Errorf("the heap grows by %d MB, want at most %d", (most-before)>>20, limit>>20)
			}
		})
	}
}

// heap returns the bytes that are really in use.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestBatchesAreCutByRowsAndBytes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, size int
		want    []int64
	}{
		{0, 0, nil},
		{65536, 0, []int64{65536}},
		{65537, 0, []int64{65536, 1}},
		{5, 3 << 20, []int64{2, 2, 1}},
		{2, 9 << 20, []int64{1, 1}},
	} {
		var rows []order
		for batch := range measured(c.n, c.size) {
			rows = append(rows, batch...)
		}
		var got []int64
		var records []arrow.RecordBatch
		if err := arrowcodec.Arrow().Decode(bytes.NewReader(encoded(t, rows)), &records); err != nil {
			t.Fatal(err)
		}
		for _, record := range records {
			got = append(got, record.NumRows())
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%d rows of %d bytes come in batches of (-want +got):\n%s", c.n, c.size, diff)
		}
	}
}
