package graph

import (
	"github.com/fxrun/fxrun/internal/config"
)

// Template returns a run config in YAML that a person completes. Package
// container documents it.
func (g *Graph) Template(subject Subject) (string, error) {
	const doing = "writing the template of a run config"
	scope, err := g.scopeOf(doing, subject.Launch, subject)
	if err != nil {
		return "", err
	}
	nodes, err := scope.nodes(doing)
	if err != nil {
		return "", err
	}
	text := config.NewTemplate(g.SecretsWith(scope.subject.Known, scope.subject.Launch))
	text.Begin("resources")
	for _, n := range nodes {
		text.Add(n.Key, n.Description, n.Config, scope.resources[n])
	}
	steps, unclear := scope.subject.Known.all(), scope.subject.Known.unclear()
	if len(steps)+len(unclear) > 0 {
		text.Begin("steps")
	}
	for _, t := range steps {
		text.Add(t.step.Key, "", t.step.Config, scope.steps[t])
	}
	for _, key := range unclear {
		text.Explain(severalSteps(key))
	}
	return text.String(), nil
}
