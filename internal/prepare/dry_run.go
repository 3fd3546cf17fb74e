package prepare

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
)

// dryRun finds the constructors that the options of the child would call. Each
// resource stands in a module of its own, because a dry run reports the names of
// modules.
func (p *Preparation) dryRun() (*fxoption.Recorded, error) {
	provide := func(option fx.Option, n *graph.Node) fx.Option { return fx.Module(moduleName(n), option) }
	return fxoption.DryRun(append([]fx.Option{fxapp.Give(nil)}, p.parts.Options(p.content(), nil, provide)...))
}

// replaceable returns the resources that an fx.Replace may be meant for.
func (p *Preparation) replaceable() []fxoption.Resource {
	resources := make([]fxoption.Resource, len(p.Nodes))
	for i, n := range p.Nodes {
		resources[i].Key = n.Key
		for _, provided := range n.Answers() {
			if t := provided.Key.Type.String(); !slices.Contains(resources[i].Types, t) {
				resources[i].Types = append(resources[i].Types, t)
			}
		}
	}
	return resources
}
