package prepare

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/resource"
)

// Explain says why a child opened with opts would need the resource called key,
// or why it would not. Package container documents it.
func (c *Preparer) Explain(key string, opts []fx.Option) (graph.Explanation, error) {
	n, ok := c.graph.ByKey[key]
	if !ok {
		missing := fault.Errorf("there is no resource %q%s", key, nearest.SuggestionAmong(key, c.graph.Nodes, func(n *graph.Node) string { return n.Key }))
		return graph.Explanation{}, fault.Join("explaining a resource", []error{missing})
	}
	p, err := c.prepare(newSettings(opts).orLog(c.graph), nil)
	targets := slices.Concat(p.Settings.Later, p.Targets)
	needed := p.starting()
	for _, later := range graph.Closure(p.Settings.Later) {
		if later.Lifetime == resource.LifetimeStep { // for a nested child to start
			needed = append(needed, later)
		}
	}
	explanation := graph.Explanation{
		Resource: c.graph.Describe(n, p.configOf(n), p.secrets()), Needed: slices.Contains(needed, n), Reasons: []graph.Reason{},
	}
	explanation.Resource.UsedBy = c.graph.UsersOf(n)
	switch {
	case explanation.Needed:
		explanation.Reasons = graph.NewSearch(n, needed).Reasons(targets)
	case explanation.Resource.Replaced:
		explanation.Unneeded = graph.UnneededForHost
	case slices.Contains(graph.Closure(targets), n):
		explanation.Unneeded = graph.UnneededForOptions
	default:
		explanation.Unneeded = graph.UnneededUnreached
	}
	return explanation, err
}
