package container

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"go.uber.org/dig"

	"github.com/fxrun/fxrun/internal/nearest"
	"github.com/fxrun/fxrun/internal/signature"
)

// preparation is a child before anything of it is built: which resources, in
// which order, with which config.
type preparation struct {
	container *Container
	config    childConfig
	targets   []*Target
	populate  []*Target
	nodes     []*node // that Fx is told of
	needed    []*node // that it will construct: fewer, where an option stands in
	resolved  map[*node]resolved
}

// prepare finds everything that is wrong with a launch, and what it needs.
func (c *Container) prepare(config childConfig) (*preparation, error) {
	p := &preparation{container: c, config: config, targets: slices.Clone(config.targets)}
	faults := append(slices.Clone(config.faults), p.addTargets()...)
	p.nodes = closure(p.targets)
	p.needed = p.nodes
	if len(faults) == 0 && len(config.options) > 0 {
		if err := p.applyOptions(); err != nil {
			faults = append(faults, err)
		}
	}
	faults = append(faults, p.resolve()...)
	return p, JoinFaults("opening the child container", faults)
}

func (p *preparation) addTargets() []error {
	var faults []error
	for _, target := range p.config.targets {
		if !p.container.owns(target) {
			faults = append(faults, faultf("%s is a target of another container", target.name))
		}
	}
	for _, key := range p.config.keys {
		target, err := p.container.keyTarget(key)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.targets = append(p.targets, target)
	}
	for _, pointer := range p.config.pointers {
		set, err := signature.Setter(pointer)
		if err != nil {
			faults = append(faults, faultf("container.Populate: %w", err))
			continue
		}
		target, err := p.container.Target("container.Populate", set)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		p.targets = append(p.targets, target)
		p.populate = append(p.populate, target)
	}
	return faults
}

func (c *Container) owns(target *Target) bool {
	for _, n := range target.needs {
		if c.byKey[n.key] != n {
			return false
		}
	}
	return true
}

// applyOptions finds out, by a dry run of Fx that calls nothing, which of the
// resources are still needed with the caller's fx.Options, which Fx does not
// let anyone look into.
func (p *preparation) applyOptions() error {
	recorded, err := p.dryRun()
	if isMissingType(err) { // an option needs more than the targets do
		p.nodes = slices.SortedFunc(slices.Values(p.container.nodes), compareStart)
		p.needed = p.nodes
		recorded, err = p.dryRun()
	}
	if err != nil {
		return faultf("applying the fx options: %w", err)
	}
	if recorded.silent() {
		return nil // every resource is taken for needed
	}
	if unused := recorded.unused(); len(unused) > 0 {
		return faultf("fx.Replace gives %s, which nothing in this child takes%s", unused[0], p.replaceable(unused[0]))
	}
	p.needed = slices.DeleteFunc(slices.Clone(p.nodes), func(n *node) bool { return !recorded.constructed[moduleName(n)] })
	return nil
}

// replaceable names the types that could have been meant.
func (p *preparation) replaceable(unused string) string {
	var near []string
	for _, n := range p.nodes {
		for _, provided := range n.provided() {
			t := provided.key.Type.String()
			if nearest.Name(bareName(unused), []string{bareName(t)}) != "" && !slices.Contains(near, t) {
				near = append(near, t)
			}
		}
	}
	if len(near) > 0 {
		return "; there is " + strings.Join(near, ", ")
	}
	return "; for an interface, replace by fx.Annotate(value, fx.As(new(I)))"
}

// bareName is a type's name without pointer, package, and fx's note of a name.
func bareName(t string) string {
	t, _, _ = strings.Cut(t, "[")
	return t[strings.LastIndexAny(t, "*.")+1:]
}

// isMissingType reports whether Fx found no provider for something. dig's own
// error for that can't be matched by type; as a root cause it is a dig.Error.
func isMissingType(err error) bool {
	var digError dig.Error
	return err != nil && errors.As(dig.RootCause(err), &digError)
}

// resolve checks the whole run config, and resolves that of the resources that
// the child needs.
func (p *preparation) resolve() []error {
	launches, faults := p.container.readLaunch(p.config.launch)
	p.resolved = make(map[*node]resolved)
	for _, n := range p.needed {
		if n.config == nil {
			continue
		}
		value, nodeFaults := n.config.resolve(configPath(n.key), launches[n])
		p.resolved[n] = value
		faults = append(faults, nodeFaults...)
	}
	return faults
}

func configPath(key string) string { return "resources." + key + ".config" }

// readLaunch reads a run config against all resources, needed or not: a
// mistyped key must not pass as one that this run has no need for.
func (c *Container) readLaunch(config RunConfig) (map[*node]launchValues, []error) {
	launches := make(map[*node]launchValues, len(config.Resources))
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(config.Resources)) {
		n, ok := c.byKey[key]
		switch {
		case !ok:
			faults = append(faults, faultf("resources.%s: there is no resource %q%s", key, key,
				suggestion(key, c.nodes, func(n *node) string { return n.key })))
		case n.config == nil:
			faults = append(faults, faultf("%s: resource %s has no config", configPath(key), key))
		default:
			launches[n] = make(launchValues)
			faults = append(faults, n.config.read(launches[n], configPath(key), config.Resources[key])...)
		}
	}
	return launches, faults
}
