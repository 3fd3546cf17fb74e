package prepare

import (
	"slices"

	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// untouched returns those of the needed resources that the fx.Options of the caller
// cannot touch: none of their results is replaced or decorated, and they need nothing
// else. Such resources are built before the application of Fx, as in a child without
// options, and the application borrows those of them that it asks for. There are
// none if one of the options would notice it: a logger of Fx, an fx.ErrorHook, or a
// function that asks for a group or for the picture of the application.
func (p *Preparation) untouched() []*graph.Node {
	touches := p.touching()
	gives := func(key signature.Key) bool { return touches(graph.Ask{Param: signature.Param{Key: key}}) }
	if p.outer != nil || p.Given.HasLogger || len(p.Given.Everywhere) > 0 || len(p.offered.Members()) > 0 ||
		p.Given.AsksFor(fxapp.DotGraphKey) || gives(fxapp.EventLoggerKey) {
		return nil
	}
	touched := make(map[*graph.Node]bool)
	isTouched := func(n *graph.Node) bool { return touched[n] }
	nested := len(p.Settings.Later) > 0 // children, which build what lives per step
	for _, n := range p.needed {        // after what they need
		touched[n] = nested && n.Lifetime == resource.LifetimeStep || slices.ContainsFunc(n.Needs, isTouched) ||
			slices.ContainsFunc(p.Graph.ResultKeys(n), gives) || slices.ContainsFunc(p.Graph.AsksOf(n), touches)
	}
	return slices.DeleteFunc(slices.Clone(p.needed), isTouched)
}

// withoutUntouched leaves it to the child to build the untouched resources. The
// application borrows those of them that somebody asks it for.
func (p *Preparation) withoutUntouched(content fxapp.Content) fxapp.Content {
	if len(p.Untouched) == 0 {
		return content
	}
	early := make(map[*graph.Node]bool, len(p.Untouched))
	for _, n := range p.Untouched {
		early[n] = true
	}
	content.Built = slices.DeleteFunc(slices.Clone(content.Built), func(n *graph.Node) bool { return early[n] })
	content.Borrowed = slices.Clone(content.Borrowed)
	for _, asks := range content.Asks(p.Graph) {
		for _, ask := range asks {
			if n := ask.From.Node; early[n] {
				content.Borrowed = append(content.Borrowed, n)
				delete(early, n)
			}
		}
	}
	return content
}
