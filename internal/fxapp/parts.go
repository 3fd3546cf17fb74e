package fxapp

import (
	"sync"

	"github.com/fxrun/fxrun/internal/graph"
)

// Parts makes the Fx options of resources, of targets and of other keys, each once.
// The function of an option has the [Child] that it is called for as a parameter,
// so one option serves all children. Parts is safe for concurrent use.
type Parts struct {
	graph    *graph.Graph
	wraps    []lazyOption // by the index of the resource, see wrap
	borrows  []lazyOption // by the index of the resource, see borrow
	targets  sync.Map     // *graph.Target -> *lazyOption, see bound
	supplies sync.Map     // signature.Key -> fx.Option, see supply
	forwards sync.Map     // a pair of signature.Key -> fx.Option, see forward
	members  sync.Map     // graph.Member -> fx.Option, see member
}

// New returns the parts of a checked graph.
func New(g *graph.Graph) *Parts {
	return &Parts{graph: g, wraps: make([]lazyOption, len(g.Nodes)), borrows: make([]lazyOption, len(g.Nodes))}
}
