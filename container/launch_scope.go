package container

import (
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
)

// launchScope is a run config, read, and what it may speak of.
type launchScope struct {
	container *Container
	config    childConfig
	resources map[*node]config.LaunchValues
	steps     map[*Target]config.LaunchValues
}

// scopeOf reads a run config for a child that is opened with opts.
func (c *Container) scopeOf(doing string, config RunConfig, opts []fx.Option) (launchScope, error) {
	scope := launchScope{container: c, config: newChildConfig(opts)}
	faults := append(slices.Clone(scope.config.faults), scope.config.gatherSteps(c)...)
	launches, resourceFaults := c.readLaunch(config)
	steps, stepFaults := scope.config.known.readSteps(config)
	scope.resources, scope.steps = launches, steps
	return scope, fault.Join(doing, slices.Concat(faults, resourceFaults, stepFaults))
}

// launchOf is the run config among opts.
func launchOf(opts []fx.Option) RunConfig { return newChildConfig(opts).launch }

// narrow reports whether opts say what is needed.
func (s launchScope) narrow() bool {
	return s.config.keyed || len(s.config.targets)+len(s.config.later) > 0
}

// nodes returns the resources that a launch may configure, by key: those that
// opts need, and what they are built from, or all.
func (s launchScope) nodes(doing string) ([]*node, error) {
	nodes := slices.Clone(s.container.nodes)
	if s.narrow() {
		targets := slices.Concat(s.config.targets, s.config.later)
		var faults []error
		for _, key := range s.config.keys {
			target, err := s.container.keyTarget(key)
			if err != nil {
				faults = append(faults, err)
				continue
			}
			targets = append(targets, target)
		}
		if err := fault.Join(doing, faults); err != nil {
			return nil, err
		}
		nodes = closure(targets)
	}
	nodes = slices.DeleteFunc(nodes, func(n *node) bool { return n.config == nil || n.lifetime == LifetimeProcess })
	slices.SortFunc(nodes, func(a, b *node) int { return strings.Compare(a.key, b.key) })
	return nodes, nil
}

// needed reports whether the launch is of this step.
func (s launchScope) needed(t *Target) bool { return s.config.known.own[t.step.key] == t }
