package graph

import "github.com/fxrun/fxrun/internal/digraph"

// findCycles reports every cycle along the needs, each by its whole path.
// Resources are visited by key, so the report is the same whatever the order of
// definitions.
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

// setLevels gives each resource its place in the order of starting.
func (g *Graph) setLevels() {
	levels := digraph.Levels(g.Nodes, (*Node).needed)
	for _, n := range g.Nodes {
		n.level = levels[n]
	}
}
