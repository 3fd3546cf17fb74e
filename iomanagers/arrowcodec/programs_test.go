package arrowcodec_test

import (
	"bytes"
	"errors"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
)

// The files of other programs in testdata are made by testdata/files.py.

var (
	moment = time.Date(2026, 3, 29, 0, 59, 59, 123456000, time.UTC)
	leap   = time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	clock  = 23*time.Hour + 59*time.Minute + 59*time.Second + 5*time.Microsecond
	took   = -90 * time.Second
	long   = "grüße, a text of more than twelve bytes"
)

// kinds has a column of each type that is read.
type kinds struct {
	I8   int8    `arrow:"int8"`
	I16  int16   `arrow:"int16"`
	I32  int32   `arrow:"int32"`
	I64  int64   `arrow:"int64"`
	U8   uint8   `arrow:"uint8"`
	U16  uint16  `arrow:"uint16"`
	U32  uint32  `arrow:"uint32"`
	U64  uint64  `arrow:"uint64"`
	F16  float32 `arrow:"halffloat"`
	F32  float32 `arrow:"float"`
	F64  float64 `arrow:"double"`
	Bool bool    `arrow:"bool"`

	Text      string  `arrow:"string"`
	LargeText string  `arrow:"large_string"`
	TextView  string  `arrow:"string_view"`
	Blob      []byte  `arrow:"binary"`
	LargeBlob []byte  `arrow:"large_binary"`
	BlobView  []byte  `arrow:"binary_view"`
	FixedBlob [3]byte `arrow:"fixed_size_binary[3]"`

	S      time.Time     `arrow:"timestamp_s"`
	MS     time.Time     `arrow:"timestamp_ms"`
	US     time.Time     `arrow:"timestamp_us"`
	NS     time.Time     `arrow:"timestamp_ns"`
	ZS     time.Time     `arrow:"zoned_s"`
	ZMS    time.Time     `arrow:"zoned_ms"`
	ZUS    time.Time     `arrow:"zoned_us"`
	ZNS    time.Time     `arrow:"zoned_ns"`
	Took0  time.Duration `arrow:"duration_s"`
	Took3  time.Duration `arrow:"duration_ms"`
	Took6  time.Duration `arrow:"duration_us"`
	Took9  time.Duration `arrow:"duration_ns"`
	Day    time.Time     `arrow:"date32"`
	Day64  time.Time     `arrow:"date64"`
	Clock  time.Duration `arrow:"time32_s"`
	Clock3 time.Duration `arrow:"time32_ms"`
	Clock6 time.Duration `arrow:"time64_us"`
	Clock9 time.Duration `arrow:"time64_ns"`

	Cost32  string `arrow:"decimal32"`
	Cost64  string `arrow:"decimal64"`
	Cost128 string `arrow:"decimal128"`
	Cost256 string `arrow:"decimal256"`

	List   []int16 `arrow:"list"`
	Large  []int16 `arrow:"large_list"`
	Fixed  []int16 `arrow:"fixed_size_list"`
	Struct struct {
		X int    `arrow:"x"`
		Y string `arrow:"y"`
	} `arrow:"struct"`
	Map    map[string]int64 `arrow:"map"`
	Colour string           `arrow:"dictionary"`
	Seven  int              `arrow:"dictionary_of_int"`
}

func everyValue() kinds {
	blob := []byte("\xff\x00a")
	k := kinds{I8: 100, I16: 100, I32: 100, I64: 100, U8: 100, U16: 100, U32: 100, U64: 100, F16: 0.5, F32: 0.5, F64: 0.5, Bool: true}
	k.Text, k.LargeText, k.TextView = long, long, long
	k.Blob, k.LargeBlob, k.BlobView, k.FixedBlob = blob, blob, blob, [3]byte(blob)
	k.S, k.MS, k.US, k.NS = moment.Truncate(time.Second), moment.Truncate(time.Millisecond), moment, moment
	k.ZS, k.ZMS, k.ZUS, k.ZNS = k.S, k.MS, k.US, k.NS
	k.Took0, k.Took3, k.Took6, k.Took9 = took, took, took, took
	k.Day, k.Day64 = leap, leap
	k.Clock, k.Clock3, k.Clock6, k.Clock9 = clock.Truncate(time.Second), clock.Truncate(time.Second), clock, clock
	k.Cost32, k.Cost64, k.Cost128, k.Cost256 = "-12.50", "-12.50", "-12.50", "-12.50"
	k.List, k.Large, k.Fixed = []int16{1, 2}, []int16{1, 2}, []int16{1, 2}
	k.Struct.X, k.Struct.Y = 1, "z"
	k.Map, k.Colour, k.Seven = map[string]int64{"a": 1, "b": 2}, "red", 7
	return k
}

// pythonFiles returns the folder with the files: testdata, or a new one if FXRUN_PYTHON names a
// Python with pyarrow, pandas and polars.
func pythonFiles(t *testing.T) map[string]string {
	t.Helper()
	folders := map[string]string{"stored": "testdata"}
	if python := os.Getenv("FXRUN_PYTHON"); python != "" {
		folders["new"] = t.TempDir()
		run(t, python, "make", folders["new"])
	}
	return folders
}

func run(t *testing.T, python string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), python, append([]string{filepath.Join("testdata", "files.py")}, args...)...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, output)
	}
}

func decodeFile(t *testing.T, path string, dst any) error {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return arrowcodec.Arrow().Decode(bytes.NewReader(data), dst)
}

func TestEveryTypeOfOtherProgramsIsRead(t *testing.T) {
	t.Parallel()
	for which, folder := range pythonFiles(t) {
		for _, name := range []string{"pyarrow_first.arrow", "pyarrow_lz4.arrow", "pyarrow_zstd.arrow"} {
			t.Run(which+" "+name, func(t *testing.T) {
				t.Parallel()
				var got []kinds
				if err := decodeFile(t, filepath.Join(folder, name), &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff([]kinds{everyValue()}, got); diff != "" {
					t.Errorf("loaded (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestNullsAreNilOrRefused reads each column alone, from a file in which the second row is null.
func TestNullsAreNilOrRefused(t *testing.T) {
	t.Parallel()
	want := reflect.ValueOf(everyValue())
	path := filepath.Join("testdata", "pyarrow.arrow")
	for i := range want.NumField() {
		f := want.Type().Field(i)
		f.Index, f.Offset = nil, 0
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			got := reflect.New(reflect.SliceOf(reflect.StructOf([]reflect.StructField{f})))
			err := decodeFile(t, path, got.Interface())
			wantErr := "row 1: wrong type: column " + f.Tag.Get("arrow") + " is null: declare *" + f.Type.String()
			if !errors.Is(err, iomanagers.ErrType) || err.Error() != wantErr {
				t.Errorf("Decode gives %v, want %q", err, wantErr)
			}

			f := f
			f.Type = reflect.PointerTo(f.Type)
			got = reflect.New(reflect.SliceOf(reflect.StructOf([]reflect.StructField{f})))
			if err := decodeFile(t, path, got.Interface()); err != nil {
				t.Fatal(err)
			}
			rows := got.Elem()
			if diff := cmp.Diff(want.Field(i).Interface(), rows.Index(0).Field(0).Elem().Interface()); diff != "" {
				t.Errorf("row 0 (-want +got):\n%s", diff)
			}
			if rows.Len() != 2 || !rows.Index(1).Field(0).IsNil() {
				t.Errorf("the rows are %v, want nil in the second", rows)
			}
		})
	}
}

type xy struct {
	X int     `arrow:"x"`
	Y float64 `arrow:"y"`
}

func TestFilesOfPandasAreRead(t *testing.T) {
	t.Parallel()
	type row struct {
		Index  int           `arrow:"index"`
		ID     int           `arrow:"id"`
		Price  float64       `arrow:"price"`
		Item   string        `arrow:"item"`
		Paid   bool          `arrow:"paid"`
		Colour string        `arrow:"colour"`
		At     time.Time     `arrow:"at"`
		Zoned  time.Time     `arrow:"zoned"`
		Took   time.Duration `arrow:"took"`
		Count  *int          `arrow:"count"`
		Gap    *int          `arrow:"gap"` // pandas makes floats of integers with a gap
		Day    time.Time     `arrow:"day"`
		Clock  time.Duration `arrow:"clock"`
		Tags   []string      `arrow:"tags"`
		Point  xy            `arrow:"point"`
		Cost   big.Rat       `arrow:"cost"`
		Raw    []byte        `arrow:"raw"`
		None   *string       `arrow:"none"`
		Note   *string       `arrow:"note"`
	}
	three, four, note := 3, 4, "x"
	want := []row{
		{10, 1, 1.5, "tea", true, "red", moment, moment, took, &three, &four, leap, clock, []string{"a", "b"}, xy{1, 2}, *big.NewRat(-25, 2), []byte{0xff}, nil, &note},
		{20, 2, 2.5, "grüße", false, "blue", moment, moment, took, nil, nil, leap, clock, nil, xy{3, 4}, *big.NewRat(-25, 2), nil, nil, nil},
	}
	for which, folder := range pythonFiles(t) {
		var got []row
		if err := decodeFile(t, filepath.Join(folder, "pandas.arrow"), &got); err != nil {
			t.Fatalf("%s: %v", which, err)
		}
		if diff := cmp.Diff(want, got, equal(), cmp.Comparer(func(a, b big.Rat) bool { return a.Cmp(&b) == 0 })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", which, diff)
		}
	}
}

func TestFilesOfPolarsAreRead(t *testing.T) {
	t.Parallel()
	type row struct {
		ID     int           `arrow:"id"`
		Small  int64         `arrow:"small"`
		Price  float32       `arrow:"price"`
		Item   string        `arrow:"item"`
		Paid   bool          `arrow:"paid"`
		Colour string        `arrow:"colour"`
		Size   string        `arrow:"size"`
		At     time.Time     `arrow:"at"`
		Zoned  time.Time     `arrow:"zoned"`
		Took   time.Duration `arrow:"took"`
		Day    time.Time     `arrow:"day"`
		Clock  time.Duration `arrow:"clock"`
		Tags   []string      `arrow:"tags"`
		Pair   []int         `arrow:"pair"`
		Point  xy            `arrow:"point"`
		Cost   string        `arrow:"cost"`
		Raw    []byte        `arrow:"raw"`
		None   *string       `arrow:"none"`
		Note   *string       `arrow:"note"`
	}
	note := "x"
	want := []row{
		{1, 1, 1.5, "tea", true, "red", "red", moment, moment, took, leap, clock, []string{"a", "b"}, []int{1, 2}, xy{1, 2}, "-12.50", []byte{0xff}, nil, &note},
		{2, 2, 2.5, "grüße", false, "blue", "blue", moment, moment, took, leap, clock, nil, []int{3, 4}, xy{3, 4}, "-12.50", nil, nil, nil},
	}
	for which, folder := range pythonFiles(t) {
		var got []row
		if err := decodeFile(t, filepath.Join(folder, "polars.arrow"), &got); err != nil {
			t.Fatalf("%s: %v", which, err)
		}
		if diff := cmp.Diff(want, got, equal()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", which, diff)
		}
	}
}

func TestOtherProgramsReadWhatIsWritten(t *testing.T) {
	t.Parallel()
	python := os.Getenv("FXRUN_PYTHON")
	if python == "" {
		t.Skip("FXRUN_PYTHON names no Python with pyarrow, pandas and polars")
	}
	type point struct{ X, Y float64 }
	type row struct {
		ID    int
		Item  string
		Price float64
		Paid  bool
		At    time.Time
		Took  time.Duration
		Raw   []byte
		Tags  []string
		Point point
		By    map[string]int
		Note  *string
		Small int8
	}
	note := "x"
	rows := []row{
		{1, "tea", 1.5, true, moment, took, []byte{0xff}, []string{"a", "b"}, point{1, 2}, map[string]int{"b": 2, "a": 1}, &note, -1},
		{2, "grüße", 2.5, false, moment, took, nil, nil, point{3, 4}, nil, nil, 1},
	}
	path := filepath.Join(t.TempDir(), "rows.arrow")
	if err := os.WriteFile(path, encoded(t, rows), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, python, "check", path)
}

func TestTypesThatAreNotReadAreRefused(t *testing.T) {
	t.Parallel()
	for name, dst := range map[string]any{
		"run_end": new([]struct {
			V string `arrow:"run_end"`
		}),
		"list_view": new([]struct {
			V []int `arrow:"list_view"`
		}),
		"union": new([]struct {
			V int `arrow:"union"`
		}),
		"interval": new([]struct {
			V time.Duration `arrow:"interval"`
		}),
	} {
		err := decodeFile(t, filepath.Join("testdata", "unread.arrow"), dst)
		if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "column "+name+" is stored as") || !strings.Contains(err.Error(), "load record batches") {
			t.Errorf("%s: Decode gives %v", name, err)
		}
	}
}

// TestTypesThatDoNotFitAreRefused reads each column as each type that it is not.
func TestTypesThatDoNotFitAreRefused(t *testing.T) {
	t.Parallel()
	plain := map[string]reflect.Type{}
	for _, t := range []reflect.Type{
		reflect.TypeFor[bool](), reflect.TypeFor[int](), reflect.TypeFor[float64](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](),
		reflect.TypeFor[time.Time](), reflect.TypeFor[time.Duration](), reflect.TypeFor[[]int16](), reflect.TypeFor[map[string]int64](), reflect.TypeFor[xy](),
	} {
		plain[t.String()] = t
	}
	want := reflect.ValueOf(everyValue())
	for i := range want.NumField() {
		f := want.Type().Field(i)
		f.Index, f.Offset = nil, 0
		for name, other := range plain {
			isNumber := func(t reflect.Type) bool {
				return t != reflect.TypeFor[time.Duration]() && (reflect.Zero(t).CanInt() || reflect.Zero(t).CanUint() || reflect.Zero(t).CanFloat())
			}
			asked := f
			asked.Type = other
			got := reflect.New(reflect.SliceOf(reflect.StructOf([]reflect.StructField{asked})))
			err := decodeFile(t, filepath.Join("testdata", "pyarrow_first.arrow"), got.Interface())
			fits := f.Type == other || isNumber(f.Type) && isNumber(other) || f.Type.Kind() == reflect.Array && name == "[]uint8" || f.Type.Kind() == reflect.Struct && other.Kind() == reflect.Struct && f.Type.NumField() == 2
			if fits {
				continue // another test looks at the value
			}
			if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "which is not read into "+name+": declare ") {
				t.Errorf("%s as %s: Decode gives %v", f.Name, name, err)
			}
		}
	}
}

func TestOldFilesAreRefused(t *testing.T) {
	t.Parallel()
	var rows []struct{ ID int }
	if err := decodeFile(t, filepath.Join("testdata", "old_lz4.arrow"), &rows); err == nil || !strings.Contains(err.Error(), "compressed as Arrow 0.17 did") {
		t.Errorf("old compression gives %v and %v", rows, err)
	}
	if err := arrowcodec.Arrow().Decode(strings.NewReader("FEA1\x00\x00\x00\x00\x00\x00\x00\x00FEA1"), &rows); err == nil || !strings.Contains(err.Error(), "Feather V1") {
		t.Errorf("Feather V1 gives %v", err)
	}
}

func TestATextThatATypeDoesNotTakeIsRefused(t *testing.T) {
	t.Parallel()
	data := encoded(t, []struct{ Addr string }{{"10.0.0.1"}, {"ten"}})
	var got []struct{ Addr netip.Addr }
	err := arrowcodec.Arrow().Decode(bytes.NewReader(data), &got)
	if !errors.Is(err, iomanagers.ErrType) || !strings.HasPrefix(err.Error(), `row 1: wrong type: column Addr is "ten", which netip.Addr does not take: ParseAddr`) {
		t.Errorf("Decode gives %v", err)
	}
}
