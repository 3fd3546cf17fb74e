package history_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

func TestAttrsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		attrs history.Attrs
		want  string
		back  history.Attrs
	}{
		"of any values": {
			history.Attrs{{Name: "z", Value: 1}, {Name: "a", Value: time.Second}, {Name: "m", Value: map[string]int{"b": 1, "a": 2}}},
			`{"z":1,"a":"1s","m":{"a":2,"b":1}}`,
			history.Attrs{
				{Name: "z", Value: json.Number("1")},
				{Name: "a", Value: "1s"},
				{Name: "m", Value: history.Attrs{{Name: "a", Value: json.Number("2")}, {Name: "b", Value: json.Number("1")}}},
			},
		},
		"of groups and lists": {
			history.Attrs{{Name: "g", Value: history.Attrs{{Name: "z", Value: nil}, {Name: "a", Value: []any{history.Attrs{{Name: "y", Value: true}, {Name: "x", Value: "t"}}}}}}},
			`{"g":{"z":null,"a":[{"y":true,"x":"t"}]}}`,
			history.Attrs{{Name: "g", Value: history.Attrs{{Name: "z", Value: nil}, {Name: "a", Value: []any{history.Attrs{{Name: "y", Value: true}, {Name: "x", Value: "t"}}}}}}},
		},
		"with the last value of a name": {
			history.Attrs{{Name: "a", Value: "1"}, {Name: "b", Value: "2"}, {Name: "a", Value: "3"}},
			`{"a":"3","b":"2"}`,
			history.Attrs{{Name: "a", Value: "3"}, {Name: "b", Value: "2"}},
		},
		"with names that are no UTF-8": {
			history.Attrs{{Name: "a\xff\xff", Value: "1"}, {Name: "a\xfe\xfe", Value: "2"}, {Name: "\x1b\"", Value: "3"}},
			`{"a��":"2","\u001b\"":"3"}`,
			history.Attrs{{Name: "a��", Value: "2"}, {Name: "\x1b\"", Value: "3"}},
		},
		"where there are none": {history.Attrs{}, `{}`, history.Attrs{}},
		"where they are nil":   {nil, `null`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, attrs := range map[string]history.Attrs{"as given": test.attrs, "settled": test.attrs.Settled()} {
				if (attrs == nil) != (test.attrs == nil) {
					t.Errorf("%s they are %#v", how, attrs)
				}
				encoded, err := json.Marshal(attrs)
				if err != nil {
					t.Fatal(err)
				}
				var back history.Attrs
				if err := json.Unmarshal(encoded, &back); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, string(encoded)) + cmp.Diff(test.back, back); diff != "" {
					t.Errorf("%s they differ (-want +got):\n%s", how, diff)
				}
			}
		})
	}
	for _, text := range []string{`[]`, `"a"`, `1`, `{"a":}`, `{`} {
		attrs := history.Attrs{}
		if err := attrs.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s was read as %v", text, attrs)
		}
	}
}

func TestAttrsGet(t *testing.T) {
	t.Parallel()
	attrs := history.Attrs{{Name: "a", Value: 1}, {Name: "b", Value: 2}, {Name: "a", Value: 3}}
	if attrs.Get("a") != 3 || attrs.Get("b") != 2 || attrs.Get("c") != nil || history.Attrs(nil).Get("a") != nil {
		t.Errorf("got %v, %v, %v", attrs.Get("a"), attrs.Get("b"), attrs.Get("c"))
	}
}
