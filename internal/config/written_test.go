package config_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fxrun/fxrun/internal/config"
)

type (
	word   string
	flag   bool
	digest []byte
	single byte
	// shout writes itself by a method of its pointer.
	shout struct{ text string }
	// colour writes itself by String, and reads itself by Set.
	colour struct{ name string }
)

func (s *shout) UnmarshalText(text []byte) error {
	s.text = strings.ToLower(string(text))
	return nil
}

func (s *shout) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(s.text)), nil }

func (c *colour) Set(text string) error { c.name = text; return nil }
func (c *colour) String() string        { return c.name }

var anyText = rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "null", "~", "#x", " a ", "{env: X}", "env:X", "007", "yes", "!x", "a\nb\n", "[a, b]", "a,b", "\u2028", "'"}))

// generators make values of the types that are not built of others.
var generators = map[reflect.Type]*rapid.Generator[any]{
	reflect.TypeFor[string]():          anyText.AsAny(),
	reflect.TypeFor[word]():            rapid.Map(anyText, func(text string) word { return word(text) }).AsAny(),
	reflect.TypeFor[bool]():            rapid.Bool().AsAny(),
	reflect.TypeFor[flag]():            rapid.Map(rapid.Bool(), func(b bool) flag { return flag(b) }).AsAny(),
	reflect.TypeFor[int]():             rapid.Int().AsAny(),
	reflect.TypeFor[int8]():            rapid.Int8().AsAny(),
	reflect.TypeFor[uint64]():          rapid.Uint64().AsAny(),
	reflect.TypeFor[single]():          rapid.Map(rapid.Byte(), func(b byte) single { return single(b) }).AsAny(),
	reflect.TypeFor[float64]():         rapid.Float64().Filter(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }).AsAny(),
	reflect.TypeFor[float32]():         rapid.Float32().Filter(func(f float32) bool { return !math.IsInf(float64(f), 0) && f == f }).AsAny(),
	reflect.TypeFor[time.Duration]():   rapid.Map(rapid.Int64(), func(n int64) time.Duration { return time.Duration(n) }).AsAny(),
	reflect.TypeFor[time.Time]():       rapid.Map(rapid.Int64Range(0, 4e9), func(n int64) time.Time { return time.Unix(n, n%1000).UTC() }).AsAny(),
	reflect.TypeFor[[]byte]():          rapid.SliceOf(rapid.Byte()).AsAny(),
	reflect.TypeFor[digest]():          rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) digest { return b }).AsAny(),
	reflect.TypeFor[json.RawMessage](): rapid.SampledFrom([]json.RawMessage{json.RawMessage(`{"a": [1]}`), json.RawMessage(`"x"`), json.RawMessage("null")}).AsAny(),
	reflect.TypeFor[net.HardwareAddr](): rapid.OneOf(rapid.SliceOfN(rapid.Byte(), 6, 6), rapid.SliceOfN(rapid.Byte(), 0, 9)).AsAny().
		Filter(func(any) bool { return true }),
	reflect.TypeFor[net.IP]():     rapid.SampledFrom([]any{net.ParseIP("10.0.0.1"), net.ParseIP("::1")}),
	reflect.TypeFor[netip.Addr](): rapid.SampledFrom([]any{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("::1%eth0")}),
	reflect.TypeFor[url.URL]():    rapid.SampledFrom([]any{url.URL{Scheme: "https", Host: "a", Path: "/x y", RawQuery: "a=b"}, url.URL{Path: "rel"}, url.URL{Scheme: "mailto", Opaque: "x@y"}}),
	reflect.TypeFor[big.Int]():    rapid.Map(rapid.Int64(), func(n int64) big.Int { return *new(big.Int).Mul(big.NewInt(n), big.NewInt(math.MaxInt64)) }).AsAny(),
	reflect.TypeFor[shout]():      rapid.Map(rapid.StringMatching(`[a-z]{1,5}`), func(text string) shout { return shout{text} }).AsAny(),
	reflect.TypeFor[colour]():     rapid.Map(rapid.StringMatching(`[a-z ]{1,5}`), func(text string) colour { return colour{text} }).AsAny(),
}

// keyTypes are of the keys of maps.
var keyTypes = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[word](), reflect.TypeFor[int](), reflect.TypeFor[bool](), reflect.TypeFor[flag](),
	reflect.TypeFor[netip.Addr](), reflect.TypeFor[time.Duration](), reflect.TypeFor[float64](), reflect.TypeFor[uint64](),
}

// aType draws a type that a config may hold.
func aType(t *rapid.T, depth int) reflect.Type {
	kind := rapid.IntRange(0, 8).Draw(t, "kind")
	if depth == 0 {
		kind = 0
	}
	switch kind {
	case 1:
		return reflect.SliceOf(aType(t, depth-1))
	case 2:
		return reflect.ArrayOf(2, aType(t, depth-1))
	case 3:
		return reflect.MapOf(rapid.SampledFrom(keyTypes).Draw(t, "key"), aType(t, depth-1))
	case 4:
		return reflect.PointerTo(aType(t, depth-1))
	case 5:
		return reflect.TypeFor[entry]()
	}
	return rapid.SampledFrom(sortedTypes()).Draw(t, "plain")
}

type entry struct {
	Name  string `default:"x"`
	Count int    `json:"n" min:"-100" max:"1000"`
	Inner struct {
		Data []byte
		Env  *string
	}
	Part *struct{ Wait time.Duration }
	List []string
}

// sortedTypes are the types that generators make, in an order that a seed can
// repeat.
func sortedTypes() []reflect.Type {
	return slices.SortedFunc(maps.Keys(generators), func(a, b reflect.Type) int { return strings.Compare(a.String(), b.String()) })
}

func aValue(t *rapid.T, of reflect.Type) reflect.Value {
	if generator, ok := generators[of]; ok {
		return reflect.ValueOf(generator.Draw(t, "value")).Convert(of)
	}
	value := reflect.New(of).Elem()
	switch of.Kind() {
	case reflect.Pointer:
		value.Set(reflect.New(of.Elem()))
		value.Elem().Set(aValue(t, of.Elem()))
	case reflect.Slice:
		value.Set(reflect.MakeSlice(of, rapid.IntRange(0, 2).Draw(t, "length"), 2))
		for i := range value.Len() {
			value.Index(i).Set(aValue(t, of.Elem()))
		}
	case reflect.Array:
		for i := range value.Len() {
			value.Index(i).Set(aValue(t, of.Elem()))
		}
	case reflect.Map:
		value.Set(reflect.MakeMap(of))
		for range rapid.IntRange(0, 2).Draw(t, "length") {
			value.SetMapIndex(aValue(t, of.Key()), aValue(t, of.Elem()))
		}
	default: // an entry
		given := entry{Count: rapid.IntRange(1, 1000).Draw(t, "count"), Name: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")}
		if rapid.Bool().Draw(t, "part") {
			given.Part = &struct{ Wait time.Duration }{time.Second}
			given.Inner.Env = new("PROD")
			given.Inner.Data = []byte("\xff")
		}
		value.Set(reflect.ValueOf(given))
	}
	return value
}

func withoutPointers(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func TestWhatIsStoredIsReadBackAsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		of := aType(t, 3)
		if bare := withoutPointers(of); bare == reflect.TypeFor[entry]() {
			of = reflect.SliceOf(of) // by itself it is no field but a section
		}
		value := oneField(of, "")
		value.Field(0).Set(aValue(t, of))
		d, faults := config.NewDefinition("Config", oneField(of, "").Interface(), nil)
		if faults = append(faults, d.Analyse(new(config.Shapes))...); len(faults) > 0 {
			t.Fatalf("%s: %v", of, faults)
		}
		source := any(config.Fields{"field": value.Field(0).Interface()})
		given := make(config.LaunchValues)
		if faults := d.Read(given, "it", source); len(faults) > 0 {
			t.Fatalf("%s: %v", of, faults)
		}
		want, faults := d.Resolve("it", given)
		if len(faults) > 0 {
			t.Fatalf("%s: %v", of, faults)
		}
		stored := storedOf(t, d, given)
		again, faults := readBack(d, stored)
		if diff := cmp.Diff(want.Value.Field(0).Interface(), again.Value.Field(0).Interface(), comparing, unexported); diff != "" || len(faults) > 0 {
			t.Fatalf("%s is stored as %s: %v (-given +read back)\n%s", of, stored, faults, diff)
		}
		if diff := cmp.Diff(value.Field(0).Interface(), want.Value.Field(0).Interface(), comparing, unexported); diff != "" && holdsNoNil(diff) {
			t.Fatalf("%s is not what was given (-given +got)\n%s", of, diff)
		}
	})
}

// holdsNoNil reports whether values differ by more than nil and empty.
func holdsNoNil(diff string) bool { return !strings.Contains(diff, "nil") }

var unexported = cmp.AllowUnexported(shout{}, colour{})

func storedOf(t rapid.TB, d *config.Definition, given config.LaunchValues) string {
	document := config.NewLaunchDocument()
	document.AddResource("it", d, given)
	stored, err := document.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(stored)
}

func readBack(d *config.Definition, stored string) (config.Resolved, []error) {
	run, err := config.ParseRunConfig([]byte(stored))
	if err != nil {
		return config.Resolved{}, []error{err}
	}
	given := make(config.LaunchValues)
	faults := d.Read(given, "it", run.Resources["it"])
	resolved, more := d.Resolve("it", given)
	return resolved, append(faults, more...)
}

// lossy reads another text than it writes.
type lossy struct{ n int }

func (l *lossy) UnmarshalText(text []byte) error { l.n = len(text); return nil }
func (l *lossy) String() string                  { return fmt.Sprint(l.n, " letters") }

// mute does not write itself.
type mute struct{ text string }

func (m *mute) Decode(text string) error { m.text = "decoded " + text; return nil }

// These types read text, and do not write what they have read.
type (
	quotedWord  string
	lengthOf    int
	prefixed    []byte
	unmarshaled struct{ text string }
	told        struct{ text string } // its String is for people
	hidden      struct{ text string } // its Redacted is for people
)

func (w *quotedWord) Decode(text string) error { *w = quotedWord("<" + text + ">"); return nil }
func (l *lengthOf) Set(text string) error      { *l = lengthOf(len(text)); return nil }
func (p *prefixed) UnmarshalBinary(data []byte) error {
	*p = append(prefixed("x"), data...)
	return nil
}

func (u *unmarshaled) UnmarshalText(text []byte) error {
	u.text = strings.ToUpper(string(text))
	return nil
}
func (t *told) UnmarshalText(text []byte) error   { t.text = string(text); return nil }
func (t told) String() string                     { return "told " + t.text }
func (h *hidden) UnmarshalText(text []byte) error { h.text = string(text); return nil }
func (h hidden) Redacted() string                 { return "******" }

type oneWay struct {
	Word     quotedWord
	Length   lengthOf
	Bytes    prefixed
	Struct   unmarshaled
	Pointer  *unmarshaled
	List     []quotedWord
	Of       map[string]unmarshaled
	By       map[quotedWord]int
	Told     told
	Items    []struct{ Word quotedWord }
	Optional *struct{ Word quotedWord }
}

func TestTextForATypeThatDoesNotWriteItselfIsStored(t *testing.T) {
	t.Parallel()
	d := definition(t, oneWay{})
	for _, text := range []string{
		"word: abc", "word: ''", "word: '#a '", "length: abc", "bytes: abc", "struct: abc", "pointer: abc", "list: [a, b]", "of: {a: b, b: c}",
		"by: {a: 1, b: 2, c: 3}", "told: abc", "items: [{word: a}]", "optional: {word: a}",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			for range 10 { // the order of a map's entries must not matter
				resolved, given, faults := launched(t, d, read(t, "resources: {it: {config: {"+text+"}}}"))
				if len(faults) > 0 {
					t.Fatal(faults)
				}
				stored := storedOf(t, d, given)
				again, faults := readBack(d, stored)
				if diff := cmp.Diff(resolved.Value.Interface(), again.Value.Interface(), cmp.AllowUnexported(unmarshaled{}, told{})); diff != "" || len(faults) > 0 {
					t.Fatalf("stored as %s: %v (-given +read back)\n%s", stored, faults, diff)
				}
			}
		})
	}
}

func TestAPasswordInTextForATypeThatDoesNotWriteItselfIsNotStored(t *testing.T) {
	t.Parallel()
	type config struct {
		oneWay
		Hidden hidden
	}
	d := definition(t, config{})
	for _, text := range []string{
		"word: 'postgres://u:hunter2@h/db'", "struct: 'postgres://u:hunter2@h/db'", "pointer: 'host=h password=hunter2'", "list: [a, 'postgres://u:hunter2@h/db']",
		"of: {a: 'postgres://u:hunter2@h/db'}", "by: {'postgres://u:hunter2@h/db': 1}", "items: [{word: 'postgres://u:hunter2@h/db'}]",
		"optional: {word: 'postgres://u:hunter2@h/db'}", "hidden: hunter2",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, given, faults := launched(t, d, read(t, "resources: {it: {config: {"+text+"}}}"))
			if stored := storedOf(t, d, given); len(faults) > 0 || strings.Contains(stored, "hunter2") {
				t.Errorf("stored as %s; %v", stored, faults)
			}
		})
	}
}

func TestAValueThatDoesNotWriteItselfIsRefused(t *testing.T) {
	t.Parallel()
	d := definition(t, oneWay{})
	for name, given := range map[string]oneWay{
		"a word": {Word: "a"}, "a number": {Length: 1}, "bytes": {Bytes: prefixed("xa")}, "a struct": {Struct: unmarshaled{"A"}}, "a pointer": {Pointer: &unmarshaled{"A"}},
		"an item": {List: []quotedWord{"a"}}, "a value of a map": {Of: map[string]unmarshaled{"a": {}}}, "a key": {By: map[quotedWord]int{"a": 1}}, "text for people": {Told: told{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if faults := d.Read(make(config.LaunchValues), "it", given); len(faults) != 1 || !strings.Contains(faults[0].Error(), "give it as text, or give the type a method MarshalText") {
				t.Error(faults)
			}
		})
	}
}

func TestWhatCouldNotBeReadBackIsRefused(t *testing.T) {
	t.Parallel()
	type holding struct {
		Lossy  lossy
		Mutes  []mute
		Text   string
		Floats map[string]float64
	}
	d := definition(t, holding{})
	for want, given := range map[string]holding{
		"it.lossy: the config_test.lossy does not read the text that it writes: give it as text, or give the type a method MarshalText": {Lossy: lossy{5}},
		"it.mutes: [0]: the config_test.mute can't be written as text: give it as text, or give the type a method MarshalText":          {Mutes: []mute{{"x"}}},
		"it.text: expected text, not bytes that are no UTF-8":                                                                           {Text: "\xff"},
		"it.floats: [a]: expected a finite number":                                                                                      {Floats: map[string]float64{"a": math.Inf(1)}},
	} {
		if got := d.Read(make(config.LaunchValues), "it", given); len(got) != 1 || got[0].Error() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	t.Run("the text that a launch gives is stored as it is", func(t *testing.T) {
		t.Parallel()
		resolved, given, faults := launched(t, d, read(t, "resources: {it: {config: {lossy: abc, mutes: [x, '007']}}}"))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		again, faults := readBack(d, storedOf(t, d, given))
		if diff := cmp.Diff(resolved.Value.Interface(), again.Value.Interface(), cmp.AllowUnexported(lossy{}, mute{})); diff != "" || len(faults) > 0 {
			t.Errorf("%v (-given +read back)\n%s", faults, diff)
		}
	})
	t.Run("a number that JSON has no word for is refused in code too", func(t *testing.T) {
		t.Parallel()
		got := faultsOf(t, holding{Floats: map[string]float64{"a": math.NaN()}})
		if want := "config field Floats: its value in code: [a]: expected a finite number"; got != want {
			t.Errorf("got %s", got)
		}
	})
}
