package child

import (
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// Parent is a checked graph of resources, of which child containers are opened.
// It is what package container calls a Container.
type Parent struct {
	graph   *graph.Graph
	parts   *assembly
	process *processScope
}

// NewParent checks definitions. It builds nothing.
func NewParent(definitions []resource.Definition) (*Parent, error) {
	g, err := graph.New(definitions)
	if err != nil {
		return nil, err
	}
	return &Parent{graph: g, parts: newAssembly(g), process: newProcessScope()}, nil
}

// Graph returns the checked graph.
func (c *Parent) Graph() *graph.Graph { return c.graph }
