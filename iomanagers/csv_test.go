package iomanagers_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/jszwec/csvutil"

	"github.com/fxrun/fxrun/iomanagers"
)

func decodeCSV[T any](text string, options ...iomanagers.CSVOption) ([]T, error) {
	var got []T
	err := iomanagers.CSV(options...).Decode(strings.NewReader(text), &got)
	return got, err
}

func encodeCSV[T any](rows []T, options ...iomanagers.CSVOption) (string, error) {
	var b bytes.Buffer
	err := iomanagers.CSV(options...).Encode(&b, rows)
	return b.String(), err
}

func checkFile[T any](t *testing.T, name string, want []T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCSV[T](string(text))
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestCSVReadsTheFilesOfOtherPrograms(t *testing.T) {
	t.Parallel()
	type loss struct {
		Period time.Time `csv:"period" layout:"2006-01-02"`
		Loss   *float64  `csv:"loss"`
	}
	checkFile(t, "csv_bom.csv", []loss{
		{time.Date(1980, 1, 3, 0, 0, 0, 0, time.UTC), new(1.5)},
		{Period: time.Date(1980, 1, 4, 0, 0, 0, 0, time.UTC)},
	})
	type pandas struct {
		ID int        `csv:"id"`
		S  *string    `csv:"s"`
		F  *float64   `csv:"f"`
		N  *int       `csv:"n"`
		At *time.Time `csv:"at" layout:"2006-01-02 15:04:05"`
		B  bool       `csv:"b"`
	}
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC)
	checkFile(t, "csv_pandas.csv", []pandas{
		{1, new("a"), new(1.5), new(1), &at, true},
		{ID: 2},
		{3, nil, new(2.5), new(2), &at, true},
	})
	type polars struct {
		ID  int        `csv:"id"`
		S   *string    `csv:"s"`
		F   *float32   `csv:"f"`
		At  *time.Time `csv:"at" layout:"2006-01-02T15:04:05"`
		D   time.Time  `csv:"d" layout:"2006-01-02"`
		Cat string     `csv:"cat"`
	}
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	got, err := os.ReadFile("testdata/csv_polars.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := decodeCSV[polars](string(got))
	if err != nil || len(rows) != 3 || rows[2].F == nil || !math.IsNaN(float64(*rows[2].F)) {
		t.Fatalf("the third row is %+v, %v", rows, err)
	}
	rows[2].F = nil
	old := time.Date(1899, 12, 31, 0, 0, 0, 1000, time.UTC)
	if diff := cmp.Diff([]polars{{1, new("a"), new(float32(1.5)), &at, day, "x"}, {2, nil, nil, nil, day, "y"}, {3, new(""), nil, &old, day, "x"}}, rows); diff != "" {
		t.Errorf("polars (-want +got):\n%s", diff)
	}
}

type pair struct {
	ID   int    `csv:"id"`
	Name string `csv:"name"`
}

func TestCSVReadsRightOrRefuses(t *testing.T) {
	t.Parallel()
	latin1, _ := os.ReadFile("testdata/csv_latin1.csv")
	twice, _ := os.ReadFile("testdata/csv_twice.csv")
	for _, c := range []struct{ name, text, want string }{
		{"an empty file", "", "[] there is no header line"},
		{"only a byte-order mark", "\ufeff", "[] there is no header line"},
		{"only a header", "id,name\n", "[] <nil>"},
		{"a header without a line end", "id,name", "[] <nil>"},
		{"no final line end", "id,name\n1,a", "[{1 a}] <nil>"},
		{"a carriage return at the end", "id,name\r\n1,a\r", "[{1 a}] <nil>"},
		{"a byte-order mark before a quote", "\ufeff\"id\",name\r\n1,a\r\n", "[{1 a}] <nil>"},
		{"columns of no interest, twice", "x,id,x,name,\n9,1,9,a,\n", "[{1 a}] <nil>"},
		{"a column twice", string(twice), `[] wrong type: the file has a column twice: "id"`},
		{"blank lines", "\nid,name\n\n1,a\r\n\r\n2,b\n\n", "[{1 a} {2 b}] <nil>"},
		{"line ends within a field", "id,name\r\n1,\"a\r\nb\n\"\"c\"\"\"\r\n", "[{1 a\r\nb\n\"c\"}] <nil>"},
		{"zero bytes", "id,name\n1,a\x00b\n", "[{1 a\x00b}] <nil>"},
		{"Latin-1", string(latin1), `[] row 0 (line 2): column "name": "Z\xfcrich": not supported: the text is not UTF-8: convert the file, as with iconv -f WINDOWS-1252 -t UTF-8, or load it as []byte and decode it`},
		{"Latin-1 in a column of no interest", "id,name,x\n1,a,\"\xfc\"\n", `[] row 0 (line 2): column "x": "\xfc": not supported: the text is not UTF-8: convert the file, as with iconv -f WINDOWS-1252 -t UTF-8, or load it as []byte and decode it`},
		{"UTF-16", "\xff\xfei\x00d\x00", "[] not supported: the file is in UTF-16: convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8"},
		{"UTF-16 without a mark", "i\x00d\x00,\x00n\x00\n\x00", "[] not supported: the file has a zero byte beside each character, as UTF-16 has: convert it to UTF-8, as with iconv -f UTF-16LE -t UTF-8"},
		{"gzip", "\x1f\x8b\x08\x00", "[] not supported: the file is compressed by gzip: decompress it, or use a codec that does, such as the one in the examples of the package"},
		{"carriage returns alone", "id,name\r1,a\r", "[] header, field 1: there is a carriage return without a line feed, which is neither a line end nor text outside of quotes: convert the line ends of the file"},
		{"fewer fields", "id,name\n1,a\n2\n", "[{1 a}] row 1 (line 3): there are 1 fields, and 2 columns in the header"},
		{"more fields", "id,name\n1,\"a\n\"\n2,b,c\n", "[{1 a\n}] row 1 (line 4): there are 3 fields, and 2 columns in the header"},
		{"a quote within a field", "id,name\n1,a\"b\n", `[] row 0 (line 2): column "name": there is a quote in a field that does not begin with one: such a field must be in quotes, and the quote doubled`},
		{"text after a quote", "id,name\n1,\"a\"b\n", `[] row 0 (line 2): column "name": something follows the closing quote of a field: a quote within a field must be doubled`},
		{"no closing quote", "id,name\n1,a\n2,\"b\n3,c\n", `[{1 a}] row 1 (line 3): column "name": the closing quote of a field is missing`},
		{"a fraction of zeros", "id,name\n12.0,a\n", "[{12 a}] <nil>"},
		{"a fraction", "id,name\n12.5,a\n", `[] row 0 (line 2): column "id": wrong type: "12.5" is no int`},
		{"a number with spaces", "id,name\n 12,a\n", `[] row 0 (line 2): column "id": wrong type: " 12" is no int`},
		{"a blank number", "id,name\n,a\n", `[] row 0 (line 2): column "id": wrong type: the field is empty, and that is no int; a pointer takes an empty field as nil`},
		{"a number out of range", "id,name\n9223372036854775808,a\n", `[] row 0 (line 2): column "id": wrong type: "9223372036854775808" is no int`},
		{"missing columns", "ID, name\n1,a\n", `[] wrong type: the file has no column id, name, only "ID", " name"; if id is meant to be "ID", use the tag csv:"ID"; if name is meant to be " name", use the tag csv:" name"`},
		{"another separator", "id;name\n1;a\n", `[] wrong type: the file has no column id, name, only "id;name"; if ';' separates the fields, use iomanagers.CSVComma(';')`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := decodeStream[pair](iomanagers.CSV().(iomanagers.RowCodec), strings.NewReader(c.text))
			line := fmt.Sprint(got, " ", err)
			if line != c.want {
				t.Errorf("%q gives\n%s, want\n%s", c.text, line, c.want)
			}
			slow, err := decodeStream[pair](iomanagers.CSV().(iomanagers.RowCodec), iotest.OneByteReader(strings.NewReader(c.text)))
			if again := fmt.Sprint(slow, " ", err); !strings.HasPrefix(c.want, "[] header") && !strings.Contains(c.want, "UTF-16") && again != c.want {
				t.Errorf("%q byte by byte gives\n%s, want\n%s", c.text, again, c.want)
			}
		})
	}
}

func TestCSVOfOneColumn(t *testing.T) {
	t.Parallel()
	type one struct{ A *string }
	if got, err := decodeCSV[one]("A\n\"\"\nx\n"); err != nil || len(got) != 2 || *got[0].A != "" {
		t.Errorf("a quoted empty field gives %v, %v", got, err)
	}
	if _, err := decodeCSV[one]("A\nx\n\ny\n"); !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), "row 1 (line 3)") {
		t.Errorf("a blank line gives %v", err)
	}
	if _, err := encodeCSV([]one{{}}); !errors.Is(err, iomanagers.ErrUnsupported) {
		t.Errorf("nil as the only column gives %v", err)
	}
}

type (
	csvInner struct {
		City string
		Zip  *int
	}
)

func TestCSVValuesComeBack(t *testing.T) {
	t.Parallel()
	type wide struct {
		I8   int8
		U    uint64 `csv:"u,omitempty"`
		F    float64
		F32  float32 `csv:",omitempty"`
		B    bool
		S    string
		PS   *string
		Raw  []byte
		PRaw *[]byte
		At   time.Time
		Day  *time.Time `layout:"02.01.2006"`
		When time.Time  `layout:"2006-01-02 15:04:05.999999999Z07:00" csv:"when,omitempty"`
		IP   net.IP
		PIP  *net.IP
		PP   **int
		Home csvInner  `csv:"home_,inline"`
		Work *csvInner `csv:"work_,inline"`
		Left int       `csv:"-"`
	}
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	p := new(7)
	rows := []wide{
		{},
		{I8: -128, U: math.MaxUint64, F: math.SmallestNonzeroFloat64, F32: -0.1, B: true, S: " a,\"\r\n\r", PS: new(""), Raw: []byte{}, PRaw: &[]byte{1}, At: day.Add(1), Day: &day, When: day.Add(123), PP: &p, Home: csvInner{"x", p}, Work: &csvInner{}},
		{F: math.Copysign(0, -1), F32: float32(math.Copysign(0, -1)), PS: new(`\.`), IP: net.IPv4(1, 2, 3, 4), Work: &csvInner{"y", nil}, S: "\ufeff"},
		{F: math.Inf(-1), PIP: &net.IP{}, S: "\u00a0"},
	}
	text, err := encodeCSV(rows)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCSV[wide](text)
	if err != nil {
		t.Fatal(err)
	}
	equal := cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
	equal32 := cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })
	same := cmp.Comparer(func(a, b net.IP) bool { return a.String() == b.String() })
	if diff := cmp.Diff(rows, got, equal, equal32, same); diff != "" {
		t.Errorf("rows from %s (-want +got):\n%s", text, diff)
	}
	var behind []*wide
	if err := iomanagers.CSV().Decode(strings.NewReader(text), &behind); err != nil || len(behind) != len(rows) || behind[1].S != rows[1].S {
		t.Errorf("rows behind pointers: %v, %v", behind, err)
	}
}

func TestCSVRefusesTypesAndValues(t *testing.T) {
	t.Parallel()
	type clash struct {
		A int `csv:"x"`
		B int `csv:"x"`
	}
	type lost struct {
		ID int
		time.Time
	}
	type noLayout struct {
		At time.Time `layout:"YYYY-MM-DD"`
	}
	type zoneName struct {
		At time.Time `layout:"2006-01-02 MST"`
	}
	type notTime struct {
		At string `layout:"2006-01-02"`
	}
	for want, slice := range map[string]any{
		"clash.A and iomanagers_test.clash.B are both the column \"x\"": []clash{},
		"its text would be lost":                    []lost{},
		"has no part of a time":                     []noLayout{},
		"with the name of a zone":                   []zoneName{},
		"which is for a time.Time, not for a strin": []notTime{},
	} {
		if err := iomanagers.CSV().(iomanagers.TypeChecker).CheckType(reflect.TypeOf(slice)); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), want) {
			t.Errorf("%T gives %v, want %q", slice, err, want)
		}
	}
	type day struct {
		At time.Time `layout:"2006-01-02"`
	}
	if _, err := encodeCSV([]day{{time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)}}); !errors.Is(err, iomanagers.ErrUnsupported) {
		t.Errorf("a time cut by its layout gives %v", err)
	}
	berlin := time.FixedZone("", 3600)
	if text, err := encodeCSV([]day{{time.Date(2024, 2, 29, 1, 0, 0, 0, berlin)}}); err != nil || text != "At\n2024-02-29\n" {
		t.Errorf("a time of another zone gives %q, %v", text, err)
	}
	type plain struct{ At time.Time }
	if _, err := encodeCSV([]plain{{time.Date(1880, 1, 1, 0, 0, 0, 0, time.FixedZone("", 1172))}}); !errors.Is(err, iomanagers.ErrUnsupported) {
		t.Errorf("a zone with seconds gives %v", err)
	}
	type nilInner struct {
		ID   int
		Work *struct{ Zip *int } `csv:",inline"`
	}
	if _, err := encodeCSV([]nilInner{{Work: &struct{ Zip *int }{}}}); !errors.Is(err, iomanagers.ErrUnsupported) {
		t.Errorf("a struct that would become nil gives %v", err)
	}
	if err := iomanagers.CSV(iomanagers.CSVComma('1')).(iomanagers.TypeChecker).CheckType(reflect.TypeFor[[]pair]()); !errors.Is(err, iomanagers.ErrType) {
		t.Errorf("the separator 1 gives %v", err)
	}
}

func TestCSVWithAnotherSeparatorAndName(t *testing.T) {
	t.Parallel()
	tabs := iomanagers.CSV(iomanagers.CSVComma('\t'), iomanagers.CSVName("tsv"))
	var b bytes.Buffer
	if err := tabs.Encode(&b, []pair{{1, "a,b\tc"}}); err != nil || b.String() != "id\tname\n1\t\"a,b\tc\"\n" || tabs.Extension() != ".tsv" {
		t.Errorf("%q, %v", b.String(), err)
	}
	var got []pair
	if err := tabs.Decode(&b, &got); err != nil || len(got) != 1 || got[0].Name != "a,b\tc" {
		t.Errorf("%v, %v", got, err)
	}
}

// TestCSVInBlocks reads and writes far more than a block, in several goroutines.
func TestCSVInBlocks(t *testing.T) {
	t.Parallel()
	rows := make([]pair, 50_000)
	for i := range rows {
		rows[i] = pair{i, strings.Repeat("\"\r\n,x", i%30)}
	}
	rows[30_000].Name = strings.Repeat("\n\"", 1<<20)
	text, err := encodeCSV(rows)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeCSV[pair](text)
	if err != nil || !reflect.DeepEqual(got, rows) {
		t.Fatalf("%d rows come back, %v", len(got), err)
	}
	stopped, err := decodeStream[pair](iomanagers.CSV().(iomanagers.RowCodec), io.MultiReader(strings.NewReader(text[:len(text)/2]), iotest.ErrReader(errTorn)))
	if !errors.Is(err, errTorn) || len(stopped) == 0 || !reflect.DeepEqual(stopped, rows[:len(stopped)]) {
		t.Errorf("%d rows before the error %v", len(stopped), err)
	}
	cut := strings.Count(text[:strings.Index(text, "\n40000,")], "\n") + 2
	broken := strings.Replace(text, "\n40000,", "\nx,", 1)
	before, err := decodeStream[pair](iomanagers.CSV().(iomanagers.RowCodec), strings.NewReader(broken))
	if want := fmt.Sprintf(`row 40000 (line %d): column "id": wrong type: "x" is no int`, cut); err == nil || err.Error() != want || len(before) != 40_000 {
		t.Errorf("%d rows before %v, want %s", len(before), err, want)
	}
}

// FuzzCSVReader compares with encoding/csv where both read a text.
func FuzzCSVReader(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n", "a,b\r\n\"1\",\"2\"\"\"\r\n", "a,b\n\n1,2", "a,b\n1,\"\n\"", "a,b\n1,2\r", "\ufeffa,b\n1,2\n"} {
		f.Add(text)
	}
	type ab struct {
		A string `csv:"a"`
		B string `csv:"b"`
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := decodeCSV[ab](text)
		if err != nil {
			return
		}
		records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
		if err != nil || !utf8.ValidString(text) {
			t.Fatalf("%q gives %v, and for encoding/csv the error %v", text, got, err)
		}
		a, b := -1, -1
		for i, name := range records[0] {
			switch name {
			case "a":
				a = i
			case "b":
				b = i
			}
		}
		var want []ab
		for _, record := range records[1:] {
			want = append(want, ab{record[a], record[b]})
		}
		for i := range got {
			got[i].A, got[i].B = strings.ReplaceAll(got[i].A, "\r\n", "\n"), strings.ReplaceAll(got[i].B, "\r\n", "\n")
		}
		if diff := cmp.Diff(fmt.Sprintf("%q", want), fmt.Sprintf("%q", got)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	})
}

// TestCSVColumnsAreThoseOfCsvutil holds the tags to what they mean in csvutil.
func TestCSVColumnsAreThoseOfCsvutil(t *testing.T) {
	t.Parallel()
	type base struct {
		ID   int
		Name string `csv:"name"`
	}
	type Inner struct {
		X int `csv:",omitempty"`
		base
	}
	type row struct {
		base
		ID    string
		In    Inner  `csv:"in_,inline"`
		Ptr   *Inner `csv:"ptr_,inline"`
		Skip  int    `csv:"-"`
		Comma int    `csv:","`
		priv  int
		Other Inner `csv:"-,"`
	}
	_ = row{priv: 1}
	want, err := csvutil.Marshal([]row{{ID: "a", Ptr: &Inner{X: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := encodeCSV([]row{{ID: "a", Ptr: &Inner{X: 1}}})
	if header := strings.SplitAfter(got, "\n")[0]; err != nil || !strings.HasPrefix(string(want), header) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

func TestCSVRefusesATimeThatHasNoText(t *testing.T) {
	t.Parallel()
	rows := []struct{ At time.Time }{{time.Unix(0, 0)}, {time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}}
	err := iomanagers.CSV().Encode(io.Discard, rows)
	if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), "row 1") || !strings.Contains(err.Error(), "a year of four digits") {
		t.Errorf("got the error %v", err)
	}
}
