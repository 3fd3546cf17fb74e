package container

import (
	"slices"
	"strings"

	"go.uber.org/fx"
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
}

// Resources describes every resource, by key. It reads the environment, to
// tell where each config field's value would come from now. Secrets are masked.
func (c *Container) Resources() []Description {
	descriptions := make([]Description, len(c.nodes))
	for i, n := range c.nodes {
		descriptions[i] = c.describe(n, nil)
	}
	for _, n := range c.nodes {
		for _, need := range n.needs {
			at, _ := slices.BinarySearchFunc(c.nodes, need.key, func(n *node, key string) int { return strings.Compare(n.key, key) })
			descriptions[at].UsedBy = append(descriptions[at].UsedBy, n.key)
		}
	}
	return descriptions
}

func (c *Container) describe(n *node, launch launchValues) Description {
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
	if n.config != nil {
		value, _ := n.config.resolve(configPath(n.key), launch)
		description.Config = n.config.describe(value)
		c.maskVariables(description.Config)
	}
	return description
}

// maskVariables masks what comes from a variable that gives a secret field its
// value, here or in another resource: somebody took the wrong name.
func (c *Container) maskVariables(fields []Field) {
	for i := range fields {
		if c.secrets[fields[i].Variable] && fields[i].Value != "" {
			fields[i].Value = Masked
		}
	}
}

// secretVariables are the environment variables that secret fields read.
func (c *Container) secretVariables() map[string]bool {
	names := make(map[string]bool)
	for _, n := range c.nodes {
		if n.config == nil {
			continue
		}
		for _, field := range n.config.fields {
			if field.secret && field.key != "" {
				names[field.key] = true
				if field.alt != "" {
					names[field.alt] = true
				}
			}
		}
	}
	return names
}

// Preview is what a child would be, had it been opened.
type Preview struct {
	// Resources are those that would start, in an order in which they may,
	// with the config that they would get.
	Resources []Description
}

// Check does all that [Container.NewChild] does before it builds anything, and
// returns what would start. Its error is the same.
//
// The preview is returned with the error too, as far as it goes: fields
// without a value have the source [FromNowhere].
func (c *Container) Check(opts ...fx.Option) (Preview, error) {
	p, err := c.prepare(newChildConfig(opts).orQuiet(), nil)
	launches, _ := c.readLaunch(p.config.launch)
	var preview Preview
	for _, n := range p.starting() {
		preview.Resources = append(preview.Resources, c.describe(n, launches[n]))
	}
	return preview, err
}
