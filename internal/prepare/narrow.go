package prepare

import (
	"slices"

	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/panics"
)

// narrow finds out which of the resources that the targets lead to are still
// needed with the fx.Options of the caller. It does this by foretell, or else by
// a dry run of Fx, which calls nothing.
func (p *Preparation) narrow() []error {
	if p.Given == nil {
		return nil
	}
	if p.inheritsNeeds() {
		p.constructed = p.lending.needed
		p.keepNeeded()
		return nil
	}
	if constructed := p.withLater().foretell(); constructed != nil {
		p.constructed = constructed
		p.keepNeeded()
		p.Untouched = p.untouched()
		return nil
	}
	var recorded *fxoption.Recorded
	err := panics.Guard(func() (err error) { // Fx panics at some wrong options
		recorded, err = p.withLater().dryRun()
		return err
	})
	if err != nil {
		return []error{p.plainFault(err)}
	}
	forAnother := func(t string) bool { return p.outer != nil && p.lending != nil && p.lending.replaced[t] }
	faults := recorded.Unused("in this child", forAnother, p.replaceable())
	if len(faults) > 0 {
		return faults
	}
	p.constructed = recorded.Called
	p.keepNeeded()
	return nil
}

// keepNeeded removes the resources that are not needed with the options.
func (p *Preparation) keepNeeded() {
	unneeded := func(n *graph.Node) bool { return !p.isNeeded(n) }
	p.needed = slices.DeleteFunc(slices.Clone(p.Nodes), unneeded)
	p.borrowed = graph.ClosureOf(slices.DeleteFunc(slices.Clone(p.longer), unneeded))
	p.later = slices.DeleteFunc(p.laterPerStep(), unneeded)
}

// withLater returns the preparation of a child that also has the later targets,
// because nested children get the same options, and an option may be for nested
// children only.
func (p *Preparation) withLater() *Preparation {
	all := *p
	all.Nodes = append(slices.Clone(p.Nodes), p.laterPerStep()...)
	all.Targets = append(slices.Clone(p.Targets), p.Settings.Later...)
	return &all
}

// inheritsNeeds reports whether the preparation of the parent already knows what a
// nested child needs.
func (p *Preparation) inheritsNeeds() bool {
	if p.outer == nil || p.lending == nil || p.hasOwnOptions {
		return false
	}
	return !slices.ContainsFunc(p.Targets, func(t *graph.Target) bool { return !slices.Contains(p.outer.Preparation.Settings.Later, t) })
}
