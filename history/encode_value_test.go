package history_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
)

// ring is a list whose end is its beginning.
type ring struct {
	Name string
	Next *ring
	Own  map[string]any
}

// parent has a way back that encoding/json does not go.
type parent struct {
	Name  string
	child *childOfParent
}

type childOfParent struct{ up *parent }

// endless gives a new value of its kind each time.
type endless struct{ at int }

func (e endless) LogValue() slog.Value { return slog.GroupValue(slog.Any("next", endless{e.at + 1})) }

// deepText writes itself in more levels than a value may have.
type deepText struct{ levels int }

func (d deepText) MarshalJSON() ([]byte, error) {
	return []byte(strings.Repeat("[", d.levels) + strings.Repeat("]", d.levels)), nil
}

// broken can't be written as JSON, and fmt would not come to its end.
type broken struct{ own map[string]any }

func (broken) MarshalJSON() ([]byte, error) { return nil, errors.New("broken") }

type leaving struct{}

func (leaving) MarshalJSON() ([]byte, error) { runtime.Goexit(); return nil, nil }

func nested(levels int) any {
	var value any = "end"
	for range levels {
		value = []any{value}
	}
	return value
}

func nestedAttrs(levels int) any {
	var value any = "end"
	for range levels {
		value = history.Attrs{{Name: "a", Value: value}}
	}
	return value
}

func shared(levels int) any {
	value := []any{"end"}
	for range levels {
		value = []any{value, value}
	}
	return value
}

func TestEveryValueCanBeRecorded(t *testing.T) {
	t.Parallel()
	self := map[string]any{"name": "self"}
	self["again"] = self
	list := []any{1}
	list[0] = list
	named := history.Values{}
	named["again"] = named
	r := &ring{Name: "one"}
	r.Next = &ring{Name: "two", Next: r}
	through := &ring{Own: self}
	p := &parent{Name: "p"}
	p.child = &childOfParent{up: p}
	group := make([]slog.Attr, 1)
	group[0] = slog.Attr{Key: "again", Value: slog.GroupValue(group...)}
	attrs := history.Attrs{{Name: "again"}}
	attrs[0].Value = attrs
	pointer := new(any)
	*pointer = pointer
	broken := broken{own: self}
	for name, test := range map[string]struct {
		value any
		want  string // the JSON, or the beginning of it
	}{
		"a map that holds itself":                  {self, `"not recorded: a map[string]interface {} that refers to itself`},
		"a named map that holds itself":            {named, `"not recorded: a history.Values that refers to itself`},
		"a list that holds itself":                 {list, `"not recorded: a []interface {} that refers to itself`},
		"a list in a list that holds itself":       {[]any{1, list}, `"not recorded: `},
		"a ring of structs":                        {r, `"not recorded: a *history_test.ring that refers to itself`},
		"a struct with a map that holds itself":    {through, `"not recorded: `},
		"a pointer to itself":                      {pointer, `"not recorded: `},
		"attributes that hold themselves":          {group, ``},
		"a way back that JSON does not go":         {p, `{"Name":"p"}`},
		"a value that only fmt can write, endless": {broken, `"not recorded: a history_test.broken that refers to itself`},
		"a LogValuer without an end":               {endless{}, ``},
		"a value that is nested too deeply":        {nested(101), `"not recorded: a []interface {} that is nested more than 100 levels deep`},
		"a value that is nested very deeply":       {nested(1_000_000), `"not recorded: `},
		"a value that is nested just so":           {nested(90), `[[[[[[`},
		"JSON that is nested too deeply":           {deepText{101}, `"not recorded: a history_test.deepText that is nested`},
		"a value with parts without number":        {shared(60), `"not recorded: a []interface {} that has more than 1000000 parts`},
		"a value that is there twice":              {[]any{[]int{1}, []int{1}}, `[[1],[1]]`},
		"a duration":                               {1500 * time.Millisecond, `"1.5s"`},
		"a duration in a list":                     {[]time.Duration{time.Second}, `["1s"]`},
		"a duration in a map":                      {map[string]any{"took": time.Minute}, `{"took":"1m0s"}`},
		"a duration in an attribute":               {slog.GroupValue(slog.Duration("took", time.Hour)), `{"took":"1h0m0s"}`},
		"a duration in a list of lists":            {[][]any{{time.Second}}, `[["1s"]]`},
		"a duration in a map of numbers":           {map[int]time.Duration{2: time.Second}, `{"2":"1s"}`},
		"a duration in a map of texts":             {map[netip.Addr]time.Duration{{}: time.Second}, `{"":"1s"}`},
		"a duration in a map of numbers in a map":  {map[string]map[uint8][]time.Duration{"a": {1: {time.Second}}}, `{"a":{"1":["1s"]}}`},
		"a duration as a key":                      {map[time.Duration]int{time.Minute: 1}, `{"1m0s":1}`},
		"a key that is no name":                    {map[bool]time.Duration{true: time.Second}, `"map[true:1s]"`},
		"a duration in attributes":                 {history.Attrs{{Name: "took", Value: time.Minute}, {Name: "a", Value: 1}}, `{"took":"1m0s","a":1}`},
		"attributes of slog in a list":             {[]any{[]slog.Attr{slog.Int("b", 1), slog.Int("a", 2), slog.Int("b", 3)}}, `[{"b":3,"a":2}]`},
		"attributes that refer to themselves":      {attrs, `"not recorded: a history.Attrs that refers to itself`},
		"attributes that are nested just so":       {nestedAttrs(90), `{"a":{"a":{`},
		"attributes that are nested too deeply":    {nestedAttrs(101), `"not recorded: a history.Attrs that is nested`},
		"nothing of attributes":                    {history.Attrs(nil), `null`},
		"a pointer to a duration":                  {new(time.Duration), `"0s"`},
		"an error in a map":                        {map[string]error{"why": errors.New("boom")}, `{"why":"boom"}`},
		"no number":                                {[]float64{1, math.NaN()}, `[1,"NaN"]`},
		"a channel in a struct":                    {struct{ C chan int }{}, `"{`},
		"bytes":                                    {[]byte("abc"), `"YWJj"`},
		"nothing of a type":                        {map[string]any(nil), `null`},
		"keys that are numbers":                    {map[int]string{2: "b", 1: "a"}, `{"1":"a","2":"b"}`},
		"what ends the goroutine":                  {leaving{}, `"ending the goroutine while encoding a history_test.leaving"`},
		"what ends the goroutine, in a list":       {[]any{leaving{}}, `"ending the goroutine while encoding a []interface {}"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded, err := json.Marshal(history.Values{"value": test.value})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(string(encoded), `{"value":`); !strings.HasPrefix(got, test.want) || len(got) > 3000 {
				t.Errorf("got %.200s, want %s", got, test.want)
			}
			if test.want == "" && !strings.Contains(string(encoded), "not recorded: ") {
				t.Errorf("nothing shows that it was cut: %s", encoded)
			}
			var back history.Values
			if err := json.Unmarshal(encoded, &back); err != nil {
				t.Errorf("it can't be read: %v", err)
			}
		})
	}
}

func TestAValueThatIsTooLargeIsReplacedByATextThatSaysSo(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 50<<20)
	for name, test := range map[string]struct {
		value any
		want  string
	}{
		"a text":                   {long, "not recorded: a string of 52428800 bytes, where at most 1048576 are recorded"},
		"JSON":                     {json.RawMessage(`"` + long + `"`), "not recorded: a json.RawMessage of 52428802 bytes"},
		"a list":                   {make([]int, 1<<20), "not recorded: a []int of 2097153 bytes"},
		"a text in a map":          {map[string]any{"a": long}, "not recorded: a map[string]interface {} of"},
		"an error":                 {errors.New(long), "not recorded: a *errors.errorString of"},
		"a text that is just fine": {long[:1<<20], "xxxxxx"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values := history.Values{"it": test.value, "small": 1}.Settled()
			attrs := history.Attrs{{Name: "it", Value: test.value}}.Settled()
			for _, got := range []any{values["it"], attrs.Get("it")} {
				if text, _ := got.(string); !strings.HasPrefix(text, test.want) {
					t.Errorf("got %.100v, want %s", got, test.want)
				}
			}
			if values["small"] != 1 {
				t.Errorf("another value is %v", values["small"])
			}
		})
	}
	t.Run("a value that is stored is read as it is", func(t *testing.T) {
		t.Parallel()
		text, err := json.Marshal(history.Values{"it": long})
		if err != nil || len(text) < len(long) {
			t.Errorf("got %d bytes, %v", len(text), err)
		}
	})
}

func TestCheckValue(t *testing.T) {
	t.Parallel()
	self := map[string]any{}
	self["again"] = self
	for _, value := range []any{nil, 1, "a", []int{1}, nested(50), time.Now(), errors.New("boom"), struct{ a *int }{}} {
		if err := history.CheckValue(value); err != nil {
			t.Errorf("%T: %v", value, err)
		}
	}
	for _, value := range []any{self, &self, struct{ own any }{self}, nested(200), shared(60)} {
		if err := history.CheckValue(value); err == nil {
			t.Errorf("%T is called harmless", value)
		}
	}
	if got := fmt.Sprint(history.CheckValue(self)); got != "a map[string]interface {} that refers to itself" {
		t.Errorf("got %s", got)
	}
}
