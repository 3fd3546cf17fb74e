package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/config"
)

// item is a struct that stands in lists and maps.
type item struct {
	Name string `required:"true"`
	Port int    `default:"80" min:"1"`
}

// reading is a text, and what a field of its type makes of it.
type reading struct {
	text string
	want any    // of the field's type
	lack string // else what the fault says
}

// readings are texts for types of every kind. Each is given by every layer that
// gives text.
var readings = []reading{
	{text: "010", want: 10},
	{text: "08", want: 8},
	{text: "-007", want: -7},
	{text: "+8", want: 8},
	{text: "0", want: 0},
	{text: "000", want: int8(0)},
	{text: "0x1F", want: 31},
	{text: "0o17", want: int64(15)},
	{text: "0b101", want: uint8(5)},
	{text: "1_000", want: 1000},
	{text: " 7 ", want: uint16(7)},
	{text: "128", want: int8(0), lack: "not a valid int8: expected a whole number that fits int8"},
	{text: "-1", want: uint(0), lack: "not a valid uint: expected a whole number that fits uint"},
	{text: "1.5", want: 0, lack: "not a valid int: expected a whole number that fits int"},
	{text: "0x", want: 0, lack: "not a valid int"},
	{text: "--5", want: 0, lack: "not a valid int"},
	{text: "ten", want: 0, lack: "not a valid int"},
	{text: "2026-01-02", want: 0, lack: "not a valid int"},
	{text: "010.50", want: 10.5},
	{text: "08", want: 8.0},
	{text: "1e3", want: 1000.0},
	{text: "0x10", want: float32(16)},
	{text: "1e39", want: float32(0), lack: "not a valid float32: expected a number that fits float32"},
	{text: "1e309", want: 0.0, lack: "not a valid float64: expected a number that fits float64"},
	{text: ".inf", want: 0.0, lack: "not a valid float64: expected a finite number"},
	{text: "-.INF", want: 0.0, lack: "not a valid float64: expected a finite number"},
	{text: "inf", want: 0.0, lack: "not a valid float64: expected a finite number"},
	{text: ".nan", want: float32(0), lack: "not a valid float32: expected a finite number"},
	{text: "NaN", want: 0.0, lack: "not a valid float64: expected a finite number"},
	{text: "yes", want: true},
	{text: "Off", want: false},
	{text: "T", want: true},
	{text: "1", want: true},
	{text: "0", want: false},
	{text: "2", want: false, lack: "not a valid bool"},
	{text: "tRUE", want: false, lack: "not a valid bool"},
	{text: "1m30s", want: 90 * time.Second},
	{text: "5", want: time.Second, lack: "not a valid time.Duration: expected a time.Duration, as in 1m30s"},
	{text: " #a: [b ", want: " #a: [b "},
	{text: "null", want: "null"},
	{text: "~", want: new("~")},
	{text: "null", want: (*int)(nil)},
	{text: "010", want: new(10)},
	{text: "010", want: new(new(10))},
	{text: "\x01!", want: []byte("\x01!")},
	{text: "[1]", want: json.RawMessage("[1]")},
	{text: "a, b", want: []string{"a", "b"}},
	{text: "[a, 'b, c']", want: []string{"a", "b, c"}},
	{text: "- a\n- b", want: []string{"a", "b"}},
	{text: "[a, b", want: []string{}, lack: "not a valid []string"},
	{text: "[a] b", want: []string{}, lack: "not a valid []string"},
	{text: "", want: []string{}},
	{text: "80, 81", want: []int{80, 81}},
	{text: "[80, 010]", want: []int{80, 10}},
	{text: "80,x", want: []int{}, lack: "not a valid []int: [1]: expected a whole number (int), not text"},
	{text: "80,,81", want: []int{}, lack: "not a valid []int: [1]: expected a whole number (int), not text"},
	{text: "yes, no,1", want: []bool{true, false, true}},
	{text: "1s, 2m", want: []time.Duration{time.Second, 2 * time.Minute}},
	{text: "1, 2", want: [2]int{1, 2}},
	{text: "1", want: [2]int{}, lack: "not a valid [2]int: expected 2 items, not 1"},
	{text: "[[1, 2], [3]]", want: [][]int{{1, 2}, {3}}},
	{text: "1,2", want: []*int{new(1), new(2)}},
	{text: "a:1, b: 2", want: map[string]int{"a": 1, "b": 2}},
	{text: "{a: 010}", want: map[string]int{"a": 10}},
	{text: "db:http://db:80,web:http://web", want: map[string]string{"db": "http://db:80", "web": "http://web"}},
	{text: "env:PROD", want: map[string]string{"env": "PROD"}},
	{text: "a", want: map[string]int{}, lack: "not a valid map[string]int"},
	{text: "a:1,a:2", want: map[string]int{}, lack: "not a valid map[string]int: a: it stands there twice"},
	{text: "1:a,0x1:b", want: map[int]string{}, lack: "not a valid map[int]string: 0x1: it stands there twice"},
	{text: "yes:1, no:2", want: map[bool]int{true: 1, false: 2}},
	{text: "a:x", want: map[string]int{}, lack: "not a valid map[string]int: a: expected a whole number (int), not text"},
	{text: "https://a.example/x?y=z,w", want: &url.URL{Scheme: "https", Host: "a.example", Path: "/x", RawQuery: "y=z,w"}},
	{text: "https://a, https://b", want: []*url.URL{{Scheme: "https", Host: "a"}, {Scheme: "https", Host: "b"}}},
	{text: "https://a", want: url.URL{Scheme: "https", Host: "a"}},
	{text: "warn", want: new(slog.LevelWarn)},
	{text: "loud", want: slog.LevelInfo, lack: "not a valid slog.Level"},
	{text: "10.0.0.1", want: new(net.ParseIP("10.0.0.1"))},
	{text: "10.0.0.1", want: netip.MustParseAddr("10.0.0.1")},
	{text: "00:00:5e:00:53:01", want: net.HardwareAddr{0, 0, 0x5e, 0, 0x53, 1}},
	{text: "00:00", want: net.HardwareAddr{}, lack: "not a valid net.HardwareAddr"},
	{text: "123456789012345678901234567890", want: *bigNumber("123456789012345678901234567890")},
	{text: "a, b", want: []*config.Secret[string]{new(config.NewSecret("a")), new(config.NewSecret("b"))}},
	{text: "12", want: json.Number("12")},
	{text: " -1.5e3 ", want: json.Number("-1.5e3")},
	{text: "1, 2.5", want: []json.Number{"1", "2.5"}},
	{text: "twelve", want: json.Number(""), lack: "not a valid json.Number: expected a number as JSON has it, as in 12, 1.5 or 1e3"},
	{text: "007", want: json.Number(""), lack: "not a valid json.Number: expected a number as JSON has it"},
	{text: ".inf", want: json.Number(""), lack: "not a valid json.Number: expected a number as JSON has it"},
	{text: "2026-07-31T18:30:00Z", want: time.Date(2026, 7, 31, 18, 30, 0, 0, time.UTC)},
	{text: "2026-07-31", want: time.Time{}, lack: "not a valid time.Time: expected a time.Time, as in 2026-07-31T18:30:00Z"},
	{text: "yesterday", want: (*time.Time)(nil), lack: "as in 2026-07-31T18:30:00Z"},
	// A type of somebody's own is not known as a duration: envconfig too reads nanoseconds.
	{text: "1500", want: wait(1500)},
	{text: "1m30s", want: wait(0), lack: "not a valid int64"},
	{text: "1500", want: time.Duration(0), lack: "expected a time.Duration, as in 1m30s"},
	{text: "80, 81", want: config.NewSecret([]int{80, 81})},
	{text: "010", want: config.NewSecret(10)},
	{text: "on", want: config.NewSecret(true)},
	{text: "[{name: a}, {name: b, port: 010}]", want: []item{{"a", 80}, {"b", 10}}},
	{text: "{x: {name: a}}", want: map[string]*item{"x": {"a", 80}}},
	{text: "[{nam: a}]", want: []item{}, lack: "[0].nam: there is no such field, did you mean \"name\"?"},
	{text: "[{port: 0, name: a}]", want: []item{}, lack: "[0].port: it must be at least 1"},
	{text: "[{port: 3}]", want: []item{}, lack: "[0].name: missing: every item has to give it"},
	{text: "a", want: []item{}, lack: "not a valid []config_test.item: [0]: expected a config_test.item, not text"},
}

// wait is a whole number for all who read it by reflection.
type wait time.Duration

func bigNumber(text string) *big.Int { n, _ := new(big.Int).SetString(text, 10); return n }

// comparing compares config values of all types of this package's tests.
var comparing = cmp.Options{
	cmp.Comparer(func(a, b big.Int) bool { return a.Cmp(&b) == 0 }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b net.IP) bool { return a.Equal(b) }),
}

// oneField is a config with one field of type t.
func oneField(t reflect.Type, tag string) reflect.Value {
	return reflect.New(reflect.StructOf([]reflect.StructField{{Name: "Field", Type: t, Tag: reflect.StructTag(tag)}})).Elem()
}

// TestTextIsReadInOneWay holds every layer that gives text to the same values
// and the same faults.
func TestTextIsReadInOneWay(t *testing.T) {
	for _, test := range readings {
		of := reflect.TypeOf(test.want)
		t.Run(fmt.Sprintf("%s from %q", of, test.text), func(t *testing.T) {
			t.Run("in the environment", func(t *testing.T) {
				t.Setenv("ONE_FIELD", test.text)
				hold(t, test, oneField(of, ""), nil, config.FromEnv("ONE"))
			})
			t.Run("by a reference", func(t *testing.T) {
				t.Setenv("ONE_FIELD", test.text)
				hold(t, test, oneField(of, ""), read(t, "resources: {it: {config: {field: {env: ONE_FIELD}}}}"))
			})
			t.Run("by Set", func(t *testing.T) {
				hold(t, test, oneField(of, ""), assign(t, "field", test.text))
			})
			if test.text == "" {
				return // no default tag
			}
			t.Run("in a default tag", func(t *testing.T) {
				value := oneField(of, "default:"+strconv.Quote(test.text))
				d, _ := config.NewDefinition("Config", value.Interface(), nil)
				faults := d.Analyse(new(config.Shapes))
				if test.lack != "" {
					if len(faults) != 1 || !strings.Contains(faults[0].Error(), withoutType(test.lack)) || !strings.Contains(faults[0].Error(), "its default tag is not a valid") {
						t.Errorf("got %v", faults)
					}
					return
				}
				if len(faults) > 0 {
					t.Fatal(faults)
				}
				hold(t, test, value, nil)
			})
		})
	}
}

// withoutType is a fault without the name of the type that it is about.
func withoutType(text string) string {
	if rest, ok := strings.CutPrefix(text, "not a valid "); ok {
		_, reason, _ := strings.Cut(rest, ": ")
		return reason
	}
	return text
}

func hold(t *testing.T, test reading, value reflect.Value, source any, opts ...config.Option) {
	t.Helper()
	d := definition(t, value.Interface(), opts...)
	resolved, _, faults := launched(t, d, source)
	if test.lack != "" {
		if len(faults) == 0 || !strings.HasPrefix(faults[0].Error(), "it.field") || !strings.Contains(faults[0].Error(), withoutType(test.lack)) {
			t.Errorf("got %v, want %s", faults, test.lack)
		}
		return
	}
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if diff := cmp.Diff(test.want, resolved.Value.Field(0).Interface(), comparing); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAVariableThatIsSetButEmptyIsCalledEmpty(t *testing.T) {
	type settings struct {
		Number  int
		Flag    bool
		Wait    time.Duration
		Level   slog.Level
		Pair    [2]int
		Pointer *float64
		Item    []item
		Text    string
		List    []string
	}
	for _, name := range []string{"NUMBER", "FLAG", "WAIT", "LEVEL", "PAIR", "POINTER", "ITEM", "TEXT", "LIST"} {
		t.Setenv("EMPTY_"+name, "")
	}
	d := definition(t, settings{}, config.FromEnv("EMPTY"))
	_, faults := d.Resolve("it", nil)
	want := []string{}
	for _, name := range []string{"number", "flag", "wait", "level", "pair", "pointer"} {
		want = append(want, "it."+name+": the environment variable EMPTY_"+strings.ToUpper(name)+" is set, but empty")
	}
	if diff := cmp.Diff(want, texts(faults)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func texts(faults []error) []string {
	texts := []string{}
	for _, fault := range faults {
		texts = append(texts, fault.Error())
	}
	return texts
}

func TestAnEntryOfAMapHasAKey(t *testing.T) {
	t.Parallel()
	type fields struct {
		Names map[netip.Addr]string
		Texts map[string]string
	}
	for _, test := range []struct {
		field, text string
		want        any
	}{
		{"names", "10.0.0.1: a, 10.0.0.2: b:c", map[netip.Addr]string{netip.MustParseAddr("10.0.0.1"): "a", netip.MustParseAddr("10.0.0.2"): "b:c"}},
		{"names", `{"::1": a}`, map[netip.Addr]string{netip.IPv6Unspecified().Next(): "a"}},
		{"names", "::1: a", nil},
		{"names", "10.0.0.1: a, ::1: b", nil},
		{"texts", " : a", nil},
		{"texts", `{"": a}`, map[string]string{"": "a"}},
		{"texts", "a:", map[string]string{"a": ""}},
	} {
		t.Run(test.text+" for "+test.field, func(t *testing.T) {
			t.Parallel()
			resolved, _, faults := launched(t, definition(t, fields{}), assign(t, test.field, test.text))
			if (test.want == nil) != (len(faults) > 0) {
				t.Fatalf("got the faults %v", faults)
			}
			value := resolved.Value.Interface().(fields)
			var got any = value.Names
			if test.field == "texts" {
				got = value.Texts
			}
			if test.want != nil && !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
