package child

import (
	"reflect"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
)

// instance is one resource of one child, and how far it has come.
type instance struct {
	node      *graph.Node
	config    config.Resolved // copied for each call of the constructor
	lifecycle *lifecycle      // of the attempt at starting it that is under way
	results   []reflect.Value // of the constructor
	err       error           // why it did not start
}

func newInstance(n *graph.Node, resolved config.Resolved, late *lateStops) *instance {
	return &instance{node: n, config: resolved, lifecycle: newLifecycle(n, late)}
}
