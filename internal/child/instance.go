package child

import (
	"reflect"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
)

// instance is one resource of one child, with the state of its start.
type instance struct {
	node      *graph.Node
	config    config.Resolved // copied for each call of the constructor
	lifecycle *lifecycle      // of the current attempt to start it
	results   []reflect.Value // results of the constructor
	err       error           // why it did not start
}

func newInstance(n *graph.Node, resolved config.Resolved, late *lateStops) *instance {
	return &instance{node: n, config: resolved, lifecycle: newLifecycle(n, late)}
}
