package prepare

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/graph"
)

// content returns the content of the Fx application of the child.
func (p *Preparation) content() fxapp.Content {
	content := fxapp.Content{
		Built: p.Nodes, Borrowed: p.longer, Targets: p.Targets, Offered: p.offered, Lent: p.lentByParent(), Options: p.Settings.options,
	}
	if p.outer == nil && p.lending != nil {
		content.Asked = slices.Clone(p.lending.asks)
		content.Lends = fxapp.Lends{Params: p.lending.params, Touched: p.lending.touched}
	}
	for _, param := range p.lentAsks {
		content.Asked = append(content.Asked, graph.Ask{Param: param})
	}
	return content
}

// Options returns the options of the Fx application of the child, which builds
// its resources. Hooks of the options of the caller go to lifecycle.
func (p *Preparation) Options(lifecycle fx.Lifecycle) []fx.Option {
	return p.parts.Options(p.content(), lifecycle, func(o fx.Option, _ *graph.Node) fx.Option { return o })
}

// Bindings returns the options that bind the targets of a child whose resources
// Fx does not build.
func (p *Preparation) Bindings() []fx.Option {
	var options []fx.Option
	for _, target := range p.Targets {
		if !target.IsKey() {
			options = append(options, p.parts.Direct(target))
		}
	}
	return options
}
