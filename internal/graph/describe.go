package graph

import (
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/typename"
)

// Description tells about one resource.
type Description struct {
	Key         string            `json:"key"`
	Description string            `json:"description,omitempty"`
	Types       []string          `json:"types"`             // the Go types that it is provided as
	Constructor string            `json:"constructor"`       // function name, as in "flights.NewWarehouse"
	Position    string            `json:"position"`          // file:line of its definition
	Lifetime    resource.Lifetime `json:"lifetime"`          // process, run or step
	Eager       bool              `json:"eager,omitempty"`   // it starts even if nothing asks for it
	Needs       []string          `json:"needs,omitempty"`   // Keys of the resources that it is built from
	UsedBy      []string          `json:"used_by,omitempty"` // Keys of the resources built from it
	Config      []config.Field    `json:"config,omitempty"`  // has the values of a launch without a run config
	// Replaced says that the host application has a value in the place of the
	// resource.
	Replaced bool `json:"replaced,omitempty"`
	// NeedsReplaced has the keys of the resources that the resource would need
	// if the host application had no values in their place.
	NeedsReplaced []string `json:"-"`
}

// Resources describes every resource, sorted by key. It reads the environment,
// because the description says where the value of each config field would come
// from now. Secrets are masked.
func (g *Graph) Resources() []Description {
	descriptions := make([]Description, len(g.Nodes))
	for i, n := range g.Nodes {
		descriptions[i] = g.Describe(n, n.Resolve(nil), g.secrets)
	}
	for _, n := range g.Nodes {
		for _, need := range n.Needs {
			at, _ := slices.BinarySearchFunc(g.Nodes, need.Key, func(n *Node, key string) int { return strings.Compare(n.Key, key) })
			descriptions[at].UsedBy = append(descriptions[at].UsedBy, n.Key)
		}
	}
	return descriptions
}

// Describe describes a resource with the config that was resolved for it.
// Values from one of the secret variables are masked.
func (g *Graph) Describe(n *Node, resolved config.Resolved, secrets config.SecretVariables) Description {
	description := Description{
		Key: n.Key, Description: n.Description, Constructor: n.Function.Name, Position: n.Position, Lifetime: n.Lifetime, Eager: n.Eager, Replaced: n.IsReplaced(),
	}
	for _, provided := range n.Answers() {
		if t := typename.Of(provided.Key.Type); !slices.Contains(description.Types, t) {
			description.Types = append(description.Types, t)
		}
	}
	for _, need := range n.Needs {
		description.Needs = append(description.Needs, need.Key)
	}
	description.NeedsReplaced = g.replacedNeeds(n.Inputs)
	if n.Config != nil {
		description.Config = n.Config.Describe(resolved)
		secrets.Mask(description.Config)
	}
	return description
}

// Resolve returns the config that a launch would give now. With an error it
// returns the part that could be read.
func (n *Node) Resolve(launch config.LaunchValues) config.Resolved {
	if n.Config == nil {
		return config.Resolved{}
	}
	value, _ := n.Config.Resolve(ConfigPath(n.Key), launch)
	return value
}

// StepDescription tells about the config of one step.
type StepDescription struct {
	Key    string         `json:"key"`
	Config []config.Field `json:"config"` // with the values that the launch would give
}
