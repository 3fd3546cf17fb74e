package child

import (
	"sync"

	"github.com/fxrun/fxrun/internal/graph"
)

// assembly makes the Fx options of resources, of targets and of other keys, each
// once: an option finds the child that it is made for among its parameters, and
// so serves all of them. It is safe for concurrent use.
type assembly struct {
	graph    *graph.Graph
	wrappers []wrapper // by the index of the resource
	targets  sync.Map  // *checkedTarget -> *targetOptions
	supplies sync.Map  // signature.Key -> fx.Option, see supply
	forwards sync.Map  // a pair of signature.Key -> fx.Option, see forward
	members  sync.Map  // graph.Member -> fx.Option, see member
}

func newAssembly(g *graph.Graph) *assembly {
	return &assembly{graph: g, wrappers: make([]wrapper, len(g.Nodes))}
}
