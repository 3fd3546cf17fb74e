package container

import (
	"maps"
	"slices"
	"strings"

	"go.uber.org/fx"
	"go.yaml.in/yaml/v3"
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
		descriptions[i] = c.describe(n, nil, c.secrets)
	}
	for _, n := range c.nodes {
		for _, need := range n.needs {
			at, _ := slices.BinarySearchFunc(c.nodes, need.key, func(n *node, key string) int { return strings.Compare(n.key, key) })
			descriptions[at].UsedBy = append(descriptions[at].UsedBy, n.key)
		}
	}
	return descriptions
}

func (c *Container) describe(n *node, launch launchValues, secrets secretVariables) Description {
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
		value, _ := n.config.resolve(configPath(n.key), launch)
		description.Config = n.config.describe(value)
		secrets.mask(description.Config)
	}
	return description
}

// secretVariables are the environment variables that secret fields read.
type secretVariables map[string]bool

// mask hides what comes from a variable that gives a secret field its value,
// here or in another resource or step, by its own name or by the launch:
// somebody took the wrong name.
func (s secretVariables) mask(fields []Field) {
	for i := range fields {
		if s[fields[i].Variable] && fields[i].Value != "" {
			fields[i].Value = Masked
		}
	}
}

func (s secretVariables) add(config *configDefinition) {
	for _, field := range config.fields {
		if field.secret && field.key != "" {
			s[field.key] = true
			if field.alt != "" {
				s[field.alt] = true
			}
		}
	}
}

func (c *Container) secretVariables() secretVariables {
	secrets := make(secretVariables)
	for _, n := range c.nodes {
		if n.config != nil {
			secrets.add(n.config)
		}
	}
	return secrets
}

// secretsWith adds those of the steps, and those to which a launch refers.
func (c *Container) secretsWith(steps *knownSteps, launch RunConfig) secretVariables {
	secrets := maps.Clone(c.secrets)
	unknown := new(configDefinition) // without a field, so that all that is said of it may be secret
	for key, source := range launch.Resources {
		config := unknown
		if n, ok := c.byKey[key]; ok && n.config != nil {
			config = n.config
		}
		secrets.addReferences(config, "", source)
	}
	known := make(map[string]bool, len(launch.Steps))
	for t := range steps.configured() {
		secrets.add(t.step.config)
		if source, ok := launch.Steps[t.step.key]; ok {
			known[t.step.key] = true
			secrets.addReferences(t.step.config, "", source)
		}
	}
	for key, source := range launch.Steps {
		if !known[key] {
			secrets.addReferences(unknown, "", source)
		}
	}
	return secrets
}

// addReferences adds the variables that a source of a run config, below path,
// refers to, except in fields that are known and not secret: a mistyped name
// may be a secret's. What a layer says stays secret though a later one
// overrides it.
func (s secretVariables) addReferences(config *configDefinition, path string, source any) {
	if field, ok := config.field(path); ok && !field.secret {
		return
	}
	entry := func(name string, value any) {
		below := joinPath(path, name)
		if _, isField := config.field(below); name == "env" && !isField {
			s.addName(value)
		}
		s.addReferences(config, below, value)
	}
	switch source := source.(type) {
	case nil, string:
	case layers:
		for _, layer := range source {
			s.addReferences(config, path, layer)
		}
	case Fields:
		for name, value := range source {
			entry(name, value)
		}
	case map[string]any:
		for name, value := range source {
			entry(name, value)
		}
	case *yaml.Node:
		source = followAlias(source)
		for i, content := range source.Content {
			switch {
			case source.Kind != yaml.MappingNode:
				s.addReferences(config, path, content)
			case i%2 == 1:
				entry(source.Content[i-1].Value, content)
			}
		}
	default:
		if node, err := encodeNode(source); path != "" && err == nil { // without a path it is a struct, which refers to nothing
			s.addReferences(config, path, node)
		}
	}
}

// addName adds the name in {env: NAME}.
func (s secretVariables) addName(value any) {
	switch value := value.(type) {
	case string:
		s[value] = true
	case *yaml.Node:
		if node := followAlias(value); node.Kind == yaml.ScalarNode {
			s[node.Value] = true
		}
	}
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

// Check does all that [Container.NewChild] does before it builds anything, and
// returns what would start. Its error is the same.
//
// The preview is returned with the error too, as far as it goes: fields
// without a value have the source [FromNowhere].
func (c *Container) Check(opts ...fx.Option) (Preview, error) {
	p, err := c.prepare(newChildConfig(opts).orQuiet(), nil)
	launches, _ := c.readLaunch(p.config.launch)
	secrets := c.secretsWith(p.config.known, p.config.launch)
	var preview Preview
	for _, n := range append(p.starting(), p.later...) {
		preview.Resources = append(preview.Resources, c.describe(n, launches[n], secrets))
	}
	for _, t := range p.config.known.mine() {
		description := StepDescription{Key: t.step.key, Config: t.step.config.describe(p.steps[t])}
		secrets.mask(description.Config)
		preview.Steps = append(preview.Steps, description)
	}
	return preview, err
}
