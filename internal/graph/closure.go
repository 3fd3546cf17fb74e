package graph

import (
	"slices"
	"strings"
)

// Closure returns the resources that the targets need, directly or through
// other resources, in an order in which they may start: by level, then by key.
func Closure(targets []*Target) []*Node {
	var roots []*Node
	for _, target := range targets {
		roots = append(roots, target.needs...)
	}
	return ClosureOf(roots)
}

// ClosureOf returns resources together with all resources that they need.
func ClosureOf(roots []*Node) []*Node {
	seen := make(map[*Node]bool)
	var nodes []*Node
	var visit func(n *Node)
	visit = func(n *Node) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, need := range n.Needs {
			visit(need)
		}
		nodes = append(nodes, n)
	}
	for _, n := range roots {
		visit(n)
	}
	slices.SortFunc(nodes, CompareStart)
	return nodes
}

// CompareStart compares resources by the order in which they may start: by
// level, then by key.
func CompareStart(a, b *Node) int {
	if a.level != b.level {
		return a.level - b.level
	}
	return strings.Compare(a.Key, b.Key)
}
