package iomanagers_test

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

type (
	gobPrice  struct{ Amount, Currency string }
	gobStored struct {
		ID     int
		Item   string
		Prices []gobPrice
		Extra  map[string]*gobPrice
		Next   *gobStored
	}
)

func gobOf(t testing.TB, value any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := iomanagers.Gob().Encode(&b, value); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGobRefusesFieldsWithoutAPartner(t *testing.T) {
	t.Parallel()
	stored := gobStored{ID: 1, Item: "tea", Prices: []gobPrice{{"1", "EUR"}}}
	type base struct{ ID int }
	for name, c := range map[string]struct {
		stored, dst any
		want        []string // of the error
		unknown     bool     // the error goes away if unknown fields are allowed
	}{
		"the same fields":      {stored: stored, dst: new(gobStored)},
		"rows":                 {stored: []gobStored{stored}, dst: new([]gobStored)},
		"rows behind pointers": {stored: []gobStored{stored}, dst: new([]*gobStored)},
		"zero values":          {stored: gobPrice{}, dst: new(gobPrice)},
		"no rows":              {stored: []gobStored{}, dst: new([]gobStored)},
		"another order": {stored: gobPrice{"1", "EUR"}, dst: new(struct {
			Currency, Amount string
		})},
		"an unknown field": {
			stored: gobPrice{}, dst: new(struct{ Amount string }), unknown: true,
			want: []string{"field Currency of the file is not in the type"},
		},
		"a missing field": {
			stored: gobPrice{}, dst: new(struct{ Amount, Currency, Note string }),
			want: []string{"field Note of the type is not in the file"},
		},
		"another name": {
			stored: gobPrice{}, dst: new(struct{ Amount, Curency string }),
			want: []string{
				"field Curency of the type is not in the file (did you mean Currency?)",
				"field Currency of the file is not in the type (did you mean Curency?)",
			},
		},
		"a field in upper case": {
			stored: gobPrice{}, dst: new(struct{ AMOUNT, Currency string }),
			want: []string{"AMOUNT of the type is not in the file (did you mean Amount?)"},
		},
		"rows with other fields": {
			stored: []gobPrice{}, dst: new([]struct{ Amount string }), unknown: true,
			want: []string{"field Currency of the file is not in the type"},
		},
		"deep fields": {
			stored: stored, unknown: true,
			dst: new(struct {
				ID     int
				Item   string
				Prices []struct{ Amount string }
				Extra  map[string]struct{ Currency string }
				Next   *gobStored
			}),
			want: []string{"field Prices.Currency of the file", "field Extra.Amount of the file"},
		},
		"a field of an embedded struct": {
			stored: struct{ ID int }{1}, dst: new(struct{ Base base }),
			want: []string{"field Base of the type is not in the file", "field ID of the file is not in the type"},
		},
		"two stored types for one": {
			stored: struct {
				A struct{ Amount, Currency string }
				B struct{ Currency, Amount string }
			}{},
			dst:  new(struct{ A, B gobPrice }),
			want: []string{"field B is a iomanagers_test.gobPrice, which stands for two stored types"},
		},
		"two stored types that are alike": {
			stored: struct {
				A gobPrice
				B struct{ Amount, Currency string }
			}{}, dst: new(struct{ A, B gobPrice }),
		},
		"a map of structs": {
			stored: map[string]gobPrice{"a": {}}, dst: new(map[string]struct{ Amount string }), unknown: true,
			want: []string{"field Currency of the file is not in the type"},
		},
		"an array of structs": {
			stored: [2]gobPrice{}, dst: new([2]struct{ Amount string }), unknown: true,
			want: []string{"field Currency of the file is not in the type"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := gobOf(t, c.stored)
			for allowed, codec := range map[bool]iomanagers.Codec{false: iomanagers.Gob(), true: iomanagers.Gob(iomanagers.AllowUnknownFields())} {
				err := codec.Decode(bytes.NewReader(data), c.dst)
				if c.want == nil || allowed && c.unknown {
					if err != nil {
						t.Errorf("Decode gives %v, unknown fields allowed: %v", err, allowed)
					}
					continue
				}
				if !errors.Is(err, iomanagers.ErrType) {
					t.Errorf("Decode gives %v, unknown fields allowed: %v", err, allowed)
					continue
				}
				for _, want := range c.want {
					if skipped := allowed && strings.Contains(want, "of the file is"); !skipped && !strings.Contains(err.Error(), want) {
						t.Errorf("Decode gives %q, want %q", err, want)
					}
				}
			}
			if c.want == nil && c.stored != nil {
				got := reflect.ValueOf(c.dst).Elem().Interface()
				if reflect.TypeOf(got) == reflect.TypeOf(c.stored) {
					if diff := cmp.Diff(c.stored, got); diff != "" {
						t.Errorf("loaded (-want +got):\n%s", diff)
					}
				}
			}
		})
	}
}

// TestGobReadsWhatTheLibraryReads compares with encoding/gob alone, which sees the same bytes.
func TestGobReadsWhatTheLibraryReads(t *testing.T) {
	t.Parallel()
	want := gobStored{ID: -1 << 40, Item: strings.Repeat("x", 100_000), Extra: map[string]*gobPrice{"a": {"1", ""}}, Next: &gobStored{Prices: make([]gobPrice, 300)}}
	data := gobOf(t, want)
	for name, r := range map[string]io.Reader{"at once": bytes.NewReader(data), "bytewise": iotest.OneByteReader(bytes.NewReader(data))} {
		var got, plain gobStored
		if err := iomanagers.Gob().Decode(r, &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&plain); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(plain, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestATruncatedGobIsAnError(t *testing.T) {
	t.Parallel()
	for _, value := range []any{gobStored{ID: 1, Item: "tea"}, []gobPrice{{"1", "EUR"}}} {
		data := gobOf(t, value)
		for n := range data {
			err := iomanagers.Gob().Decode(bytes.NewReader(data[:n]), reflect.New(reflect.TypeOf(value)).Interface())
			if empty := n == 0 && errors.Is(err, io.EOF); !empty && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("the first %d of %d bytes give %v", n, len(data), err)
			}
		}
	}
	broken := errors.New("the disk is gone")
	if err := iomanagers.Gob().Decode(iotest.ErrReader(broken), new(gobStored)); !errors.Is(err, broken) {
		t.Errorf("the error of the reader becomes %v", err)
	}
}

type (
	gobWide struct {
		F     float64
		List  []float64
		Named map[string]complex128
		Next  *gobWide
	}
	gobNarrow struct {
		F     float32
		List  []float32
		Named map[string]complex64
		Next  *gobNarrow
	}
)

func FuzzGob(f *testing.F) {
	f.Add(gobOf(f, []gobStored{{ID: 1, Item: "tea", Prices: []gobPrice{{"1", "EUR"}}, Next: &gobStored{}}}))
	f.Add(gobOf(f, gobPrice{"1", "EUR"}))
	f.Add(gobOf(f, []gobWide{{F: 0.1, List: []float64{0.5}, Named: map[string]complex128{"a": 1i}, Next: &gobWide{F: 1}}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("encoding/gob makes room for what a file may hold")
		}
		var rows []gobStored
		var one gobPrice
		_ = iomanagers.Gob().Decode(bytes.NewReader(data), &rows)
		_ = iomanagers.Gob().Decode(bytes.NewReader(data), new([]gobNarrow))
		err := iomanagers.Gob().Decode(bytes.NewReader(data), &one)
		var plain gobPrice
		if fault := gob.NewDecoder(bytes.NewReader(data)).Decode(&plain); err == nil && (fault != nil || plain != one) {
			t.Errorf("it reads %v, and encoding/gob %v, %v", one, plain, fault)
		}
	})
}

func TestGobRefusesFloatsThatTheTypeWouldRound(t *testing.T) {
	t.Parallel()
	type inner[F any] struct {
		Note string
		F    F
	}
	type wide struct {
		ID    int
		At    time.Time
		Inner []inner[float64]
		Named map[string]*float64
		Pair  [2]complex128
		Bytes []byte
	}
	type narrow struct {
		ID    int
		At    time.Time
		Inner []inner[float32]
		Named map[string]*float32
		Pair  [2]complex64
		Bytes []byte
	}
	exact, inexact := 0.5, 0.1
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, c := range []struct {
		name string
		last wide
		want string // in the error, "" if the rows are loaded
	}{
		{"floats that need no more digits", wide{ID: -1, At: at, Inner: []inner[float64]{{"a", math.Inf(-1)}, {"", math.NaN()}, {F: math.MaxFloat32}}, Named: map[string]*float64{"x": &exact}, Pair: [2]complex128{1, 2i}, Bytes: []byte{1}}, ""},
		{"a float of a list of structs", wide{Inner: []inner[float64]{{}, {"a", inexact}}}, "field [2].Inner[1].F is 0.1, which a float32 would round"},
		{"a float in a map", wide{Named: map[string]*float64{"x": &inexact}}, "field [2].Named[0] is 0.1"},
		{"half of a complex number", wide{Pair: [2]complex128{1, complex(0, inexact)}}, "field [2].Pair[1] is 0.1, which a complex64 would round"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var file bytes.Buffer
			if err := iomanagers.Gob().Encode(&file, []wide{{ID: 1}, {ID: 2, Bytes: []byte("text")}, c.last}); err != nil {
				t.Fatal(err)
			}
			var same []wide
			if err := iomanagers.Gob().Decode(bytes.NewReader(file.Bytes()), &same); err != nil || len(same) != 3 {
				t.Errorf("%d rows of the same type, %v", len(same), err)
			}
			var got []narrow
			err := iomanagers.Gob().Decode(bytes.NewReader(file.Bytes()), &got)
			switch {
			case c.want == "" && (err != nil || len(got) != 3 || got[2].ID != c.last.ID || !math.IsInf(float64(got[2].Inner[0].F), -1)):
				t.Errorf("%v, %v", got, err)
			case c.want != "" && (!errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
	t.Run("in a later batch", func(t *testing.T) {
		t.Parallel()
		rows := slices.Repeat([]inner[float64]{{"a", exact}}, 5000)
		rows[4321].F = inexact
		var file bytes.Buffer
		if err := iomanagers.Gob().Encode(&file, rows); err != nil {
			t.Fatal(err)
		}
		var got []inner[float32]
		if err := iomanagers.Gob().Decode(&file, &got); !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "field [4321].F is 0.1") {
			t.Errorf("%d rows, %v", len(got), err)
		}
	})
	t.Run("a value that is no rows", func(t *testing.T) {
		t.Parallel()
		var file bytes.Buffer
		if err := iomanagers.Gob().Encode(&file, inexact); err != nil {
			t.Fatal(err)
		}
		var got float32
		if err := iomanagers.Gob().Decode(&file, &got); !errors.Is(err, iomanagers.ErrType) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

type (
	// GobWords decodes itself into what it already holds.
	GobWords map[string]bool

	// GobBase is embedded in rows.
	GobBase struct{ Tags []string }

	// gobDeep is a row that refers to other memory in many ways, and has zeros in every second row.
	gobDeep struct {
		ID int
		GobBase
		Lists [][]int
		Named map[string][]int
		Next  *gobDeep
		Array [2][]byte
		Words GobWords
		At    time.Time
	}
)

func (w GobWords) GobEncode() ([]byte, error) {
	return []byte(strings.Join(slices.Sorted(maps.Keys(w)), " ")), nil
}

func (w *GobWords) GobDecode(text []byte) error {
	if *w == nil {
		*w = GobWords{}
	}
	for word := range strings.FieldsSeq(string(text)) {
		(*w)[word] = true
	}
	return nil
}

func gobDeepRows(n int) []gobDeep {
	all := make([]gobDeep, n)
	for i := range all {
		if i%2 == 0 {
			text := fmt.Sprint("row ", i)
			all[i] = gobDeep{
				ID: i, GobBase: GobBase{[]string{text}}, Lists: [][]int{{i}, {i, 1}}, Named: map[string][]int{text: {i}},
				Next: &gobDeep{ID: i + 1, Lists: [][]int{{i}}}, Array: [2][]byte{[]byte(text)}, Words: GobWords{text[4:]: true},
				At: time.Unix(int64(i), 0).UTC(),
			}
		}
	}
	return all
}

func TestGobRowsShareNoMemoryWithThoseBeforeThem(t *testing.T) {
	t.Parallel()
	want := gobDeepRows(5000)
	m := newFiles(t, t.TempDir(), everyCodec()...)
	in := iomanagers.Input{Asset: "deep", Format: "gob"}
	store(t, m, iomanagers.Output{Asset: "deep", Format: "gob"}, want)

	var whole []gobDeep
	if err := m.Load(t.Context(), in, &whole); err != nil {
		t.Fatal(err)
	}
	var batches iter.Seq2[[]gobDeep, error]
	if err := m.Load(t.Context(), in, &batches); err != nil {
		t.Fatal(err)
	}
	streamed, err := rows.Collect(rows.Each(batches)) // looked at when all are read
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]gobDeep{"a slice": whole, "batches": streamed} {
		if len(got) != len(want) {
			t.Fatalf("%s: %d rows", name, len(got))
		}
		for i := range want {
			if diff := cmp.Diff(want[i], got[i]); diff != "" {
				t.Fatalf("%s: row %d (-want +got):\n%s", name, i, diff)
			}
		}
	}
}
