package graph

import (
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/resource"
)

// launchScope is a run config that was read, with the resources and steps that
// it may configure.
type launchScope struct {
	graph     *Graph
	subject   Subject
	resources map[*Node]config.LaunchValues
	steps     map[*Target]config.LaunchValues
}

// scopeOf reads a run config for a child that is opened with opts.
func (g *Graph) scopeOf(doing string, config config.RunConfig, subject Subject) (launchScope, error) {
	scope := launchScope{graph: g, subject: subject}
	faults := append(slices.Clone(scope.subject.Faults), scope.subject.GatherSteps(g)...)
	launches, resourceFaults := g.ReadLaunch(config)
	steps, stepFaults := scope.subject.Known.ReadSteps(config)
	scope.resources, scope.steps = launches, steps
	return scope, fault.Join(doing, slices.Concat(faults, resourceFaults, stepFaults))
}

// narrow reports whether opts name what is needed.
func (s launchScope) narrow() bool {
	return s.subject.Keyed || len(s.subject.Targets)+len(s.subject.Later) > 0
}

// Nodes returns the resources that a launch may configure, by key. These are
// the resources that opts name, with all that they need. If opts name none,
// they are all resources.
func (s launchScope) nodes(doing string) ([]*Node, error) {
	nodes := s.graph.Nodes
	if s.narrow() {
		targets := slices.Concat(s.subject.Targets, s.subject.Later)
		var faults []error
		for _, key := range s.subject.Keys {
			target, err := s.graph.TargetOf(key)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			targets = append(targets, target)
		}
		if err := fault.Join(doing, faults); err != nil {
			return nil, err
		}
		nodes = Closure(targets)
	}
	return configurable(nodes), nil
}

// configurable returns those of the resources that a launch may configure, by key.
func configurable(nodes []*Node) []*Node {
	nodes = slices.DeleteFunc(slices.Clone(nodes), func(n *Node) bool { return n.Config == nil || n.Lifetime == resource.LifetimeProcess })
	slices.SortFunc(nodes, func(a, b *Node) int { return strings.Compare(a.Key, b.Key) })
	return nodes
}

// Needed reports whether the launch executes this step.
func (s launchScope) needed(t *Target) bool { return s.subject.Known.own[t.step.Key] == t }
