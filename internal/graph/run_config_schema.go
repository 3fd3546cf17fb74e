package graph

import (
	"encoding/json"
	"slices"

	"github.com/fxrun/fxrun/internal/config"
)

// Schema returns the JSON Schema (draft 2020-12) of the run configs that this
// container takes, for editors and forms. Package container documents it.
func (g *Graph) Schema(subject Subject) (json.RawMessage, error) {
	const doing = "describing the run config"
	scope, err := g.scopeOf(doing, subject.Launch, subject)
	if err != nil {
		return nil, err
	}
	nodes, err := scope.nodes(doing)
	if err != nil {
		return nil, err
	}
	document := config.NewSchema()
	for _, n := range nodes {
		document.AddResource(n.Key, n.Description, n.Config, scope.narrow(), scope.resources[n])
	}
	for _, n := range configurable(g.Nodes) {
		if !slices.Contains(nodes, n) {
			document.AddResourceElsewhere(n.Key, n.Config)
		}
	}
	for _, t := range scope.subject.Known.all() {
		document.AddStep(t.step.Key, t.step.Config, scope.needed(t), scope.steps[t])
	}
	for key, definitions := range scope.subject.Known.elsewhere() {
		document.AddStepElsewhere(key, definitions)
	}
	for _, key := range scope.subject.Known.unclear() {
		document.RefuseStep(key, severalSteps(key))
	}
	return document.JSON()
}
