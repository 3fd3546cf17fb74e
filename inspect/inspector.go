package inspect

import (
	"fmt"
	"sync"

	"github.com/fxrun/fxrun/internal/fault"

	"github.com/fxrun/fxrun/history"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// Inspector answers questions about the definitions and the history of a
// program. It is safe for concurrent use.
type Inspector struct {
	container *container.Container
	graph     *assets.Graph
	store     history.Store

	// What follows never changes, and is found when it is first needed.

	assets func() []assets.Description
	users  func() map[string][]string
	steps  func() ([]*assets.Step, error) // of all assets, by key
}

// New returns an inspector of a container, of the asset graph over that
// container, and of a store, which it only reads. A nil store is an empty
// history.
func New(c *container.Container, graph *assets.Graph, store history.Store) *Inspector {
	if store == nil {
		store = history.NewMemoryStore()
	}
	i := &Inspector{container: c, graph: graph, store: store, assets: sync.OnceValue(graph.Assets)}
	i.users, i.steps = sync.OnceValue(i.findUsers), sync.OnceValues(i.findSteps)
	return i
}

// Scope names a part of the definitions: a job, or a selection of assets. The zero
// Scope names all of them. If both fields are set, only the job counts.
type Scope struct {
	// Job is the name of a job.
	Job string
	// Selection is a selection of assets, in the language of
	// [assets.Graph.Select].
	Selection string
}

// plan returns the plan of the scope. It is nil for all definitions.
func (i *Inspector) plan(scope Scope) (*assets.Plan, error) {
	switch {
	case scope.Job != "":
		job, err := i.graph.Job(scope.Job)
		return job.Plan, err
	case scope.Selection != "":
		return i.graph.Plan(scope.Selection)
	}
	return nil, nil
}

// invalid returns an error that the person who asks can correct.
func invalid(doing, format string, args ...any) error {
	return fault.Join(doing, []error{fmt.Errorf(format, args...)})
}

// list returns a slice that is never null in JSON.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}
