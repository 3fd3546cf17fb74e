package child

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
)

// dryRun finds out which constructors the child's options would call. Each resource
// stands in a module of its own, whose name a dry run tells.
func (p *preparation) dryRun() (*fxoption.Recorded, error) {
	provide := func(option fx.Option, n *graph.Node) fx.Option { return fx.Module(moduleName(n), option) }
	return fxoption.DryRun(append([]fx.Option{fx.Provide(func() *childState { return nil })}, p.fxOptions(provide, nil)...))
}

func moduleName(n *graph.Node) string { return "resource " + n.Key }

// replaceable are the resources that an fx.Replace could have been meant for.
func (p *preparation) replaceable() []fxoption.Resource {
	resources := make([]fxoption.Resource, len(p.nodes))
	for i, n := range p.nodes {
		resources[i].Key = n.Key
		for _, provided := range n.Answers() {
			if t := provided.Key.Type.String(); !slices.Contains(resources[i].Types, t) {
				resources[i].Types = append(resources[i].Types, t)
			}
		}
	}
	return resources
}
