package parquetcodec_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// damagedTypes are what damaged files are read as.
var damagedTypes = []reflect.Type{reflect.TypeFor[[]foreign](), reflect.TypeFor[[]typed](), reflect.TypeFor[[]shapes](), reflect.TypeFor[[]*order](), reflect.TypeFor[[]booleans]()}

// readAll reads rows, but not more than a damaged file can have.
func readAll(data []byte, slice reflect.Type) (rows int, err error) {
	decoder, err := parquetcodec.Parquet().(iomanagers.RowCodec).NewRowDecoder(bytes.NewReader(data), slice)
	if err != nil {
		return 0, err
	}
	defer decoder.Close()
	for rows < 100_000 {
		batch := reflect.New(slice)
		batch.Elem().Set(reflect.MakeSlice(slice, 0, 1024))
		if err := decoder.Read(batch.Interface()); err != nil {
			return rows, err
		}
		rows += batch.Elem().Len()
	}
	return rows, nil
}

// FuzzDamagedFiles checks that damage is an error, and neither a panic nor an end of the process.
func FuzzDamagedFiles(f *testing.F) {
	debug.SetMemoryLimit(1 << 30)
	names, err := filepath.Glob("testdata/*.parquet")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, 0, byte(0))
	}
	for _, rows := range []any{shapesRows(), []order{{1, "tea", 2.5}}} {
		var b bytes.Buffer
		if err := parquetcodec.Parquet().Encode(&b, rows); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), 0, byte(0))
	}
	f.Fuzz(func(_ *testing.T, data []byte, at int, change byte) {
		data = bytes.Clone(data)
		if len(data) > 0 {
			data[uint(at)%uint(len(data))] ^= change
		}
		for _, slice := range damagedTypes {
			_, _ = readAll(data, slice)
		}
	})
}

func TestADamagedByteNeverEndsTheProcess(t *testing.T) {
	t.Parallel()
	for name, types := range map[string][]reflect.Type{
		"types.parquet":                 damagedTypes[:2],
		"foreign_duckdb_snappy.parquet": damagedTypes[:2],
		"foreign_pyarrow_v2.parquet":    damagedTypes[:2],
		"runs_v1.parquet":               {reflect.TypeFor[[]booleans]()},
		"runs_v2_none.parquet":          {reflect.TypeFor[[]booleans]()},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(data); at += 17 {
			for _, change := range []byte{0xff, 0x01} {
				data[at] ^= change
				for _, slice := range types {
					_, _ = readAll(data, slice)
				}
				data[at] ^= change
			}
		}
	}
}

func TestAFileThatSaysItsIndexIsLargerIsRefused(t *testing.T) {
	t.Parallel()
	data := encoded(t, []order{{1, "tea", 2.5}})
	copy(data[len(data)-8:], []byte{0xf0, 0xff, 0xff, 0xff})
	if _, err := readAll(data, reflect.TypeFor[[]order]()); err == nil || !strings.Contains(err.Error(), "says that its index has 4294967280") {
		t.Error(err)
	}
}

// A page of a few bytes could otherwise ask for as much memory as it likes.
func TestAPageThatSaysItIsLargerIsRefused(t *testing.T) {
	t.Parallel()
	data := encoded(t, []order{{1, "tea", 2.5}})
	refused := 0
	for at := 4; at < len(data)/2; at++ {
		// Four bytes that go on and one that ends are a length of two gigabytes.
		changed := slices.Concat(data[:at], []byte{0xfe, 0xff, 0xff, 0xff, 0x0f}, data[min(at+5, len(data)):])
		if _, err := readAll(changed, reflect.TypeFor[[]order]()); err != nil && strings.Contains(err.Error(), "says that it has") {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no size of a page is refused")
	}
}
