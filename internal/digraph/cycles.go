// Package digraph walks directed graphs: it finds their cycles, and the levels
// of their nodes.
package digraph

import (
	"fmt"
	"slices"
	"strings"
)

// Cycles returns every cycle that a walk from nodes along next comes upon, each
// as its path, without the first node repeated at the end. The walk takes nodes
// and next in their order, so the same graph gives the same cycles.
func Cycles[N comparable](nodes []N, next func(N) []N) [][]N {
	const (
		unseen = iota
		onPath
		done
	)
	state := make(map[N]int, len(nodes))
	var cycles [][]N
	var path []N
	var visit func(n N)
	visit = func(n N) {
		state[n] = onPath
		path = append(path, n)
		for _, other := range next(n) {
			switch state[other] {
			case unseen:
				visit(other)
			case onPath:
				cycles = append(cycles, slices.Clone(path[slices.Index(path, other):]))
			}
		}
		path = path[:len(path)-1]
		state[n] = done
	}
	for _, n := range nodes {
		if state[n] == unseen {
			visit(n)
		}
	}
	return cycles
}

// CycleFault describes one cycle of what people call kind, such as "resources":
// its whole path, then a line for each node with what it needs. name is how a
// node is called, and origin says where it comes from, as in "function,
// file:line".
func CycleFault[N any](kind string, path []N, name, origin func(N) string) error {
	names := make([]string, 0, len(path)+1)
	var lines strings.Builder
	for i, n := range path {
		names = append(names, name(n))
		fmt.Fprintf(&lines, "\n%s (%s) needs %s", name(n), origin(n), name(path[(i+1)%len(path)]))
	}
	return fmt.Errorf("%s need each other: %s -> %s%s", kind, strings.Join(names, " -> "), names[0], lines.String())
}
