package iomanagers_test

import (
	"bytes"
	"errors"
	"iter"
	"math"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/fxrun/fxrun/iomanagers"
)

type (
	oneWay      struct{ Name string }
	textOneWay  struct{ Name string }
	nothingOut  struct{ cents int }
	closedField struct {
		ID    int
		Inner nothingOut
	}
	recursive struct {
		Name string
		Next *recursive
	}
	inlined struct {
		Name string
		Next *inlined `csv:"next_,inline"`
	}
)

type (
	halfClosed struct {
		ID     int
		secret string
	}
	gobOneWay struct{ Name string }
	knot      struct {
		Name string
		Next *knot
	}
	tree map[string]tree
)

func (gobOneWay) GobEncode() ([]byte, error) { return []byte("x"), nil }

func loop() any {
	k := &knot{Name: "a"}
	k.Next = &knot{Name: "b", Next: k}
	return k
}

func mapLoop() any {
	t := tree{}
	t["a"] = tree{"b": t}
	return t
}

func (oneWay) MarshalJSON() ([]byte, error)     { return []byte(`"x"`), nil }
func (textOneWay) MarshalText() ([]byte, error) { return []byte("x"), nil }

func TestCodecsSayWhichTypesTheyTake(t *testing.T) {
	t.Parallel()
	type row[T any] struct {
		ID    int
		Value T
	}
	for _, c := range []struct {
		name, refuses string // the formats that refuse the type
		t             reflect.Type
	}{
		{"numbers", "", reflect.TypeFor[[]row[float64]]()},
		{"times", "", reflect.TypeFor[[]row[time.Time]]()},
		{"pointers", "", reflect.TypeFor[[]row[*string]]()},
		{"rows behind pointers", "", reflect.TypeFor[[]*row[string]]()},
		{"addresses", "", reflect.TypeFor[[]row[net.IP]]()},
		{"slices", "csv", reflect.TypeFor[[]row[[]int]]()},
		{"structs", "csv", reflect.TypeFor[[]row[row[int]]]()},
		{"maps", "csv", reflect.TypeFor[[]row[map[string]int]]()},
		{"arrays", "csv", reflect.TypeFor[[]row[[3]int]]()},
		{"anything", "csv gob", reflect.TypeFor[[]row[any]]()},
		{"errors", "json jsonl csv gob", reflect.TypeFor[[]row[error]]()},
		{"functions", "json jsonl csv gob", reflect.TypeFor[[]row[func()]]()},
		{"channels", "json jsonl csv gob", reflect.TypeFor[[]row[chan int]]()},
		{"complex numbers", "json jsonl csv", reflect.TypeFor[[]row[complex128]]()},
		{"JSON that can't be read", "json jsonl csv", reflect.TypeFor[[]row[oneWay]]()},
		{"text that can't be read", "json jsonl csv", reflect.TypeFor[[]row[textOneWay]]()},
		{"structs without columns", "json jsonl csv gob", reflect.TypeFor[[]nothingOut]()},
		{"fields without columns", "json jsonl csv gob", reflect.TypeFor[[]closedField]()},
		{"recursive types", "csv", reflect.TypeFor[[]recursive]()},
		{"structs inlined in themselves", "csv", reflect.TypeFor[[]inlined]()},
		{"maps by struct", "json jsonl csv", reflect.TypeFor[map[row[int]]int]()},
		{"a struct", "jsonl csv", reflect.TypeFor[row[int]]()},
		{"texts", "csv", reflect.TypeFor[[]string]()},
		{"unexported fields", "gob", reflect.TypeFor[[]halfClosed]()},
		{"pointers to pointers", "json jsonl gob", reflect.TypeFor[[]row[**int]]()},
		{"bytes for gob in one direction", "csv gob", reflect.TypeFor[[]row[gobOneWay]]()},
		{"a stream", "", reflect.TypeFor[iter.Seq2[row[int], error]]()},
		{"batches", "", reflect.TypeFor[iter.Seq2[[]row[int], error]]()},
		{"a stream of pointers", "", reflect.TypeFor[iter.Seq2[*row[int], error]]()},
		{"a stream of texts", "csv", reflect.TypeFor[iter.Seq2[string, error]]()},
		{"a stream of functions", "json jsonl csv gob", reflect.TypeFor[iter.Seq2[func(), error]]()},
		{"a stream of chunks", "csv", reflect.TypeFor[iter.Seq2[[]byte, error]]()},
		{"a stream without errors", "json jsonl csv gob", reflect.TypeFor[iter.Seq[row[int]]]()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := newFiles(t, t.TempDir(), everyCodec()...)
			for _, format := range []string{"json", "jsonl", "csv", "gob"} {
				err := m.Check(format, c.t)
				if want := slices.Contains(strings.Fields(c.refuses), format); want != errors.Is(err, iomanagers.ErrType) {
					t.Errorf("%s: Check of %v gives %v, want a refusal: %v", format, c.t, err, want)
				}
				if err == nil {
					// What passes must also be storable and loadable, here without a row.
					value := emptyOf(c.t)
					store(t, m, iomanagers.Output{Asset: c.name, Format: format}, value)
					if err := m.Load(t.Context(), iomanagers.Input{Asset: c.name, Format: format}, reflect.New(c.t).Interface()); err != nil {
						t.Errorf("%s: Load: %v", format, err)
					}
				}
			}
		})
	}
}

// emptyOf returns the zero value, or a stream without rows.
func emptyOf(t reflect.Type) any {
	if t.Kind() != reflect.Func {
		return reflect.Zero(t).Interface()
	}
	return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value { return nil }).Interface()
}

func TestCodecsRefuseValuesThatWouldComeBackChanged(t *testing.T) {
	t.Parallel()
	type sale struct {
		Note string
		At   time.Time
		Sum  float64
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name  string
		codec iomanagers.Codec
		value any
		want  string
	}{
		{"text in CSV that is not UTF-8", iomanagers.CSV(), []sale{{At: at}, {Note: "Z\xfcrich", At: at}}, "row 1: column \"Note\": not supported: the text \"Z\\xfcrich\" is not UTF-8"},
		{"no row in CSV", iomanagers.CSV(), []*sale{nil}, "row 0 is nil"},
		{"no number in JSON", iomanagers.JSON(), []sale{{Sum: math.NaN()}}, "NaN"},
		{"no number in JSON lines", iomanagers.JSONLines(), []sale{{}, {Sum: math.NaN()}}, "row 1: not supported: field Sum: JSON can't hold the float64: unsupported value: NaN"},
		{"zero behind a pointer in gob", iomanagers.Gob(), []struct{ Count *int }{{}, {new(int)}}, "element 1: not supported: []struct { Count *int }.Count points to zero"},
		{"the zero time behind a pointer in gob", iomanagers.Gob(), struct{ At *time.Time }{new(time.Time)}, "At points to zero"},
		{"no text behind a pointer in gob", iomanagers.Gob(), map[string]struct{ Tags *[]string }{"x": {&[]string{}}}, "Tags points to zero"},
		{"nil among pointers in gob", iomanagers.Gob(), []*sale{{}, nil}, "element 1: not supported: an element of []*iomanagers_test.sale is nil"},
		{"nil among a map's values in gob", iomanagers.Gob(), map[string]*sale{"a": nil}, "is nil"},
		{"a nil pointer in gob", iomanagers.Gob(), (*sale)(nil), "the value is nil"},
		{"a cycle in gob", iomanagers.Gob(), loop(), "is part of a cycle"},
		{"a cycle through a map in gob", iomanagers.Gob(), mapLoop(), "is part of a cycle"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var b bytes.Buffer
			if err := c.codec.Encode(&b, c.value); !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Encode gives %v, want %q", err, c.want)
			}
		})
	}
}

// FuzzCSVRoundTrip checks that every text either comes back or is refused.
func FuzzCSVRoundTrip(f *testing.F) {
	for _, text := range []string{"", "a", "\"", "a,b\n\"c\"", "\r", "a\r\nb", "\n", "\ufeff", " "} {
		f.Add(text, text)
	}
	type two struct{ A, B string }
	type one struct{ A string }
	f.Fuzz(func(t *testing.T, a, b string) {
		wide, narrow := []two{{a, b}, {b, a}}, []one{{a}, {b}}
		checkCSV(t, wide)
		checkCSV(t, narrow)
	})
}

func checkCSV[T any](t *testing.T, rows []T) {
	t.Helper()
	var b bytes.Buffer
	err := iomanagers.CSV().Encode(&b, rows)
	if errors.Is(err, iomanagers.ErrUnsupported) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	text := b.String()
	var got []T
	if err := iomanagers.CSV().Decode(&b, &got); err != nil {
		t.Fatalf("decoding %q: %v", text, err)
	}
	if diff := cmp.Diff(rows, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%q gives other rows (-want +got):\n%s", text, diff)
	}
}
