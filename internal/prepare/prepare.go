package prepare

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// Preparer prepares the children of one container.
type Preparer struct {
	graph   *graph.Graph
	parts   *fxapp.Parts
	running func(nodes []*graph.Node) map[*graph.Node]config.Resolved
}

// NewPreparer prepares children of a checked graph. running returns which of the
// resources that live per process run already, with their configs.
func NewPreparer(g *graph.Graph, running func(nodes []*graph.Node) map[*graph.Node]config.Resolved) *Preparer {
	return &Preparer{graph: g, parts: fxapp.New(g), running: running}
}

// Nested prepares a child that is opened in another one.
func (c *Preparer) Nested(opts []fx.Option, outer *Outer) (*Preparation, error) {
	return c.prepare(newSettings(opts).inherit(outer.Preparation.Settings), outer)
}

// Alone is the preparation of a child that starts one resource that lives per
// process, which others need too, for the child that p prepares.
func (p *Preparation) Alone(n *graph.Node) *Preparation {
	return &Preparation{
		Graph: p.Graph, parts: p.parts,
		Settings: Settings{Logger: hostLogger(p.Graph), LoggerOver: ofModule, Observers: p.Settings.Observers, MaxStarts: 1},
		Nodes:    []*graph.Node{n}, Resolved: p.Resolved,
	}
}

// prepare finds everything that is wrong with a launch, and what it needs. Its
// error speaks of the launch: a run that is refused has no child container.
func (c *Preparer) prepare(settings Settings, outer *Outer) (*Preparation, error) {
	p := &Preparation{
		Graph: c.graph, parts: c.parts, Settings: settings, outer: outer, Targets: slices.Clone(settings.Targets),
	}
	if outer != nil {
		p.lifetime = resource.LifetimeStep
		p.lending = outer.Preparation.lending
		p.Settings.options, p.hasOwnOptions = p.lending.with(settings.options), len(settings.options) > 0
	}
	faults := append(slices.Clone(settings.Faults), p.addTargets()...)
	p.readOptions()
	p.split(p.reach())
	p.later = p.laterPerStep()
	faults = append(faults, p.checkOptions()...)
	if len(faults) == 0 {
		faults = append(faults, p.narrow()...)
	}
	if len(faults) == 0 {
		faults = append(faults, p.lend()...)
	}
	faults = append(faults, p.borrow()...)
	faults = append(faults, p.checkParent()...)
	faults = append(faults, p.checkHost()...)
	faults = append(faults, p.resolve(c.running)...)
	return p, fault.Join("checking the launch", faults)
}

// checkParent reports resources of the parent that a nested child needs, and
// that the parent did not start.
func (p *Preparation) checkParent() []error {
	if p.outer == nil {
		return nil
	}
	var faults []error
	for _, n := range p.borrowed {
		if n.Lifetime == resource.LifetimeRun && !p.outer.Started(n) {
			faults = append(faults, fault.Errorf("it needs resource %s, which lives per %s: open its parent with container.NeedsLater of the same targets", n.Key, n.Lifetime))
		}
	}
	return faults
}

// checkHost reports resources that would be built though the host application
// may have meant to replace them.
func (p *Preparation) checkHost() []error {
	var faults []error
	for _, n := range slices.Concat(p.needed, p.borrowed, p.later) {
		if err := p.Graph.Refusal(n); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}
