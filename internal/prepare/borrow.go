package prepare

import (
	"slices"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// borrow finds the resources that a nested child borrows from a parent with
// fx.Options. They do not include resources whose place is taken by a value of
// the options.
func (p *Preparation) borrow() []error {
	if p.outer == nil || p.lending == nil {
		return nil
	}
	var faults []error
	var roots []*graph.Node
	for _, ask := range p.allAsks() {
		n := ask.From.Node
		if _, fromParent := p.outer.Lends[ask.Key]; fromParent || n != nil && n.Lifetime >= p.lifetime {
			continue
		}
		if p.lending.decorated[ask.Key] || n != nil && p.lending.decorated[p.Graph.Canonical(ask.From)] {
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

// allAsks returns the asks of all resources and targets that a child needs.
func (p *Preparation) allAsks() []graph.Ask {
	var asks []graph.Ask
	for _, target := range p.Targets {
		asks = append(asks, target.Needed()...)
	}
	for _, n := range p.needed {
		asks = append(asks, p.Graph.AsksOf(n)...)
	}
	if p.offered != nil {
		asks = append(asks, p.offered.Needed()...)
	}
	return asks
}
