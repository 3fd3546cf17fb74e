package child

import (
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// lentByParent are the values that a nested child gets from the fx.Options of its
// parent.
func (p *preparation) lentByParent() map[signature.Key]reflect.Value {
	if p.parent == nil {
		return nil
	}
	return p.parent.lends
}

// inheritsNeeds reports whether the preparation of the parent has found out already
// what a nested child needs.
func (p *preparation) inheritsNeeds() bool {
	if p.parent == nil || p.lending == nil || p.hasOwnOptions {
		return false
	}
	return !slices.ContainsFunc(p.targets, func(t *graph.Target) bool { return !slices.Contains(p.parent.config.Later, t) })
}

// borrow finds out which resources a nested child borrows, where its parent has
// fx.Options: not those in whose place the options have put something else.
func (p *preparation) borrow() []error {
	if p.parent == nil || p.lending == nil {
		return nil
	}
	var faults []error
	var roots []*graph.Node
	for _, ask := range p.allAsks() {
		n := ask.From.Node
		if _, lent := p.parent.lends[ask.Key]; lent || n != nil && n.Lifetime >= p.lifetime {
			continue
		}
		if p.lending.decorated[ask.Key] || n != nil && p.lending.decorated[p.container.graph.Canonical(ask.From)] {
			faults = append(faults, fault.Errorf("it needs %s, which the fx options of its parent decorate: open its parent with container.NeedsLater of the same targets", ask.Key))
			continue
		}
		if n != nil && p.isNeeded(n) && !slices.Contains(roots, n) {
			roots = append(roots, n)
		}
	}
	perRun := func(n *graph.Node) bool { return n.Lifetime != resource.LifetimeProcess }
	borrowed := graph.ClosureOf(slices.DeleteFunc(slices.Clone(roots), perRun))
	p.borrowed = append(borrowed, slices.DeleteFunc(roots, func(n *graph.Node) bool { return !perRun(n) })...)
	return faults
}

// allAsks are what everything that a child needs asks for.
func (p *preparation) allAsks() []graph.Ask {
	var asks []graph.Ask
	for _, target := range p.targets {
		asks = append(asks, target.Needed()...)
	}
	for _, n := range p.needed {
		asks = append(asks, p.container.graph.AsksOf(n)...)
	}
	if p.offered != nil {
		asks = append(asks, p.offered.Needed()...)
	}
	return asks
}

// isNeeded reports whether a resource is needed with the options, as far as that is
// known.
func (p *preparation) isNeeded(n *graph.Node) bool {
	return p.constructed == nil || p.constructed[moduleName(n)]
}
