package container

import "github.com/fxrun/fxrun/internal/digraph"

// findCycles reports every cycle along the needs, each by its whole path.
// Resources are visited by key, so the report is the same whatever the order of
// definitions.
func (c *Container) findCycles() []error {
	var faults []error
	for _, path := range digraph.Cycles(c.nodes, (*node).needed) {
		faults = append(faults, digraph.CycleFault("resources", path,
			func(n *node) string { return n.key },
			func(n *node) string { return n.function.Name + ", " + n.position }))
	}
	return faults
}

func (n *node) needed() []*node { return n.needs }

// setLevels gives each resource its place in the order of starting.
func (c *Container) setLevels() {
	levels := digraph.Levels(c.nodes, (*node).needed)
	for _, n := range c.nodes {
		n.level = levels[n]
	}
}
