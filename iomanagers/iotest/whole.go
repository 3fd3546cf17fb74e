package iotest

import (
	"encoding/json"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// wholeOrRefused stores values that formats are known to change: to cut, to round, to take for
// something else. A manager gives back what it takes. If it cannot, it refuses the type in Check
// and Store, or the value in Store, where the earlier value still is what it was.
func wholeOrRefused(t *testing.T, s Subject) {
	for _, known := range s.Faulty {
		if _, ok := delicate()[known]; !ok {
			t.Errorf("there is no value %q that could be held back", known)
		}
	}
	for name, value := range delicate() {
		t.Run(name, func(t *testing.T) {
			if slices.Contains(s.Faulty, name) {
				t.Skip("the subject says that its manager is known to change this value")
			}
			s.checkRoundTrip(t, name, value)
		})
	}
}

// one is a row with a delicate field.
type one[T any] struct {
	ID    int64
	Value T
}

// among returns rows with each of the values, and with a plain one around them.
func among[T any](plain T, values ...T) []one[T] {
	rows := []one[T]{{1, plain}}
	for i, value := range values {
		rows = append(rows, one[T]{int64(i + 2), value})
	}
	return append(rows, one[T]{int64(len(values) + 2), plain})
}

// delicate returns the values by what is delicate in them.
func delicate() map[string]any {
	all := map[string]any{}
	for name, value := range delicateTimes() {
		all["a time: "+name] = value
		all["rows with a time: "+name] = among(plainTime, value)
		all["rows with a pointer to a time: "+name] = among(&plainTime, &value, nil)
	}
	for name, value := range delicateTexts() {
		all["a text: "+name] = value
		all["rows with a text: "+name] = among("plain", value)
		all["rows with a list of texts: "+name] = among([]string{"plain"}, []string{value, "", value})
		all["rows with a pointer to a text: "+name] = among(new(string), &value, nil)
		all["a map of a text: "+name] = map[string]string{value: value}
	}
	for name, value := range delicateFloats() {
		all["a number: "+name] = value
		all["rows with a number: "+name] = among(0.5, value)
		all["rows with a pointer to a number: "+name] = among(new(float64), &value, nil)
		all["rows with a narrow number: "+name] = among(float32(0.5), float32(value))
	}
	for name, value := range delicateNumbers() {
		all["a large number: "+name] = value
		all["rows with a large number: "+name] = among(7, value)
		all["rows with a pointer to a large number: "+name] = among(new(uint64), &value, nil)
		all["rows with a list of large numbers: "+name] = among([]uint64{7}, []uint64{value})
		all["a map to a large number: "+name] = map[string]uint64{"a": value}
	}
	for name, value := range delicateShapes() {
		all["rows with "+name] = value
	}
	return all
}

var plainTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func delicateTimes() map[string]time.Time {
	return map[string]time.Time{
		"zero":                    {},
		"the year 0":              time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
		"before the year 0":       time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC),
		"the year 1":              time.Date(1, 1, 2, 3, 4, 5, 0, time.UTC),
		"the Julian calendar":     time.Date(1500, 2, 28, 0, 0, 0, 0, time.UTC),
		"before 1678":             time.Date(1677, 9, 20, 0, 0, 0, 0, time.UTC),
		"before 1970":             time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
		"after 2262":              time.Date(2262, 4, 12, 0, 0, 0, 0, time.UTC),
		"the last of 9999":        time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
		"after 9999":              time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC),
		"before 9999 in its zone": time.Date(10_000, 1, 1, 1, 0, 0, 0, time.FixedZone("", 2*3600)),
		"a millisecond":           time.Date(2026, 1, 2, 3, 4, 5, 1_000_000, time.UTC),
		"a microsecond":           time.Date(2026, 1, 2, 3, 4, 5, 1_000, time.UTC),
		"a nanosecond":            time.Date(2026, 1, 2, 3, 4, 5, 1, time.UTC),
		"a nanosecond of 1677":    time.Date(1677, 1, 2, 3, 4, 5, 1, time.UTC),
		"a zone with seconds":     time.Date(1890, 1, 2, 3, 4, 5, 0, time.FixedZone("LMT", 53*60+28)),
		"a wide zone":             time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", -23*3600)),
		"a zone beyond a day":     time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 30*3600)),
	}
}

func delicateTexts() map[string]string {
	return map[string]string{
		"not UTF-8":             "caf\xe9",
		"a byte that is alone":  "\xff",
		"half a surrogate pair": "\xed\xa0\x80",
		"cut within a rune":     "caf\xc3",
		"the replacement rune":  "\ufffd",
		"a zero byte":           "a\x00b",
		"control characters":    "\x01\x1f\x7f",
		"a byte-order mark":     "\ufefftext",
		"line ends":             "a\r\nb\rc\n",
		"separators of lines":   "\u2028\u2029\u0085",
		"escapes":               `\u0000 \n \\ %00 &#0;`,
		"spaces":                " \t ",
		"empty":                 "",
		"a word for NULL":       "NULL",
		"a number":              "007",
	}
}

func delicateFloats() map[string]float64 {
	return map[string]float64{
		"NaN":            math.NaN(),
		"infinity":       math.Inf(1),
		"minus infinity": math.Inf(-1),
		"minus zero":     math.Copysign(0, -1),
		"the largest":    math.MaxFloat64,
		"the smallest":   math.SmallestNonzeroFloat64,
		"many digits":    0.1 + 0.2,
		"whole":          1 << 53,
	}
}

func delicateNumbers() map[string]uint64 {
	return map[string]uint64{
		"above int64":      math.MaxInt64 + 1,
		"the largest":      math.MaxUint64,
		"above 53 bits":    1<<53 + 1,
		"the top of int64": math.MaxInt64,
	}
}

type (
	// withPointers is embedded in rows.
	withPointers struct {
		Count *int64
		Note  *string
	}
	embedding struct {
		ID int64
		withPointers
	}
	// Base is embedded in rows by a pointer, so it has to be exported.
	Base             struct{ Name string }
	embeddingPointer struct {
		ID int64
		*Base
	}
	small struct {
		A int64
		B *string
	}
)

// delicateShapes returns rows with fields of types that formats have no plain column for.
func delicateShapes() map[string]any {
	number, text, at := int64(7), "text", plainTime.Add(time.Millisecond)
	pointer := &number
	var none *int64
	var noBytes []byte
	return map[string]any{
		"an embedded struct of pointers":  []embedding{{1, withPointers{&number, &text}}, {2, withPointers{}}, {3, withPointers{Note: new(string)}}},
		"an embedded pointer":             []embeddingPointer{{1, &Base{"a"}}, {2, &Base{}}},
		"an embedded pointer that is nil": []embeddingPointer{{1, &Base{"a"}}, {2, nil}},
		"pointers":                        among(&number, nil, new(int64)),
		"pointers to pointers":            among(&pointer, nil, &none, &pointer),
		"lists of pointers":               among([]*int64{&number}, nil, []*int64{nil}, []*int64{nil, &number, nil}),
		"lists of pointers to texts":      among([]*string{&text}, []*string{nil, new(string)}),
		"lists of pointers to structs":    among([]*small{{1, &text}}, []*small{nil, {2, nil}}),
		"lists of structs":                among([]small{{1, &text}}, nil, []small{{}}),
		"lists of lists":                  among([][]int64{{1}}, nil, [][]int64{nil, {}, {2, 3}}),
		"lists of bytes":                  among([][]byte{{1}}, [][]byte{nil, {0}, {}}),
		"lists of times":                  among([]time.Time{at}, []time.Time{at, at}),
		"pointers to lists":               among(&[]string{"a"}, nil, new([]string), &[]string{}, &[]string{"", "b"}),
		"pointers to bytes":               among(&[]byte{1}, nil, &noBytes, &[]byte{}),
		"pointers to structs":             among(&small{1, &text}, nil, &small{}),
		"structs":                         among(small{1, &text}, small{}),
		"maps":                            among(map[string]int64{"a": 1}, nil, map[string]int64{"": 0}),
		"maps to times":                   among(map[string]time.Time{"a": at}, map[string]time.Time{"a": at, "b": {}}),
		"maps to pointers":                among(map[string]*int64{"a": &number}, map[string]*int64{"a": nil}),
		"maps to lists":                   among(map[string][]int64{"a": {1}}, map[string][]int64{"a": nil, "b": {}}),
		"maps of numbers":                 among(map[int64]string{1: "a"}, map[int64]string{-1: ""}),
		"pointers to maps":                among(&map[string]int64{"a": 1}, nil, new(map[string]int64), &map[string]int64{}),
		"arrays":                          among([2]int64{1, 2}, [2]int64{}),
		"arrays of bytes":                 among([16]byte{1}, [16]byte{}),
		"arrays of pointers":              among([2]*int64{&number}, [2]*int64{}),
		"lists of 32 bits":                among([]int32{1}, []int32{math.MinInt32}),
		"numbers of 8 bits":               among(int8(1), math.MinInt8, math.MaxInt8),
		"lists of truths":                 among([]bool{true}, []bool{false, true}),
		"durations":                       among(time.Second, -1, math.MaxInt64),
		"addresses":                       among(netip.MustParseAddr("::1"), netip.MustParseAddr("10.0.0.1")),
		"pointers to addresses":           among(new(netip.MustParseAddr("::1")), nil),
		"large numbers of any size":       among(big.NewInt(7), nil, new(big.Int).Lsh(big.NewInt(1), 200)),
		"JSON":                            among(json.RawMessage(`{"a":1}`), json.RawMessage(`[1.0,"b",null]`)),
		"numbers as text":                 among(json.Number("1"), "1.50", "12345678901234567890"),
		"anything":                        among[any]("text", "a", true),
		"nothing as anything":             among[any]("text", nil),
		"complex numbers":                 among(complex(1, 2)),
		"nothing but a struct of nothing": among(struct{}{}),
		"rows that are nil":               []*small{{1, nil}, nil, {2, &text}},
		"texts that marshal to nothing":   among(quiet(""), "a"),
		"fields that are left out where zero": []struct {
			A int64  `json:"a,omitempty"`
			B *int64 `json:"b,omitempty"`
		}{{1, &number}, {0, new(int64)}, {0, nil}},
	}
}

// quiet marshals itself as text.
type quiet string

func (q quiet) MarshalText() ([]byte, error) { return []byte(q), nil }

func (q *quiet) UnmarshalText(text []byte) error {
	*q = quiet(text)
	return nil
}
