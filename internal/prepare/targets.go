package prepare

import (
	"slices"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

func (p *Preparation) addTargets() []error {
	faults := p.Settings.GatherSteps(p.Graph)
	for _, key := range p.keys() {
		target, err := p.Graph.TargetOf(key)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.Targets = append(p.Targets, target)
	}
	for _, pointer := range p.Settings.pointers {
		set, err := signature.Setter(pointer)
		if err != nil {
			faults = append(faults, fault.Errorf("container.Populate: %w", err))
			continue
		}
		target, err := p.Graph.FunctionTarget("container.Populate", set, nil)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.Targets = append(p.Targets, target)
		p.Populate = append(p.Populate, target)
	}
	return faults
}

// keys returns the keys of the resources that start even if nothing asks for them.
func (p *Preparation) keys() []string {
	keys := slices.Clone(p.Settings.Keys)
	for _, n := range p.Graph.Eager {
		own := n.Lifetime == p.lifetime && !p.Settings.processOnly || n.Lifetime == resource.LifetimeProcess && p.outer == nil
		if own && !slices.Contains(keys, n.Key) {
			keys = append(keys, n.Key)
		}
	}
	return keys
}

// reach returns all resources that the targets need, directly or through others.
func (p *Preparation) reach() []*graph.Node {
	targets := p.Targets
	if p.offered != nil {
		targets = append(slices.Clone(targets), p.offered)
	}
	nodes := graph.Closure(targets)
	for _, n := range graph.Closure(p.Settings.Later) {
		if n.Lifetime != resource.LifetimeStep && !slices.Contains(nodes, n) {
			nodes = append(nodes, n)
		}
	}
	slices.SortFunc(nodes, graph.CompareStart)
	return nodes
}

// split divides resources into those of the child itself and those that live longer.
func (p *Preparation) split(nodes []*graph.Node) {
	p.Nodes, p.longer = nil, nil
	for _, n := range nodes {
		if n.Lifetime >= p.lifetime {
			p.Nodes = append(p.Nodes, n)
		} else {
			p.longer = append(p.longer, n)
		}
	}
	p.needed, p.borrowed = p.Nodes, p.longer
}
