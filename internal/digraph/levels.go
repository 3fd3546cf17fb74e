package digraph

// Levels returns the level of every node: 0 for one that needs nothing, else one
// more than the deepest of its needs. Needs that are not among nodes count as
// nodes. In a cycle the level of the node that the walk comes upon first is
// taken for 0 by the others.
func Levels[N comparable](nodes []N, needs func(N) []N) map[N]int {
	levels := make(map[N]int, len(nodes))
	var visit func(n N) int
	visit = func(n N) int {
		if level, ok := levels[n]; ok {
			return level
		}
		levels[n] = 0
		level := 0
		for _, need := range needs(n) {
			level = max(level, visit(need)+1)
		}
		levels[n] = level
		return level
	}
	for _, n := range nodes {
		visit(n)
	}
	return levels
}
