package container

import (
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/cycle"
	"github.com/fxrun/fxrun/internal/fault"
)

// findCycles reports every cycle along the needs, each by its whole path.
// Resources are visited by key, so the report is the same whatever the order of
// definitions.
func (c *Container) findCycles() []error {
	var faults []error
	for _, path := range cycle.Find(c.nodes, func(n *node) []*node { return n.needs }) {
		faults = append(faults, cycleFault(path))
	}
	return faults
}

func cycleFault(path []*node) error {
	var text strings.Builder
	for i, n := range path {
		next := path[(i+1)%len(path)]
		text.WriteString("\n" + n.key + " (" + n.function.Name + ", " + n.position + ") needs " + next.key)
	}
	keys := make([]string, 0, len(path)+1)
	for _, n := range append(slices.Clone(path), path[0]) {
		keys = append(keys, n.key)
	}
	return fault.Errorf("resources need each other: %s%s", strings.Join(keys, " -> "), text.String())
}
