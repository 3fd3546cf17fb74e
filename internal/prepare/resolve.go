package prepare

import (
	"slices"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
)

// resolve checks the whole run config, and resolves that of the resources and
// the steps that the child and its nested children need. It is the only place where
// a launch reads the environment.
func (p *Preparation) resolve(running func([]*graph.Node) map[*graph.Node]config.Resolved) []error {
	p.Resolved, p.Steps = make(map[*graph.Node]config.Resolved), make(map[*graph.Target]config.Resolved)
	perProcess := p.PerProcess()
	p.running = running(perProcess)
	nodes := slices.DeleteFunc(slices.Concat(p.needed, perProcess, p.later), func(n *graph.Node) bool {
		_, runs := p.running[n]
		return n.Config == nil || runs
	})
	steps := p.Settings.Known.Mine()
	if p.outer != nil {
		nodes, steps = p.inherit(nodes, steps)
		if own := p.Settings.ownLaunch; len(nodes)+len(steps)+len(own.Resources)+len(own.Steps) == 0 {
			return nil // the launch was read when the parent was prepared
		}
	}
	var stepFaults []error
	launches, faults := p.Graph.ReadLaunch(p.Settings.Launch)
	p.launches = launches
	p.stepLaunches, stepFaults = p.Settings.Known.ReadSteps(p.Settings.Launch)
	faults = append(faults, stepFaults...)
	for _, n := range nodes {
		value, nodeFaults := n.Config.Resolve(graph.ConfigPath(n.Key), p.launches[n])
		p.Resolved[n] = value
		faults = append(faults, nodeFaults...)
	}
	for _, t := range steps {
		value, stepFaults := t.Step().Config.Resolve(t.Step().Path(), p.stepLaunches[t])
		p.Steps[t] = value
		faults = append(faults, stepFaults...)
	}
	if len(faults) > 0 {
		config.HideSecrets(faults, p.secretTexts())
	}
	return faults
}

// secretTexts returns the secrets that are known when a launch is checked.
func (p *Preparation) secretTexts() []string {
	texts := p.secrets().Texts()
	for n, value := range p.Resolved {
		texts = append(texts, n.Config.SecretTexts(value)...)
	}
	for t, value := range p.Steps {
		texts = append(texts, t.Step().Config.SecretTexts(value)...)
	}
	return texts
}

// inherit takes the configs that the preparation of the parent has resolved, except
// for those that the launch of the nested child names. It returns the resources and
// steps for which the parent has no config.
func (p *Preparation) inherit(nodes []*graph.Node, steps []*graph.Target) ([]*graph.Node, []*graph.Target) {
	own := p.Settings.ownLaunch
	nodes = slices.DeleteFunc(nodes, func(n *graph.Node) bool {
		config, ok := p.outer.Preparation.Resolved[n]
		if !ok || own.Resources[n.Key] != nil {
			return false
		}
		p.Resolved[n] = config
		return true
	})
	steps = slices.DeleteFunc(steps, func(t *graph.Target) bool {
		config, ok := p.outer.Preparation.Steps[t]
		if !ok || own.Steps[t.Step().Key] != nil {
			return false
		}
		p.Steps[t] = config
		return true
	})
	return nodes, steps
}

// configOf returns the config that a resource has or would get. It is the config that
// the resource runs with, or the one that was resolved for the child. For a resource
// that the child does not need, it is resolved here.
func (p *Preparation) configOf(n *graph.Node) config.Resolved {
	if config, ok := p.running[n]; ok {
		return config
	}
	if config, ok := p.Resolved[n]; ok {
		return config
	}
	return n.Resolve(p.launches[n])
}

// secrets returns the variables whose values a description of the child masks.
func (p *Preparation) secrets() config.SecretVariables {
	return p.Graph.SecretsWith(p.Settings.Known, p.Settings.Launch)
}

// masker returns a masker of the secrets in the configs of all that the child needs.
func (p *Preparation) masker() *config.Masker {
	var secrets []string
	for n, resolved := range p.Resolved {
		secrets = append(secrets, n.Config.SecretTexts(resolved)...)
	}
	for n, running := range p.running {
		if n.Config != nil {
			secrets = append(secrets, n.Config.SecretTexts(running)...)
		}
	}
	for t, resolved := range p.Steps {
		secrets = append(secrets, t.Step().Config.SecretTexts(resolved)...)
	}
	return config.NewMasker(secrets...)
}
