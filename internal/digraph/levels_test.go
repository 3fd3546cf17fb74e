package digraph_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/digraph"
)

func TestLevels(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		needs map[string][]string
		want  map[string]int
	}{
		"a node that needs nothing has level 0": {
			needs: map[string][]string{"a": nil}, want: map[string]int{"a": 0},
		},
		"the deepest need counts": {
			needs: map[string][]string{"a": nil, "b": {"a"}, "c": {"a", "b"}}, want: map[string]int{"a": 0, "b": 1, "c": 2},
		},
		"a need that is not among the nodes counts as one": {
			needs: map[string][]string{"b": {"a"}}, want: map[string]int{"a": 0, "b": 1},
		},
		"a cycle comes to an end": {
			needs: map[string][]string{"a": {"a"}}, want: map[string]int{"a": 1},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nodes := make([]string, 0, len(test.needs))
			for node := range test.needs {
				nodes = append(nodes, node)
			}
			got := digraph.Levels(nodes, func(node string) []string { return test.needs[node] })
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
