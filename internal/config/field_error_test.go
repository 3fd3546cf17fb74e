package config_test

import (
	"strings"
	"testing"
)

func TestAnErrorSaysWhatAFieldTakes(t *testing.T) {
	t.Parallel()
	type fields struct {
		Bytes []byte
		List  []int
		Map   map[string]int
	}
	for given, want := range map[string]string{
		"bytes: [104, 105]": "expected text, or {base64: TEXT}, not a list",
		"bytes: 5":          "",
		"list: {a: 1}":      "expected a list, not a map",
		"map: [1]":          "expected a map, not a list",
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			_, _, faults := launched(t, definition(t, fields{}), read(t, "resources: {it: {config: {"+given+"}}}"))
			if got := strings.Join(texts(faults), "\n"); !strings.HasSuffix(got, want) || (want == "") != (got == "") {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
