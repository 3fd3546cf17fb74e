package container

import (
	"slices"
	"strings"
)

// findCycles reports every cycle that a walk along the needs comes upon, each
// by its whole path. Resources are visited by key, so the report is the same
// whatever the order of definitions.
func (c *Container) findCycles() []error {
	const (
		unseen = iota
		onPath
		done
	)
	state := make(map[*node]int, len(c.nodes))
	var faults []error
	var path []*node
	var visit func(n *node)
	visit = func(n *node) {
		state[n] = onPath
		path = append(path, n)
		for _, need := range n.needs {
			switch state[need] {
			case unseen:
				visit(need)
			case onPath:
				faults = append(faults, cycleFault(path[slices.Index(path, need):]))
			}
		}
		path = path[:len(path)-1]
		state[n] = done
	}
	for _, n := range c.nodes {
		if state[n] == unseen {
			visit(n)
		}
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
	return faultf("resources need each other: %s%s", strings.Join(keys, " -> "), text.String())
}
