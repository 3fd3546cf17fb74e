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
		Built: p.Nodes, Borrowed: p.longer, Targets: p.Targets, Offered: p.offered, FromParent: p.fromParent(), Options: p.Settings.options,
	}
	if p.outer == nil && p.lending != nil {
		content.Asked = slices.Clone(p.lending.asks)
		content.Lends = fxapp.Lends{Params: p.lending.params, Touched: p.lending.touched}
	}
	for _, param := range p.parentAsks {
		content.Asked = append(content.Asked, graph.Ask{Param: param})
	}
	return content
}

// Options returns the options of the Fx application of the child, which builds
// its resources but for those that are Untouched. Hooks of the options of the caller go
// to lifecycle.
func (p *Preparation) Options(lifecycle fx.Lifecycle) []fx.Option {
	return p.parts.Options(p.withoutUntouched(p.content()), lifecycle, func(o fx.Option, _ *graph.Node) fx.Option { return o })
}

// TakingValues returns the targets whose functions take values. A target that only
// names a resource takes none.
func (p *Preparation) TakingValues() []*graph.Target {
	return slices.DeleteFunc(slices.Clone(p.Targets), (*graph.Target).IsKey)
}
