package graph

import (
	"maps"

	"github.com/fxrun/fxrun/internal/config"
)

func (g *Graph) secretVariables() config.SecretVariables {
	secrets := make(config.SecretVariables)
	for _, n := range g.Nodes {
		if n.Config != nil {
			secrets.Add(n.Config)
		}
	}
	return secrets
}

// SecretsWith adds the secret variables of the steps, and those that a launch
// refers to.
func (g *Graph) SecretsWith(steps *KnownSteps, launch config.RunConfig) config.SecretVariables {
	secrets := maps.Clone(g.secrets)
	unknown := new(config.Definition) // it has no fields, so every value for it may be secret
	for key, source := range launch.Resources {
		config := unknown
		if n, ok := g.ByKey[key]; ok && n.Config != nil {
			config = n.Config
		}
		secrets.AddReferences(config, "", source)
	}
	known := make(map[string]bool, len(launch.Steps))
	for t := range steps.configured() {
		secrets.Add(t.step.Config)
		if source, ok := launch.Steps[t.step.Key]; ok {
			known[t.step.Key] = true
			secrets.AddReferences(t.step.Config, "", source)
		}
	}
	for key, source := range launch.Steps {
		if !known[key] {
			secrets.AddReferences(unknown, "", source)
		}
	}
	return secrets
}
