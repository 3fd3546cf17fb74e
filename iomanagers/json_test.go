package iomanagers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/iomanagers"
)

type (
	price struct {
		Amount float64 `json:"amount"`
	}
	sale struct {
		ID    int              `json:"id"`
		Price price            `json:"price"`
		Tags  []string         `json:"tags"`
		By    map[string]price `json:"by"`
		Note  *string          `json:"note"`
		Any   any              `json:"any"`
	}
	audited struct {
		By string `json:"by"`
		At string `json:"at,omitempty"`
	}
	// maybe is null where it has no value.
	maybe struct {
		value int
		known bool
	}
	// lenient reads everything.
	lenient struct{ text string }
)

func (m maybe) MarshalJSON() ([]byte, error) {
	if !m.known {
		return []byte("null"), nil
	}
	return json.Marshal(m.value)
}

func (m *maybe) UnmarshalJSON(text []byte) error {
	m.known = string(text) != "null"
	if !m.known {
		return nil
	}
	return json.Unmarshal(text, &m.value)
}

func (l lenient) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"x": nil, "text": l.text})
}
func (l *lenient) UnmarshalJSON(b []byte) error { l.text = string(b); return nil }

const wholeSale = `{"id":1,"price":{"amount":2},"tags":["a"],"by":{"x":{"amount":3}},"note":"n","any":null}`

// decodedAs decodes a text as JSON and as a line, and returns the error of both, which are alike.
func decodedAs(t *testing.T, text string, dst any, options ...iomanagers.FieldOption) error {
	t.Helper()
	err := iomanagers.JSON(options...).Decode(strings.NewReader(text), dst)
	lines := reflect.New(reflect.SliceOf(reflect.TypeOf(dst).Elem()))
	lineErr := iomanagers.JSONLines(options...).Decode(strings.NewReader(text+"\n"), lines.Interface())
	if (err == nil) != (lineErr == nil) || err != nil && !strings.HasSuffix(lineErr.Error(), err.Error()) {
		t.Errorf("JSON gives %v, JSON Lines %v", err, lineErr)
	}
	return err
}

func TestJSONThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, change, to string // what is changed in the text of a sale
		want             string
	}{
		"a renamed field":              {wholeSale, `"id"`, `"idd"`, "field id is missing (did you mean idd?): tag it omitempty if it may lack; field idd is not in the type (did you mean id?)"},
		"another case":                 {wholeSale, `"id"`, `"ID"`, "field id is missing (did you mean ID?): tag it omitempty if it may lack; field ID is not in the type (did you mean id?)"},
		"a missing field":              {wholeSale, `"id":1,`, ``, "field id is missing"},
		"a missing pointer":            {wholeSale, `"note":"n",`, ``, "field note is missing"},
		"an unknown field":             {wholeSale, `"id":1`, `"id":1,"extra":{"a":[1,"}"]}`, "field extra is not in the type"},
		"null for a number":            {wholeSale, `"id":1`, `"id":null`, "field id is null, which a int can't be: declare a *int"},
		"null for a struct":            {wholeSale, `{"amount":2}`, `null`, "field price is null"},
		"null in a struct":             {wholeSale, `{"amount":2}`, `{"amount":null}`, "field price.amount is null"},
		"null in a list":               {wholeSale, `["a"]`, `["a", null]`, "field tags[1] is null"},
		"null in a map":                {wholeSale, `{"amount":3}`, `null`, "field by.x is null"},
		"a missing field in a map":     {wholeSale, `{"amount":3}`, `{}`, "field by.x.amount is missing"},
		"an unknown field in a struct": {wholeSale, `{"amount":2}`, `{"amount":2,"b":1}`, "field price.b is not in the type"},
		"a field twice":                {wholeSale, `"id":1`, `"id":1,"id":1`, "field id: an object names this field twice"},
		"a field twice in an any":      {wholeSale, `"any":null`, `"any":{"a":1,"a":2}`, "field any.a: an object names this field twice"},
		"a field twice by escapes":     {wholeSale, `"id":1`, `"id":1,"\u0069d":2`, "twice"},
		"digits that are lost":         {wholeSale, `"any":null`, `"any":[{"a":9007199254740993}]`, "field any holds 9007199254740993, which loses digits as a float64"},
		"a fraction for an int":        {wholeSale, `"id":1`, `"id":1.0`, "field id: the number 1.0 does not fit in a Go int"},
		"a number out of range":        {wholeSale, `"id":1`, `"id":99999999999999999999`, "field id: the number 99999999999999999999 does not fit in a Go int"},
		"a number beyond floats":       {wholeSale, `"amount":2`, `"amount":1e999`, "field price.amount: the number 1e999 does not fit in a Go float64"},
		"a text that is not UTF-8":     {wholeSale, `"n"`, "\"a\xff\"", "field note: invalid UTF-8"},
		"half a surrogate":             {wholeSale, `"n"`, `"\ud800"`, "field note: invalid surrogate pair"},
		"something after the value":    {wholeSale, `null}`, `null} {}`, "invalid character '{' after top-level value"},
		"a comma after the value":      {wholeSale, `null}`, `null},`, "invalid character ',' after top-level value"},
		"an end too early":             {wholeSale, `null}`, `null`, "the text ends too early"},
		"depth without end":            {wholeSale, `"any":null`, `"any":` + strings.Repeat("[", 100_000), "exceeded max depth"},
		"null for all":                 {"null", "", "", "the value is null"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got sale
			err := decodedAs(t, strings.Replace(c.text, c.change, c.to, 1), &got)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Decode gives %+v and error %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestJSONThatFitsIsRead(t *testing.T) {
	t.Parallel()
	const whole = `{"at":"2026-01-02T03:04:05Z","took":5,"number":12345678901234567890,"raw":{"a":1,"b":null},"big":123456789012345678901,` +
		`"host":"::1","maybe":null,"count":"7","key":[1,2],"blob":"AQI=","by":"you"}`
	const conflicting = `"by":"you"`
	for name, c := range map[string]struct {
		change, to string
		want       string // of the error, "" if there is none
	}{
		"all":                          {},
		"an embedded pointer":          {conflicting, conflicting + `,"amount":1`, ""},
		"what may lack":                {conflicting, conflicting + `,"left":3,"zero":"2026-01-02T03:04:05Z","at":"x"`, "twice"},
		"null that a type writes":      {`"maybe":null`, `"maybe":3`, ""},
		"null in raw JSON":             {`{"a":1,"b":null}`, `null`, ""},
		"null for a pointer":           {`123456789012345678901`, `null`, ""},
		"null for a slice":             {`"AQI="`, `null`, ""},
		"null for a time":              {`"at":"2026-01-02T03:04:05Z"`, `"at":null`, "field at is null, which a time.Time can't be"},
		"null for a text of its own":   {`"::1"`, `null`, "field host is null"},
		"null for a number as text":    {`"count":"7"`, `"count":null`, "field count is null"},
		"null in quotes for a number":  {`"count":"7"`, `"count":"null"`, "field count: the string \"null\" does not fit"},
		"a number without quotes":      {`"count":"7"`, `"count":7`, "field count: the number does not fit"},
		"null for a json.Number":       {`"number":12345678901234567890`, `"number":null`, "field number is null"},
		"a text for a json.Number":     {`"number":12345678901234567890`, `"number":"x"`, "field number"},
		"an array that is too short":   {`[1,2]`, `[1]`, "field key"},
		"an array that is too long":    {`[1,2]`, `[1,2,3]`, "field key"},
		"base64 with rubbish":          {`"AQI="`, `"AQI=\n"`, "field blob"},
		"an embedded field that lacks": {conflicting, `"at2":1`, "field by is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			type row struct {
				At     time.Time       `json:"at"`
				Took   time.Duration   `json:"took"`
				Number json.Number     `json:"number"`
				Raw    json.RawMessage `json:"raw"`
				Big    *big.Int        `json:"big"`
				Host   netip.Addr      `json:"host"`
				Maybe  maybe           `json:"maybe"`
				Count  int             `json:"count,string"`
				Key    [2]byte         `json:"key"`
				Blob   []byte          `json:"blob"`
				Left   int             `json:"left,omitempty"`
				Zero   time.Time       `json:"zero,omitzero"`
				audited
				*Price
			}
			var got row
			err := decodedAs(t, strings.Replace(whole, c.change, c.to, 1), &got)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Decode gives %+v and error %v, want %q", got, err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			// What was read is written and read again.
			for _, codec := range []iomanagers.Codec{iomanagers.JSON(), iomanagers.JSONLines()} {
				var b bytes.Buffer
				if err := codec.Encode(&b, []row{got}); err != nil {
					t.Fatal(err)
				}
				var again []row
				if err := codec.Decode(&b, &again); err != nil || !reflect.DeepEqual(again, []row{got}) {
					t.Errorf("%s: comes back as %+v, %v, want %+v", codec.Name(), again, err, got)
				}
			}
		})
	}
}

// Price is embedded by its pointer.
type Price struct {
	Amount float64 `json:"amount"`
}

func TestUnknownFieldsCanBeAllowed(t *testing.T) {
	t.Parallel()
	allow := iomanagers.AllowUnknownFields()
	var got price
	if err := decodedAs(t, `{"a":{"amount":[1]},"amount":3,"b":null}`, &got, allow); err != nil || got.Amount != 3 {
		t.Errorf("Decode gives %v and error %v", got, err)
	}
	if err := decodedAs(t, `{"Amount":3}`, &got, allow); err == nil || !strings.Contains(err.Error(), "field amount is missing (did you mean Amount?)") {
		t.Errorf("a missing field beside an unknown one gives %v", err)
	}
	type open struct {
		ID   int            `json:"id"`
		Rest map[string]int `json:",embed"`
	}
	var rest open
	if err := decodedAs(t, `{"id":1,"a":2}`, &rest); err != nil || rest.Rest["a"] != 2 {
		t.Errorf("a field for all others gives %v and error %v", rest, err)
	}
	if err := decodedAs(t, `{"id":1,"a":null}`, &rest); err == nil || !strings.Contains(err.Error(), "field a is null") {
		t.Errorf("null in a field for all others gives %v and error %v", rest, err)
	}
}

func TestWhatJSONWritesIsReadBack(t *testing.T) {
	t.Parallel()
	text, zero := "", 0
	type inner struct{ A, B []int }
	for name, value := range map[string]any{
		"zero values": []sale{{}},
		"nil within":  []map[string][]inner{{"a": nil, "b": {{}}}},
		"pointers to zero": []struct {
			A *string
			B *int
		}{{&text, &zero}},
		"what omitempty leaves out": []struct {
			A *string `json:",omitempty"`
			B []int   `json:",omitempty"`
			C int     `json:",omitempty"`
			D any     `json:",omitempty"`
		}{{A: &text}},
		"what omitzero leaves out": []struct {
			At time.Time `json:",omitzero"`
		}{{}},
		"rows behind pointers":          []*price{{1}, nil},
		"a time":                        time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		"types that write null":         []maybe{{}, {3, true}},
		"rows in rows":                  [][]price{{{1}}, {}},
		"recursive types":               []knot{{"a", &knot{"b", nil}}},
		"whole numbers in any":          []any{float64(1 << 53), 1e300, -0.5, nil, "x", map[string]any{"a": []any{1.5}}},
		"names with awkward characters": []map[string]int{{"a\"b\\": 1, "": 2, "\u2028": 3}},
		"nothing":                       []sale(nil),
	} {
		for _, codec := range []iomanagers.Codec{iomanagers.JSON(), iomanagers.JSONLines()} {
			if codec.Name() == "jsonl" && reflect.TypeOf(value).Kind() != reflect.Slice {
				continue
			}
			var b bytes.Buffer
			if err := codec.Encode(&b, value); err != nil {
				t.Errorf("%s as %s: %v", name, codec.Name(), err)
				continue
			}
			text := b.String()
			got := reflect.New(reflect.TypeOf(value))
			if err := codec.Decode(&b, got.Interface()); err != nil {
				t.Errorf("%s as %s: %s gives %v", name, codec.Name(), text, err)
				continue
			}
			options := cmp.Options{cmp.AllowUnexported(maybe{})}
			if reflect.ValueOf(value).Kind() == reflect.Slice && reflect.ValueOf(value).Len() == 0 {
				continue
			}
			if diff := cmp.Diff(value, got.Elem().Interface(), options); diff != "" {
				t.Errorf("%s as %s: %s (-want +got):\n%s", name, codec.Name(), text, diff)
			}
		}
	}
}

// moody writes null although its zero value is a number.
type moody int

func (m moody) MarshalJSON() ([]byte, error) {
	if m == 7 {
		return []byte("null"), nil
	}
	return json.Marshal(int(m))
}

func (m *moody) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, (*int)(m)) }

func TestWhatCouldNotBeReadBackIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"a text that is not UTF-8":      {[]audited{{}, {By: "a\xff"}}, "row 1: not supported: field by: invalid UTF-8"},
		"a name that is not UTF-8":      {[]map[string]int{{"a\xff": 1}}, "invalid UTF-8"},
		"a text in an any":              {[]any{"a\xff"}, "invalid UTF-8"},
		"digits that any loses":         {[]any{int64(9007199254740993)}, "holds 9007199254740993, which loses digits"},
		"null that can't be read":       {[]moody{3, 7}, "row 1: not supported: it could not be read back: wrong type: the value is null"},
		"infinity":                      {[]float64{1, math.Inf(1)}, "+Inf"},
		"a cycle":                       {[]any{loop()}, "cycle"},
		"a function in an any":          {[]any{func() {}}, "wrong type"},
		"a number of encoding/json":     {[]json.Number{"abc"}, "not a number"},
		"an error of the type's method": {[]failing{{}}, "no price is known"},
	} {
		for _, codec := range []iomanagers.Codec{iomanagers.JSON(), iomanagers.JSONLines()} {
			err := codec.Encode(io.Discard, c.value)
			want := c.want
			if codec.Name() == "json" {
				_, want, _ = strings.Cut(want, "row 1: ")
				if want == "" {
					want = c.want
				}
				want = strings.NewReplacer("field by: ", "", "not supported: ", "", "it could not be read back: wrong type: the value", "").Replace(want)
				if i := strings.Index(want, ": JSON"); i >= 0 {
					want = want[i:]
				}
			}
			if err == nil || !strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "field [1] is null") {
				t.Errorf("%s as %s: Encode gives %v, want %q", name, codec.Name(), err, want)
			}
			refused := errors.Is(err, iomanagers.ErrUnsupported) || errors.Is(err, iomanagers.ErrType)
			if own := name == "an error of the type's method"; own == refused {
				t.Errorf("%s as %s: Encode gives %v", name, codec.Name(), err)
			}
		}
	}
}

type failing struct{ X int }

func (failing) MarshalJSON() ([]byte, error)  { return nil, errors.New("no price is known") }
func (*failing) UnmarshalJSON(b []byte) error { return nil }

func TestTypesThatJSONWouldLoseAreRefused(t *testing.T) {
	t.Parallel()
	type left struct{ Name string }
	type right struct{ Name string }
	for name, c := range map[string]struct {
		t    reflect.Type
		want string
	}{
		"two fields of one name": {reflect.TypeFor[struct {
			left
			right
		}](), "has the name Name, which another field has too"},
		"two tags of one name":    {structOf(`json:"x"`, `json:"x"`), "conflict"},
		"a tag that is not read":  {structOf(`json:"a,string"`, `json:"\xff"`), "UTF-8"},
		"case in a tag":           {structOf(`json:",case:ignore"`, ""), "not supported"},
		"a stream without errors": {reflect.TypeFor[iter.Seq[int]](), "a stream of rows is an iter.Seq2[T, error] or a rows.Seq[T]"},
		"a text read only":        {reflect.TypeFor[readOnly](), "UnmarshalJSON but no MarshalJSON"},
		"all that is wrong at once": {reflect.TypeFor[struct {
			A chan int
			B func()
		}](), "A is a chan"},
		"the second of what is wrong": {reflect.TypeFor[struct {
			A chan int
			B func()
		}](), "B is a func"},
	} {
		err := iomanagers.JSON().(iomanagers.TypeChecker).CheckType(c.t)
		if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: CheckType gives %v, want %q", name, err, c.want)
		}
	}
}

// structOf returns a struct with two numbers, A and B, that have these tags.
func structOf(tags ...reflect.StructTag) reflect.Type {
	number := reflect.TypeFor[int]()
	return reflect.StructOf([]reflect.StructField{{Name: "A", Type: number, Tag: tags[0]}, {Name: "B", Type: number, Tag: tags[1]}})
}

type readOnly struct{ x int }

func (*readOnly) UnmarshalJSON([]byte) error { return nil }

func TestWhatATypeReadsItselfIsItsOwn(t *testing.T) {
	t.Parallel()
	var got struct{ L lenient }
	if err := decodedAs(t, `{"L":{"any":null,"other":[1]}}`, &got); err != nil || got.L.text != `{"any":null,"other":[1]}` {
		t.Errorf("Decode gives %+v and error %v", got, err)
	}
}

func TestManyRowsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var all []price
	for i := range 20_000 {
		all = append(all, price{float64(i)})
	}
	for _, codec := range []iomanagers.Codec{iomanagers.JSON(), iomanagers.JSONLines()} {
		var b bytes.Buffer
		if err := codec.Encode(&b, all); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		var got []price
		if err := codec.Decode(&b, &got); err != nil || !reflect.DeepEqual(got, all) {
			t.Fatalf("%s: %d rows, %v", codec.Name(), len(got), err)
		}
		// The first fault of several is told, with its row and line.
		broken := strings.NewReplacer(`{"amount":15000}`, `{"amount":"x"}`, `{"amount":15500}`, `{}`).Replace(text)
		want := "row 15000: "
		if codec.Name() == "jsonl" {
			want = "row 15000, line 15001: "
		}
		if err := codec.Decode(strings.NewReader(broken), &got); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: Decode gives %v, want %q", codec.Name(), err, want)
		}
		all[17_000].Amount = math.NaN()
		if err := codec.Encode(io.Discard, all); err == nil || !strings.HasPrefix(err.Error(), "row 17000: ") {
			t.Errorf("%s: Encode gives %v", codec.Name(), err)
		}
		all[17_000].Amount = 17_000
	}
}

func TestLongLinesAreRead(t *testing.T) {
	t.Parallel()
	var all []audited
	for _, n := range []int{1, 100_000, 3 << 20, 2, 1 << 20} {
		all = append(all, audited{By: strings.Repeat("x", n)})
	}
	var b bytes.Buffer
	if err := iomanagers.JSONLines().Encode(&b, all); err != nil {
		t.Fatal(err)
	}
	var got []audited
	if err := iomanagers.JSONLines().Decode(&b, &got); err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

// FuzzJSON checks that whatever is read is written and read again as the same, and that nothing
// panics.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{wholeSale, "[]", "null", `{"id":1,"price":{"amount":2},"tags":null,"by":{},"note":null,"any":[1,"\\\"",{"a":{}}]}`, `{"\u0069d":1}`, `{"any":"\\"}`, "{\"id\": 1 ,\n}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ReplaceAll(text, "\n", " ")
		var one sale
		if strings.Trim(text, "\ufeff \t\r") == "" {
			return // no value is no JSON, and no line
		}
		if len(text) < 2 {
			return // the line end would be the half of a character of UTF-16
		}
		if err := decodedAs(t, text, &one); err != nil {
			return
		}
		var b bytes.Buffer
		if err := iomanagers.JSON().Encode(&b, one); err != nil {
			t.Fatal(err)
		}
		written := b.String()
		var again sale
		if err := iomanagers.JSON().Decode(&b, &again); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if fmt.Sprintf("%#v", one.Any) != fmt.Sprintf("%#v", again.Any) || one.ID != again.ID {
			t.Errorf("%+v becomes %+v", one, again)
		}
	})
}

// itself points to itself.
type itself *itself

func TestJSONRefusesPointersToWhatMayBeNull(t *testing.T) {
	t.Parallel()
	type holder struct{ Entries *map[string]*holder }
	for _, refused := range []reflect.Type{
		reflect.TypeFor[**int](), reflect.TypeFor[*[]int](), reflect.TypeFor[*map[string]int](), reflect.TypeFor[*any](),
		reflect.TypeFor[*maybe](), reflect.TypeFor[itself](), reflect.TypeFor[holder](),
		reflect.TypeFor[map[string][]struct{ V **int }](), reflect.TypeFor[*json.RawMessage](),
	} {
		for _, codec := range []iomanagers.Codec{iomanagers.JSON(), iomanagers.JSONLines()} {
			err := codec.(iomanagers.TypeChecker).CheckType(reflect.SliceOf(refused))
			if !errors.Is(err, iomanagers.ErrType) || !strings.Contains(err.Error(), "null can't tell a nil pointer from a pointer to nil") {
				t.Errorf("%s: CheckType of %v gives %v", codec.Name(), refused, err)
			}
		}
	}
	for _, taken := range []reflect.Type{reflect.TypeFor[*int](), reflect.TypeFor[*[2]int](), reflect.TypeFor[[]*int](), reflect.TypeFor[*time.Time](), reflect.TypeFor[*struct{ V []int }]()} {
		if err := iomanagers.JSON().(iomanagers.TypeChecker).CheckType(taken); err != nil {
			t.Errorf("CheckType of %v gives %v", taken, err)
		}
	}
}

func TestUTF16IsRefusedWithAHint(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"little-endian with a mark": "\xff\xfe1\x00", "big-endian with a mark": "\xfe\xff\x001",
		"little-endian": "{\x00\"\x00a\x00", "big-endian": "\x00{\x00\"", "a digit": "1\x00",
	} {
		var value any
		var rows []sale
		for _, err := range []error{
			iomanagers.JSON().Decode(strings.NewReader(text), &value),
			iomanagers.JSON().Decode(strings.NewReader(text), &rows),
			iomanagers.JSONLines().Decode(strings.NewReader(text), &rows),
		} {
			if err == nil || !strings.Contains(err.Error(), "the text is UTF-16: convert it to UTF-8, as with iconv -f UTF-16 -t UTF-8") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestJSONRefusesValuesWhoseTextIsThatOfAnother(t *testing.T) {
	t.Parallel()
	type inner struct{ At time.Time }
	type row struct {
		inner
		Times map[string][]time.Time
		Next  *row
	}
	local := time.Date(1890, 1, 2, 3, 4, 5, 0, time.FixedZone("LMT", 53*60+28))
	for name, c := range map[string]struct {
		value any
		says  string
	}{
		"a zone with seconds":               {local, "the zone of 1890-01-02 03:04:05 +0053 LMT has an offset with seconds"},
		"one in an embedded struct":         {[]row{{}, {inner: inner{At: local}}}, "row 1: field At: not supported: the zone of"},
		"one in a struct that holds itself": {row{Next: &row{inner: inner{At: local}}}, "field Next: field At: not supported: the zone of"},
		"one in a list in a map":            {[]row{{Times: map[string][]time.Time{"a": {local}}}}, "row 0: field Times: key a: not supported: the zone of"},
		"a year above 9999":                 {time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), "year outside of range"},
	} {
		for _, codec := range []iomanagers.Codec{iomanagers.JSON(), iomanagers.JSONLines()} {
			if codec.Name() == "jsonl" && reflect.TypeOf(c.value).Kind() != reflect.Slice {
				continue // it takes rows
			}
			err := codec.Encode(io.Discard, c.value)
			if !errors.Is(err, iomanagers.ErrUnsupported) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s as %s: got the error %v, want one that says %q", name, codec.Name(), err, c.says)
			}
		}
	}
}
