package iotest

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
)

type (
	text   string
	blob   []byte
	nested struct {
		Name  string
		Inner struct{ Depth int }
		Tags  []string
		Next  *nested
		By    map[string][]Row
	}
	narrow struct {
		I8  int8
		I16 int16
		I32 int32
		U8  uint8
		U64 uint64
		F32 float32
	}
	nullable struct {
		ID    int
		Count *int
		Note  *string
	}
)

// manyTypes returns one value for each shape of data that programs store. A manager need
// not take all of them, but gives back what it takes.
func manyTypes() map[string]any {
	one, note := 1, "a note"
	at := time.Date(2026, 3, 29, 1, 59, 59, 123456789, time.FixedZone("somewhere", -3600))
	return map[string]any{
		"no rows":                 []Row{},
		"one row":                 []Row{{ID: 1, Name: "one", At: at}},
		"many rows":               Rows(700),
		"rows of awkward texts":   awkwardRows(at),
		"rows of extreme numbers": []Row{{ID: math.MaxInt64, Amount: math.MaxFloat64, At: at}, {ID: math.MinInt64, Amount: math.SmallestNonzeroFloat64, At: at}},
		"rows of narrow numbers":  []narrow{{math.MinInt8, math.MinInt16, math.MinInt32, math.MaxUint8, math.MaxUint64, math.MaxFloat32}, {}},
		"rows of one text":        []struct{ Only string }{{""}, {"x"}, {""}},
		"rows with holes":         []nullable{{1, &one, nil}, {2, nil, &note}},
		"rows behind pointers":    []*Row{{ID: 1, At: at}, {ID: 2, At: at}},
		"rows within rows":        []nestedRow{{"a", []Row{{ID: 1, At: at}}}, {"b", nil}},
		"a struct":                nested{Name: "outer", Tags: []string{"a", ""}, Next: &nested{Name: "inner"}, By: map[string][]Row{"x": {{ID: 1, At: at}}}},
		"a pointer to a struct":   &nested{Name: "outer"},
		"a map":                   map[string]int{"": 0, "a b": 1, "ü": -1},
		"a map of numbers":        map[int]string{-1: "minus one", 7: "seven"},
		"a text":                  "first line\nsecond, \"quoted\" line\r\n\x00 ü 漢\U0001F600",
		"an empty text":           "",
		"a named text":            text("<html>&amp;</html>"),
		"bytes":                   []byte{0, 1, 0xff, '\n', '\r', '\n'},
		"no bytes":                []byte{},
		"named bytes":             blob("\x89PNG\r\n\x1a\n"),
		"a whole number":          math.MinInt64,
		"a large number":          uint64(math.MaxUint64),
		"a fraction":              0.1,
		"a truth":                 true,
		"a time":                  at,
		"a duration":              90 * time.Minute,
		"an array":                [3]int{1, 2, 3},
		"texts":                   []string{"a", "", "c,d"},
		"lists of lists":          [][]float64{{1, 2}, {}, {3}},
	}
}

type nestedRow struct {
	Name string
	Rows []Row
}

func awkwardRows(at time.Time) []Row {
	var rows []Row
	for _, name := range []string{
		"", " ", " spaces around ", "comma, comma", `"quoted"`, `"`, "two\nlines", "\n", "tab\t", "lone \r return", "\r",
		"\x00", "ü漢\U0001F600", "\ufeff", "null", "NaN", "0", "# comment", `\`, strings.Repeat("long ", 2000),
	} {
		rows = append(rows, Row{Name: name, At: at})
	}
	return rows
}

func loadGivesWhatWasStored(t *testing.T, s Subject) {
	s.store(t, "the subject's own", "", s.Value(3))
	s.expect(t, "the subject's own", "", s.Value(3))

	for name, value := range manyTypes() {
		t.Run(name, func(t *testing.T) { s.checkRoundTrip(t, name, value) })
	}
}

func (s Subject) checkRoundTrip(t *testing.T, asset string, value any) {
	var refused error
	if checker, ok := s.Manager.(iomanagers.Checker); ok {
		refused = checker.Check(s.Format, reflect.TypeOf(value))
	}
	if refused != nil && !errors.Is(refused, iomanagers.ErrType) {
		t.Errorf("Check of a %T gives %v, which doesn't match iomanagers.ErrType", value, refused)
	}
	err := s.Manager.Store(t.Context(), s.output(asset, "", value), value)
	// A value of a fitting type may still be one that the format can't hold.
	if errors.Is(err, iomanagers.ErrType) || errors.Is(err, iomanagers.ErrUnsupported) {
		if _, ok := s.Manager.(iomanagers.Checker); ok && refused == nil && !errors.Is(err, iomanagers.ErrUnsupported) {
			t.Errorf("Check takes a %T, Store refuses it: %v", value, err)
		}
		if got, err := s.load(t.Context(), asset, "", value); err == nil {
			t.Errorf("after a refused Store, Load gives %v", got)
		}
		return
	}
	if err != nil {
		t.Fatalf("Store: %v", err)
	}
	if refused != nil {
		t.Errorf("Check refuses a %T, Store takes it: %v", value, refused)
	}
	s.expect(t, asset, "", value)
}

func lastStoreWins(t *testing.T, s Subject) {
	// From long to short and back: what is left of a longer value would show.
	for _, i := range []int{4, 0, 3} {
		s.store(t, "orders", "", s.Value(i))
		s.expect(t, "orders", "", s.Value(i))
	}
	var names []string
	if s.Names != nil {
		names = s.Names(t)
	}
	s.store(t, "orders", "", s.Value(1))
	s.expectNames(t, names)
}

// expectNames reports if the manager keeps anything else than it did.
func (s Subject) expectNames(t *testing.T, want []string) {
	t.Helper()
	if s.Names == nil {
		return
	}
	if diff := diff(want, s.Names(t)); diff != "" {
		t.Errorf("what the manager keeps has changed (-before +after):\n%s", diff)
	}
}

func valuesOutliveManager(t *testing.T, s Subject) {
	if s.Reopen == nil {
		t.Skip("the subject says that values don't outlive its manager")
	}
	for i := range 3 {
		s.store(t, fmt.Sprintf("raw/asset %d", i), "", s.Value(i))
	}
	s.Manager = s.Reopen(t)
	for i := range 3 {
		s.expect(t, fmt.Sprintf("raw/asset %d", i), "", s.Value(i))
	}
	s.store(t, "raw/asset 0", "", s.Value(7))
	s.expect(t, "raw/asset 0", "", s.Value(7))
}
