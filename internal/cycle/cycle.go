// Package cycle finds cycles in directed graphs.
package cycle

import "slices"

// Find returns every cycle that a walk from nodes along next comes upon, each
// as its path, without the first node repeated at the end. The walk takes nodes
// and next in their order, so the same graph gives the same cycles.
func Find[N comparable](nodes []N, next func(N) []N) [][]N {
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
