package container

import (
	"maps"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/config"
)

// Description tells about one resource.
type Description struct {
	Key         string   `json:"key"`
	Description string   `json:"description,omitempty"`
	Types       []string `json:"types"`             // the Go types that it is provided as
	Constructor string   `json:"constructor"`       // function name, as in "flights.NewWarehouse"
	Position    string   `json:"position"`          // file:line of its definition
	Lifetime    Lifetime `json:"lifetime"`          // process, run or step
	Eager       bool     `json:"eager,omitempty"`   // it starts whether or not anything asks for it
	Needs       []string `json:"needs,omitempty"`   // keys of the resources that it is built from
	UsedBy      []string `json:"used_by,omitempty"` // keys of the resources built from it
	Config      []Field  `json:"config,omitempty"`  // with the values that a launch without run config would give
	// Replaced says that the host application has a value in its place.
	Replaced bool `json:"replaced,omitempty"`
	// NeedsReplaced are the keys of the resources that it would be built from,
	// had the host application no values in their place.
	NeedsReplaced []string `json:"-"`
}

// Resources describes every resource, by key. It reads the environment, to
// tell where each config field's value would come from now. Secrets are masked.
func (c *Container) Resources() []Description {
	descriptions := make([]Description, len(c.nodes))
	for i, n := range c.nodes {
		descriptions[i] = c.describe(n, n.resolve(nil), c.secrets)
	}
	for _, n := range c.nodes {
		for _, need := range n.needs {
			at, _ := slices.BinarySearchFunc(c.nodes, need.key, func(n *node, key string) int { return strings.Compare(n.key, key) })
			descriptions[at].UsedBy = append(descriptions[at].UsedBy, n.key)
		}
	}
	return descriptions
}

func (c *Container) describe(n *node, resolved config.Resolved, secrets config.SecretVariables) Description {
	_, replaced := c.replaced(c.canonical(provider{node: n}))
	description := Description{
		Key: n.key, Description: n.description, Constructor: n.function.Name, Position: n.position, Lifetime: n.lifetime, Eager: n.eager, Replaced: replaced,
	}
	for _, provided := range n.provided() {
		if t := provided.key.Type.String(); !slices.Contains(description.Types, t) {
			description.Types = append(description.Types, t)
		}
	}
	for _, need := range n.needs {
		description.Needs = append(description.Needs, need.key)
	}
	description.NeedsReplaced = c.replacedNeeds(n.inputs)
	if n.config != nil {
		description.Config = n.config.Describe(resolved)
		secrets.Mask(description.Config)
	}
	return description
}

// resolve returns the config that a launch would give now, as far as it goes.
func (n *node) resolve(launch config.LaunchValues) config.Resolved {
	if n.config == nil {
		return config.Resolved{}
	}
	value, _ := n.config.Resolve(configPath(n.key), launch)
	return value
}

func (c *Container) secretVariables() config.SecretVariables {
	secrets := make(config.SecretVariables)
	for _, n := range c.nodes {
		if n.config != nil {
			secrets.Add(n.config)
		}
	}
	return secrets
}

// secretsWith adds those of the steps, and those to which a launch refers.
func (c *Container) secretsWith(steps *knownSteps, launch RunConfig) config.SecretVariables {
	secrets := maps.Clone(c.secrets)
	unknown := new(config.Definition) // without a field, so that all that is said of it may be secret
	for key, source := range launch.Resources {
		config := unknown
		if n, ok := c.byKey[key]; ok && n.config != nil {
			config = n.config
		}
		secrets.AddReferences(config, "", source)
	}
	known := make(map[string]bool, len(launch.Steps))
	for t := range steps.configured() {
		secrets.Add(t.step.config)
		if source, ok := launch.Steps[t.step.key]; ok {
			known[t.step.key] = true
			secrets.AddReferences(t.step.config, "", source)
		}
	}
	for key, source := range launch.Steps {
		if !known[key] {
			secrets.AddReferences(unknown, "", source)
		}
	}
	return secrets
}

// Preview is what a child would be, had it been opened.
type Preview struct {
	// Resources are those that would start, in an order in which they may,
	// with the config that they would get. Last are those that live per step
	// and that nested children would start, for targets of [NeedsLater].
	Resources []Description
	// Steps are the configs of the steps among the targets of [Needs] and
	// [NeedsLater], by key.
	Steps []StepDescription
}
