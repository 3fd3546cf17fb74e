package iomanagers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/internal/child"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

type measurement struct {
	ID    int64
	Place string
	Value float64
}

func measurements(n int) iter.Seq2[[]measurement, error] {
	return func(yield func([]measurement, error) bool) {
		batch := make([]measurement, 0, 1000)
		for i := range n {
			batch = append(batch, measurement{int64(i), fmt.Sprint("place ", i%100), float64(i) / 2})
			if len(batch) == cap(batch) || i == n-1 {
				if !yield(batch, nil) {
					return
				}
				batch = batch[:0]
			}
		}
	}
}

// TestStreamsNeedLittleMemory streams far more rows than it allows memory for.
func TestStreamsNeedLittleMemory(t *testing.T) { // not parallel: it measures
	const n, limit = 200_000, 4 << 20 // as a slice they take 8 MB, and their texts as much
	for _, format := range []string{"csv", "jsonl", "json", "gob"} {
		t.Run(format, func(t *testing.T) {
			m := newFiles(t, t.TempDir())
			before := heap()
			most := uint64(0)
			store(t, m, iomanagers.Output{Asset: "all", Format: format}, watched(measurements(n), &most))
			var loaded iter.Seq2[measurement, error]
			if err := m.Load(t.Context(), iomanagers.Input{Asset: "all", Format: format}, &loaded); err != nil {
				t.Fatal(err)
			}
			read := 0
			for row, err := range loaded {
				if err != nil || row.ID != int64(read) {
					t.Fatalf("row %d is %+v, %v", read, row, err)
				}
				if read++; read%50_000 == 0 {
					most = max(most, heap())
				}
			}
			if read != n {
				t.Errorf("%d rows, want %d", read, n)
			}
			t.Logf("the heap grows by %d kB", (int64(most)-int64(before))>>10)
			if most > before+limit {
				t.Errorf("the heap grows by %d MB, want at most %d", (most-before)>>20, limit>>20)
			}
		})
	}
}

// watched notes the most memory in use while batches are asked for.
func watched[T any](batches iter.Seq2[[]T, error], most *uint64) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		i := 0
		for batch, err := range batches {
			if i++; i%50 == 0 {
				*most = max(*most, heap())
			}
			if !yield(batch, err) {
				return
			}
		}
	}
}

// heap returns the bytes that are really in use.
func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// sliceOnly is a codec without streams.
type sliceOnly struct{ iomanagers.Codec }

func (sliceOnly) Name() string      { return "slices" }
func (sliceOnly) Extension() string { return ".slices" }

func TestACodecWithoutStreamsSaysSo(t *testing.T) {
	t.Parallel()
	m := newFiles(t, t.TempDir(), sliceOnly{iomanagers.JSON()})
	want := "storing orders: checking for slices: not supported: it has no streams, only slices: []iomanagers_test.order, not func(func(iomanagers_test.order, error) bool)"
	err := m.Store(t.Context(), iomanagers.Output{Asset: "orders"}, rows.From([]order{{1, "tea"}}))
	if !errors.Is(err, iomanagers.ErrUnsupported) || err.Error() != want {
		t.Errorf("Store gives\n%v, want\n%s", err, want)
	}
	store(t, m, iomanagers.Output{Asset: "orders"}, []order{{1, "tea"}})
	var loaded iter.Seq2[order, error]
	if err := m.Load(t.Context(), iomanagers.Input{Asset: "orders", Stored: reflect.TypeFor[[]order]()}, &loaded); !errors.Is(err, iomanagers.ErrUnsupported) {
		t.Errorf("Load gives %v", err)
	}
}

func TestChunksAreNotCountedAsRows(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]iomanagers.IOManager{"files": newFiles(t, t.TempDir()), "memory": iomanagers.NewMemory()} {
		facts := map[string]any{}
		store(t, m, iomanagers.Output{Asset: "export", Metadata: facts}, rows.From([][]byte{[]byte("a"), []byte("b")}))
		if _, found := facts["rows"]; found {
			t.Errorf("%s: metadata %v", name, facts)
		}
	}
}

func TestTheStoredTypeChoosesTheCodec(t *testing.T) {
	t.Parallel()
	m := newFiles(t, t.TempDir(), iomanagers.JSON(), iomanagers.Raw(".html"))
	store(t, m, iomanagers.Output{Asset: "page"}, "<p>")
	store(t, m, iomanagers.Output{Asset: "orders"}, []order{{1, "tea"}})
	load := func(asset string, stored reflect.Type, dst any) {
		t.Helper()
		if err := m.Load(t.Context(), iomanagers.Input{Asset: asset, Stored: stored}, dst); err != nil {
			t.Error(err)
		}
	}
	var pieces, page iter.Seq2[[]byte, error]
	var whole []byte
	load("orders", reflect.TypeFor[[]order](), &pieces)
	load("orders", reflect.TypeFor[[]order](), &whole)
	load("page", reflect.TypeFor[string](), &page)
	want := `[{"ID":1,"Item":"tea"}]` + "\n"
	if got, err := rows.Collect(pieces); err != nil || string(bytes.Join(got, nil)) != want || string(whole) != want {
		t.Errorf("the stored bytes are %q and %q, %v, want %q", got, whole, err, want)
	}
	if got, err := rows.Collect(page); err != nil || string(bytes.Join(got, nil)) != "<p>" {
		t.Errorf("the page is %q, %v", got, err)
	}
}

func TestAStreamThatDoesNotFitIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	m := newFiles(t, root, everyCodec()...)
	for format, damage := range map[string]string{"csv": "", "json": `{"ID":1}`, "gob": "x"} {
		store(t, m, iomanagers.Output{Asset: "orders", Format: format}, rows.From([]order{{1, "tea"}}))
		var other iter.Seq2[struct{ ID map[string]int }, error]
		var keys iter.Seq2[struct{ Key int }, error]
		if err := m.Load(t.Context(), iomanagers.Input{Asset: "orders", Format: format}, &keys); format == "csv" {
			if !errors.Is(err, iomanagers.ErrType) || keys != nil {
				t.Errorf("%s: a column that isn't there gives %v", format, err)
			}
		}
		err := m.Load(t.Context(), iomanagers.Input{Asset: "orders", Format: format}, &other)
		if err == nil {
			_, err = rows.Collect(other) // only the rows tell
		}
		if !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("%s: a column of another type gives %v", format, err)
		}
		name := filepath.Join(root, "orders."+format)
		if err := os.WriteFile(name, []byte(damage), 0o600); err != nil {
			t.Fatal(err)
		}
		var loaded iter.Seq2[order, error]
		if err := m.Load(t.Context(), iomanagers.Input{Asset: "orders", Format: format}, &loaded); err == nil || !strings.Contains(err.Error(), name) || loaded != nil {
			t.Errorf("%s: a damaged file gives %v", format, err)
		}
	}
}

// TestAFileCutShortIsAnError cuts files everywhere: no stream may end as if all was there.
func TestAFileCutShortIsAnError(t *testing.T) {
	t.Parallel()
	all := []order{{1, "tea"}, {2, "milk"}, {3, "bread"}}
	for _, codec := range everyCodec() {
		format := codec.Name()
		if format == "csv" || format == "jsonl" || format == "text" || format == "raw" {
			continue // whose end looks like any line's
		}
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := codec.Encode(&b, all); err != nil {
				t.Fatal(err)
			}
			for n := range len(bytes.TrimRight(b.Bytes(), "\n")) {
				var whole []order
				if err := codec.Decode(bytes.NewReader(b.Bytes()[:n]), &whole); err == nil {
					t.Fatalf("the first %d of %d bytes decode to %v", n, b.Len(), whole)
				}
				if got, err := decodeStream[order](codec.(iomanagers.RowCodec), bytes.NewReader(b.Bytes()[:n])); err == nil {
					t.Fatalf("the first %d of %d bytes stream as %v", n, b.Len(), got)
				}
			}
		})
	}
}

func decodeStream[T any](codec iomanagers.RowCodec, r io.Reader) ([]T, error) {
	var stream iter.Seq2[T, error]
	err := rows.Fill(context.Background(), &stream, func(context.Context) (rows.Source, error) {
		return codec.NewRowDecoder(r, reflect.TypeFor[[]T]())
	})
	if err != nil {
		return nil, err
	}
	return rows.Collect(stream)
}

// TestStreamsAreTheSameBytes holds codecs to one format for slices and streams.
func TestStreamsAreTheSameBytes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 3000} {
		all := make([]order, n)
		for i := range all {
			all[i] = order{i, fmt.Sprint("item ", i)}
		}
		root := t.TempDir()
		m := newFiles(t, root, everyCodec()...)
		for _, format := range []string{"json", "jsonl", "csv", "gob"} {
			store(t, m, iomanagers.Output{Asset: "slice", Format: format}, all)
			store(t, m, iomanagers.Output{Asset: "stream", Format: format}, rows.From(all))
			store(t, m, iomanagers.Output{Asset: "batches", Format: format}, rows.Batch(rows.From(all), 0))
			slice, _ := os.ReadFile(filepath.Join(root, "slice."+format))
			for _, asset := range []string{"stream", "batches"} {
				if data, err := os.ReadFile(filepath.Join(root, asset+"."+format)); err != nil || !bytes.Equal(slice, data) {
					t.Errorf("%d rows as %s: a slice is %d bytes, %s %d, %v", n, format, len(slice), asset, len(data), err)
				}
			}
		}
	}
}

func TestJSONArraysAreReadAsTheyCome(t *testing.T) {
	t.Parallel()
	type order struct{ ID int }
	for text, want := range map[string]string{
		"null":                                `[] <nil>`,
		" [ ] ":                               `[] <nil>`,
		"\ufeff[{\"ID\":1}]":                  `[{1}] <nil>`,
		"[\n{\"ID\":1},\r\n {\"ID\":2} ]\n\n": `[{1} {2}] <nil>`,
		"[{\"ID\":1}":                         `[] row 1: the text ends too early: unexpected EOF`,
		"[{\"ID\":1},":                        `[] row 1: the text ends too early: unexpected EOF`,
		"[{\"ID\":1}] x":                      "[{1}] invalid character 'x' at start of value",
		"[{\"ID\":1}] []":                     "[{1}] something follows the array",
		"[{\"ID\":1},{\"ID\":\"x\"}]":         "[] row 1: wrong type: field ID: the string does not fit in a Go int",
		"7":                                   "[] wrong type: the text is not an array of rows",
		"":                                    "[] there is no JSON value: unexpected EOF",
	} {
		got, err := decodeStream[order](iomanagers.JSON().(iomanagers.RowCodec), strings.NewReader(text))
		if line := fmt.Sprint(got, " ", err); line != want {
			t.Errorf("%q gives %s, want %s", text, line, want)
		}
	}
}

func TestJSONLinesAreReadAsTheyCome(t *testing.T) {
	t.Parallel()
	type order struct{ ID int }
	for text, want := range map[string]string{
		"":                               `[] <nil>`,
		"\n \t\n":                        `[] <nil>`,
		"\ufeff{\"ID\":1}":               `[{1}] <nil>`,
		"{\"ID\":1}\r\n\r\n{\"ID\":2}":   `[{1} {2}] <nil>`,
		"{\"ID\":1}\n\n{\"ID\":":         `[] row 1, line 3: field ID: the text ends too early: unexpected EOF`,
		"{\"ID\":1}\n{\"ID\":\"x\"}\n":   "[] row 1, line 2: wrong type: field ID: the string does not fit in a Go int",
		"{\"ID\":1}\nerror: no access\n": "[] row 1, line 2: invalid character 'e' at start of value",
		"{\"ID\":1}{\"ID\":2}\n":         "[] row 0, line 1: invalid character '{' after top-level value",
		"{\n\"ID\":1}\n":                 "[] row 0, line 1: the text ends too early: unexpected EOF",
		"{\"ID\":1}\n\"a\"\n":            "[] row 1, line 2: wrong type: the string does not fit in a Go iomanagers_test.order",
		"\xff\xfe{\x00\"\x00I\x00D\x00":  "[] the text is UTF-16: convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8",
		"{\"ID\":1}\n" + strings.Repeat("\n", 99) + "{\"ID\":1.0}": "[] row 1, line 101: wrong type: field ID: the number 1.0 does not fit in a Go int: invalid syntax",
	} {
		got, err := decodeStream[order](iomanagers.JSONLines().(iomanagers.RowCodec), strings.NewReader(text))
		if line := fmt.Sprint(got, " ", err); line != want {
			t.Errorf("%q gives %s, want %s", text, line, want)
		}
	}
}

// torn gives some bytes and then an error, once.
type torn struct{ given bool }

var errTorn = errors.New("the line is dead")

func (r *torn) Read(p []byte) (int, error) {
	if r.given {
		return 0, io.EOF
	}
	r.given = true
	return copy(p, "half"), errTorn
}

func TestChunksEndWithTheErrorOfTheirReader(t *testing.T) {
	t.Parallel()
	got, err := decodeStream[[]byte](iomanagers.Raw("").(iomanagers.RowCodec), &torn{})
	if !errors.Is(err, errTorn) || len(got) != 1 || string(got[0]) != "half" {
		t.Errorf("chunks %q and error %v, want half and %v", got, err, errTorn)
	}
}

func TestDefinitionsTellWhatTheyStore(t *testing.T) {
	t.Parallel()
	files := iomanagers.Files("files", iomanagers.FilesConfig{}, iomanagers.CSV(), iomanagers.Raw(""))
	c, err := container.New(files, iomanagers.Memory("memory"), iomanagers.Files("twice", iomanagers.FilesConfig{}, iomanagers.CSV(), iomanagers.CSV()))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, key := range []string{"files", "memory", "twice"} {
		for _, static := range (*child.Parent)(c).Graph().Static(key) {
			checker, ok := static.(iomanagers.Checker)
			if !ok {
				continue
			}
			got[key] = fmt.Sprint(checker.Check("", reflect.TypeFor[[]order]()), "; ", checker.Check("", reflect.TypeFor[chan int]()), "; ", checker.Check("cvs", reflect.TypeFor[string]()))
		}
	}
	want := map[string]string{
		"files":  `<nil>; checking for csv: wrong type: it takes slices of structs, not chan int; not supported: there is no format "cvs" among csv, raw; did you mean "csv"?`,
		"memory": `<nil>; wrong type: chan int is a chan, which can't be copied; <nil>`,
		"twice":  strings.Repeat("not supported: there are two codecs named \"csv\"\ncodecs \"csv\" and \"csv\" share the extension .csv; ", 3),
	}
	want["twice"] = strings.TrimSuffix(want["twice"], "; ")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is known before anything is built (-want +got):\n%s", diff)
	}
}
