package host_test

import (
	"math"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/fxrun/fxrun/internal/host"
)

func TestSame(t *testing.T) {
	t.Parallel()
	type inner struct {
		call func() int
		tags []string
	}
	type settings struct {
		Limits map[string]int
		hidden any
		inner  inner
		Names  [2]string
	}
	counter := 0
	count := func() func() int { n := 0; return func() int { n++; counter += n; return n } }
	one, other := count(), count()
	tags, limits := []string{"a", "b"}, map[string]int{"a": 1}
	whole := settings{limits, one, inner{one, tags}, [2]string{"x", "y"}}
	changed := func(change func(*settings)) settings {
		s := whole
		change(&s)
		return s
	}
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, test := range map[string]struct {
		a, b any
		want bool
	}{
		"numbers":                        {1, 1, true},
		"other numbers":                  {1, 2, false},
		"other types":                    {1, int64(1), false},
		"texts":                          {"text", string([]byte("text")), true},
		"NaN":                            {math.NaN(), math.NaN(), true},
		"complex NaN":                    {complex(math.NaN(), 1), complex(math.NaN(), 1), true},
		"complex numbers":                {complex(1, 2), complex(1, 3), false},
		"a pointer":                      {&counter, &counter, true},
		"another pointer":                {new(int), new(int), false},
		"a function":                     {one, one, true},
		"another closure of a function":  {one, other, false},
		"nil functions":                  {(func())(nil), (func())(nil), true},
		"a slice":                        {tags, tags, true},
		"an equal slice":                 {tags, slices.Clone(tags), false},
		"a part of a slice":              {tags, tags[:1], false},
		"a map":                          {limits, limits, true},
		"an equal map":                   {limits, map[string]int{"a": 1}, false},
		"a struct":                       {whole, whole, true},
		"a struct with another function": {whole, changed(func(s *settings) { s.inner.call = other }), false},
		"a struct with an equal slice":   {whole, changed(func(s *settings) { s.inner.tags = slices.Clone(tags) }), false},
		"a struct with another text":     {whole, changed(func(s *settings) { s.Names[1] = "z" }), false},
		"a struct with another function in an interface": {whole, changed(func(s *settings) { s.hidden = other }), false},
		"a struct with nil in an interface":              {whole, changed(func(s *settings) { s.hidden = nil }), false},
		"equal numbers in an interface":                  {changed(func(s *settings) { s.hidden = 1000 }), changed(func(s *settings) { s.hidden = 1000 }), true},
		"other types in an interface":                    {changed(func(s *settings) { s.hidden = 1 }), changed(func(s *settings) { s.hidden = "1" }), false},
		"a handler":                                      {struct{ http.Handler }{handler}, struct{ http.Handler }{handler}, true},
	} {
		if got := host.Same(reflect.ValueOf(test.a), reflect.ValueOf(test.b)); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if host.Same(reflect.Value{}, reflect.ValueOf(1)) || !host.Same(reflect.Value{}, reflect.Value{}) {
		t.Error("a missing value is the same as a missing one only")
	}
}
