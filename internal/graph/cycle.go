package graph

import "github.com/fxrun/fxrun/internal/digraph"

// findCycles reports every cycle of resources that need each other, each with
// its whole path. It visits resources by key, so the report does not depend on
// the order of definitions.
func (g *Graph) findCycles() []error {
	var faults []error
	for _, path := range digraph.Cycles(g.Nodes, (*Node).needed) {
		faults = append(faults, digraph.CycleFault("resources", path,
			func(n *Node) string { return n.Key },
			func(n *Node) string { return n.Function.Name + ", " + n.Position }))
	}
	return faults
}

func (n *Node) needed() []*Node { return n.Needs }

// setLevels sets the level of each resource, which is its place in the order of
// starts.
func (g *Graph) setLevels() {
	levels := digraph.Levels(g.Nodes, (*Node).needed)
	for _, n := range g.Nodes {
		n.level = levels[n]
	}
}
