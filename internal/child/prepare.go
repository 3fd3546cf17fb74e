package child

import (
	"slices"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/fxoption"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// preparation is a child before anything of it is built: which resources, in
// which order, with which config.
type preparation struct {
	container     *Parent
	builder       childBuilder
	config        childConfig
	targets       []*graph.Target
	populate      []*graph.Target
	lending       *lending                // a nested child's is its parent's; nil without fx.Options
	given         *fxoption.Options       // the caller's fx.Options, read; nil without any
	hasOwnOptions bool                    // besides those that a nested child has from its parent
	constructed   map[string]bool         // module names of resources that are needed with the options; nil where they are not known
	lentAsks      []signature.Param       // what options of a nested child ask for, and its parent lends
	offered       *graph.Target           // what they ask for; nil without any
	unoffered     map[signature.Key]error // what they ask for, and no resource gives
	parent        *childState             // of a nested child
	lifetime      resource.Lifetime       // of the child: it has its own of this and of shorter ones
	nodes         []*graph.Node           // that the child may have to build
	longer        []*graph.Node           // that it may need, and that live longer
	needed        []*graph.Node           // of nodes, those that it will build: fewer, where an option stands in
	later         []*graph.Node           // that live per step, and that nested children will build
	borrowed      []*graph.Node           // of longer, those that it needs, with all that they need

	launches     map[*graph.Node]config.LaunchValues // the launch config, read
	stepLaunches map[*graph.Target]config.LaunchValues
	running      map[*graph.Node]*instance         // that live per process and ran already: they keep their config
	resolved     map[*graph.Node]config.Resolved   // configs of needed, of later, and of what lives per process
	steps        map[*graph.Target]config.Resolved // configs of the child's own steps, those of later ones included
}

// prepare finds everything that is wrong with a launch, and what it needs. Its
// error speaks of the launch: a run that is refused has no child container.
func (c *Parent) prepare(config childConfig, parent *childState) (*preparation, error) {
	p := &preparation{
		container: c, config: config, parent: parent, targets: slices.Clone(config.Targets),
	}
	if parent != nil {
		p.lifetime = resource.LifetimeStep
		p.lending = parent.lending
		p.config.options, p.hasOwnOptions = parent.lending.with(config.options), len(config.options) > 0
	}
	p.builder = childBuilderFor(p.config.options)
	faults := append(slices.Clone(config.Faults), p.addTargets()...)
	p.readOptions()
	p.split(p.reach())
	p.later = p.laterPerStep()
	faults = append(faults, p.checkOptions()...)
	if len(faults) == 0 {
		faults = append(faults, p.builder.narrow(p)...)
	}
	if len(faults) == 0 {
		faults = append(faults, p.lend()...)
	}
	faults = append(faults, p.borrow()...)
	faults = append(faults, p.checkParent()...)
	faults = append(faults, p.checkHost()...)
	faults = append(faults, p.resolve()...)
	return p, fault.Join("checking the launch", faults)
}

// reach returns all that the targets need, directly and further down.
func (p *preparation) reach() []*graph.Node {
	targets := p.targets
	if p.offered != nil {
		targets = append(slices.Clone(targets), p.offered)
	}
	nodes := graph.Closure(targets)
	for _, n := range graph.Closure(p.config.Later) {
		if n.Lifetime != resource.LifetimeStep && !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	slices.SortFunc(nodes, graph.CompareStart)
	return nodes
}

// split parts resources into the child's own and those that live longer.
func (p *preparation) split(nodes []*graph.Node) {
	p.nodes, p.longer = nil, nil
	for _, n := range nodes {
		if n.Lifetime >= p.lifetime {
			p.nodes = append(p.nodes, n)
		} else {
			p.longer = append(p.longer, n)
		}
	}
	p.needed, p.borrowed = p.nodes, p.longer
}

// checkParent reports resources of the parent that a nested child needs, and
// that the parent did not start.
func (p *preparation) checkParent() []error {
	if p.parent == nil {
		return nil
	}
	var faults []error
	for _, n := range p.borrowed {
		if n.Lifetime == resource.LifetimeRun && (p.parent.at[n] == nil || p.parent.at[n].results == nil) {
			faults = append(faults, fault.Errorf("it needs resource %s, which lives per %s: open its parent with container.NeedsLater of the same targets", n.Key, n.Lifetime))
		}
	}
	return faults
}

// checkHost reports resources that would be built though the host application
// may have meant to replace them.
func (p *preparation) checkHost() []error {
	var faults []error
	for _, n := range slices.Concat(p.needed, p.borrowed, p.later) {
		if err := p.container.graph.Refusal(n); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

// starting returns all resources that the child needs, its own and others'.
func (p *preparation) starting() []*graph.Node { return append(slices.Clone(p.borrowed), p.needed...) }

// perProcess returns the resources that live per process among those that the
// child needs.
func (p *preparation) perProcess() []*graph.Node {
	return slices.DeleteFunc(slices.Clone(p.borrowed), func(n *graph.Node) bool { return n.Lifetime != resource.LifetimeProcess })
}

func (p *preparation) addTargets() []error {
	faults := p.config.GatherSteps(p.container.graph)
	for _, key := range p.keys() {
		target, err := p.container.graph.TargetOf(key)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.targets = append(p.targets, target)
	}
	for _, pointer := range p.config.pointers {
		set, err := signature.Setter(pointer)
		if err != nil {
			faults = append(faults, fault.Errorf("container.Populate: %w", err))
			continue
		}
		target, err := p.container.graph.FunctionTarget("container.Populate", set, nil)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.targets = append(p.targets, target)
		p.populate = append(p.populate, target)
	}
	return faults
}

// keys are the resources that are to start whatever asks for them.
func (p *preparation) keys() []string {
	keys := slices.Clone(p.config.Keys)
	for _, n := range p.container.graph.Eager {
		own := n.Lifetime == p.lifetime && !p.config.processOnly || n.Lifetime == resource.LifetimeProcess && p.parent == nil
		if own && !slices.Contains(keys, n.Key) {
			keys = append(keys, n.Key)
		}
	}
	return keys
}

// applyOptions finds out, by a dry run of Fx that calls nothing, which of the
// resources are still needed with the caller's fx.Options, which Fx does not
// let anyone look into.
func (p *preparation) applyOptions() []error {
	if p.inheritsNeeds() {
		p.constructed = p.lending.needed
		p.keepNeeded()
		return nil
	}
	if constructed := p.withLater().foretell(); constructed != nil {
		p.constructed = constructed
		p.keepNeeded()
		return nil
	}
	recorded, err := p.withLater().dryRun()
	if err != nil {
		return []error{p.plainFault(err)}
	}
	forAnother := func(t string) bool { return p.parent != nil && p.lending != nil && p.lending.replaced[t] }
	faults := recorded.Unused("in this child", forAnother, p.replaceable())
	if len(faults) > 0 {
		return faults
	}
	p.constructed = recorded.Called
	p.keepNeeded()
	return nil
}

// keepNeeded leaves out the resources that are not needed with the options.
func (p *preparation) keepNeeded() {
	unneeded := func(n *graph.Node) bool { return !p.isNeeded(n) }
	p.needed = slices.DeleteFunc(slices.Clone(p.nodes), unneeded)
	p.borrowed = graph.ClosureOf(slices.DeleteFunc(slices.Clone(p.longer), unneeded))
	p.later = slices.DeleteFunc(p.laterPerStep(), unneeded)
}

// withLater is the preparation of a child that gives out the later targets too:
// nested children get the same options, which may be for them alone.
func (p *preparation) withLater() *preparation {
	all := *p
	all.nodes = append(slices.Clone(p.nodes), p.laterPerStep()...)
	all.targets = append(slices.Clone(p.targets), p.config.Later...)
	return &all
}

// laterPerStep returns the resources that only nested children start, for the
// later targets.
func (p *preparation) laterPerStep() []*graph.Node {
	return slices.DeleteFunc(graph.Closure(p.config.Later), func(n *graph.Node) bool {
		return n.Lifetime != resource.LifetimeStep || slices.Contains(p.nodes, n)
	})
}

// resolve checks the whole run config, and resolves that of the resources and
// the steps that the child needs, nested children's included. It is the only
// place where a launch reads the environment.
func (p *preparation) resolve() []error {
	p.resolved, p.steps = make(map[*graph.Node]config.Resolved), make(map[*graph.Target]config.Resolved)
	perProcess := p.perProcess()
	p.running = p.container.process.running(perProcess)
	nodes := slices.DeleteFunc(slices.Concat(p.needed, perProcess, p.later), func(n *graph.Node) bool {
		return n.Config == nil || p.running[n] != nil
	})
	steps := p.config.Known.Mine()
	if p.parent != nil {
		nodes, steps = p.inherit(nodes, steps)
		if own := p.config.ownLaunch; len(nodes)+len(steps)+len(own.Resources)+len(own.Steps) == 0 {
			return nil // the launch was read when the parent was prepared
		}
	}
	var stepFaults []error
	launches, faults := p.container.graph.ReadLaunch(p.config.Launch)
	p.launches = launches
	p.stepLaunches, stepFaults = p.config.Known.ReadSteps(p.config.Launch)
	faults = append(faults, stepFaults...)
	for _, n := range nodes {
		value, nodeFaults := n.Config.Resolve(graph.ConfigPath(n.Key), p.launches[n])
		p.resolved[n] = value
		faults = append(faults, nodeFaults...)
	}
	for _, t := range steps {
		value, stepFaults := t.Step().Config.Resolve(t.Step().Path(), p.stepLaunches[t])
		p.steps[t] = value
		faults = append(faults, stepFaults...)
	}
	if len(faults) > 0 {
		config.HideSecrets(faults, p.secretTexts())
	}
	return faults
}

// secretTexts are the secrets that are known when a launch is checked.
func (p *preparation) secretTexts() []string {
	texts := p.secrets().Texts()
	for n, value := range p.resolved {
		texts = append(texts, n.Config.SecretTexts(value)...)
	}
	for t, value := range p.steps {
		texts = append(texts, t.Step().Config.SecretTexts(value)...)
	}
	return texts
}

// inherit takes the configs that the parent's preparation resolved, unless the
// nested child's own launch speaks of them. It returns the resources and steps
// that the parent has none for.
func (p *preparation) inherit(nodes []*graph.Node, steps []*graph.Target) ([]*graph.Node, []*graph.Target) {
	own := p.config.ownLaunch
	nodes = slices.DeleteFunc(nodes, func(n *graph.Node) bool {
		config, ok := p.parent.values[n]
		if !ok || own.Resources[n.Key] != nil {
			return false
		}
		p.resolved[n] = config
		return true
	})
	steps = slices.DeleteFunc(steps, func(t *graph.Target) bool {
		config, ok := p.parent.steps[t]
		if !ok || own.Steps[t.Step().Key] != nil {
			return false
		}
		p.steps[t] = config
		return true
	})
	return nodes, steps
}

// configOf returns the config that a resource has or would get: the one that it
// runs with, the one that was resolved for the child, or, for a resource that
// the child has no use for, the one that it would get now.
func (p *preparation) configOf(n *graph.Node) config.Resolved {
	if running := p.running[n]; running != nil {
		return running.config
	}
	if config, ok := p.resolved[n]; ok {
		return config
	}
	return n.Resolve(p.launches[n])
}

// secrets are the variables whose values a description of the child masks.
func (p *preparation) secrets() config.SecretVariables {
	return p.container.graph.SecretsWith(p.config.Known, p.config.Launch)
}
