package digraph_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/digraph"
)

func TestCycles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		next map[string][]string
		want [][]string
	}{
		"nothing in a tree":     {map[string][]string{"a": {"b", "c"}}, nil},
		"nothing in a diamond":  {map[string][]string{"a": {"b", "c"}, "b": {"d"}, "c": {"d"}}, nil},
		"a node of itself":      {map[string][]string{"b": {"b"}}, [][]string{{"b"}}},
		"the path, not the way": {map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"b"}}, [][]string{{"b", "c"}}},
		"two that share a node": {map[string][]string{"a": {"b", "c"}, "b": {"a"}, "c": {"a"}}, [][]string{{"a", "b"}, {"a", "c"}}},
		"two apart":             {map[string][]string{"a": {"b"}, "b": {"a"}, "c": {"d"}, "d": {"c"}}, [][]string{{"a", "b"}, {"c", "d"}}},
	} {
		t.Run("finds "+name, func(t *testing.T) {
			t.Parallel()
			got := digraph.Cycles([]string{"a", "b", "c", "d"}, func(n string) []string { return test.next[n] })
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
