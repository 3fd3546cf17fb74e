package container

import (
	"encoding/json"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
)

// Schema returns the JSON Schema (draft 2020-12) of the run configs that this
// container takes, for editors and forms: the form that [ParseRunConfig] reads,
// with types, descriptions, defaults and what the tags allow. What no launch may
// set is not in it: Fixed fields, and resources that live per process. Nor is
// the default of a secret.
//
// It is for the launch of a child with opts. Of the resources it has those that
// [Needs], [NeedsLater] and [NeedsResources] ask for, with what they are built
// from, or all where none of these options is given; of the steps those that
// are given by [Needs], [NeedsLater] and [Steps]; where several of them share a
// key, nothing is allowed under it. Other options make no difference.
//
// What is needed has to be there if it has fields named by [AtLaunch]. What only
// Steps names, and every resource where no option asks for any, may be left out;
// if it is there, so have its AtLaunch fields to be. A config that other layers
// complete, as a job's does, may lack them nevertheless.
//
// The schema knows less than a check does: not what a type makes of its text,
// nor Validate. It is stricter where YAML leaves a choice, as with a number for
// text that has a pattern. The error names unknown keys; it matches [ErrInvalid].
func (c *Container) Schema(opts ...fx.Option) (json.RawMessage, error) {
	const doing = "describing the run config"
	scope, err := c.scopeOf(doing, RunConfig{}, opts)
	if err != nil {
		return nil, err
	}
	nodes, err := scope.nodes(doing)
	if err != nil {
		return nil, err
	}
	document := config.NewSchema()
	for _, n := range nodes {
		document.AddResource(n.key, n.description, n.config, scope.narrow())
	}
	for _, t := range scope.config.known.all() {
		document.AddStep(t.step.key, t.step.config, scope.needed(t))
	}
	for _, key := range scope.config.known.unclear() {
		document.RefuseStep(key, severalSteps(key))
	}
	return document.JSON()
}
