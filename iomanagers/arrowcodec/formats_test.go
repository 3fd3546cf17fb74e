package arrowcodec_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/goldentest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
)

// TestTheTableOfFormats compares the table in docs/formats.md with what the formats do: each type
// is asked for, and a value of it is stored and loaded. It stands in this module because this one
// knows every format.
func TestTheTableOfFormats(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- formats -->\n", "<!-- /formats -->\n"
	path := filepath.Join("..", "..", "docs", "formats.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), begin)
	_, after, found := strings.Cut(rest, end)
	if !found {
		t.Fatalf("%s has no table between %q and %q", path, begin, end)
	}
	goldentest.Compare(t, path, before+begin+table(t)+end+after)
}

// cell is a row with a value.
type cell[T any] struct{ V T }

// sample is a type, as a reader would write it, and rows with it. tagged are the same rows with
// tags, if there are tags for the type.
type sample struct {
	name         string
	rows, tagged any
}

func of[T any](name string, value T) sample {
	return sample{name: name, rows: []cell[T]{{value}}}
}

func samples() []sample {
	type tree struct{ Branches []tree }
	type embedding struct{ Base }
	one, day := 1, time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	withTags := func(s sample, rows any) sample { s.tagged = rows; return s }
	return []sample{
		of("bool", true), of("int, int8 to int64", int64(-1)), of("uint, uint8 to uint64", uint32(1)), of("float32, float64", 0.1), of("complex128", 1i),
		of("string", "ü"), of("[]byte", []byte{0xff}), of("[4]byte", [4]byte{0xff}),
		of("time.Time", day), of("time.Duration", time.Second), of("netip.Addr, as text", netip.MustParseAddr("10.0.0.1")),
		of("*T", &one), of("**T", new(&one)), of("*[]T", &[]int{1}),
		withTags(of("[]T", []int{1}), []struct {
			V []int `db:"v,json"`
		}{{[]int{1}}}),
		of("[2]T", [2]int{1, 2}),
		withTags(of("map[string]T", map[string]int{"a": 1}), []struct {
			V map[string]int `db:"v,json"`
		}{{map[string]int{"a": 1}}}),
		of("map[int]T", map[int]int{1: 2}),
		withTags(of("struct", point{1, 2}), []struct {
			V point `db:"v,json"`
		}{{point{1, 2}}}),
		{name: "embedded struct", rows: []embedding{{Base{1}}}},
		{name: "struct that holds itself", rows: []tree{{[]tree{}}}},
		of[any]("any", "x"), of("interface with methods", fmt.Stringer(time.Second)), of("func, chan", make(chan int)),
		{name: "rows behind pointers, []*T", rows: []*cell[int]{{1}}},
		{name: "a list without structs, []string", rows: []string{"a"}},
		{name: "a single struct", rows: point{1, 2}},
		{name: "a single map", rows: map[string]int{"a": 1}},
		{name: "a single string", rows: "a"},
	}
}

func table(t *testing.T) string {
	t.Helper()
	codecs := []iomanagers.Codec{iomanagers.JSON(), iomanagers.JSONLines(), iomanagers.CSV(), iomanagers.Gob(), parquetcodec.Parquet(), arrowcodec.Arrow()}
	var b strings.Builder
	b.WriteString("| Go type | JSON | JSON Lines | CSV | gob | Parquet | Arrow | SQL tables |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range samples() {
		cells := []string{s.name}
		for _, codec := range codecs {
			cells = append(cells, verdict(s, func(rows any) error { return kept(t, codec, rows) }))
		}
		cells = append(cells, verdict(s, func(rows any) error { return new(sqltable.Manager).Check("", reflect.TypeOf(rows)) }))
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

func verdict(s sample, try func(rows any) error) string {
	switch {
	case try(s.rows) == nil:
		return "kept"
	case s.tagged != nil && try(s.tagged) == nil:
		return "with a tag"
	}
	return "-"
}

// kept says why a codec refuses a value, when it is stored or loaded. It may not come back changed.
func kept(t *testing.T, codec iomanagers.Codec, value any) error {
	t.Helper()
	if err := codec.(iomanagers.TypeChecker).CheckType(reflect.TypeOf(value)); err != nil {
		return err
	}
	var file bytes.Buffer
	if err := codec.Encode(&file, value); err != nil {
		return err
	}
	got := reflect.New(reflect.TypeOf(value))
	if err := codec.Decode(&file, got.Interface()); err != nil {
		return err
	}
	if diff := cmp.Diff(value, got.Elem().Interface(), equal(), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("%s changes %v (-want +got):\n%s", codec.Name(), value, diff)
	}
	return nil
}
