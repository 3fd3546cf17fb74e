package graph

import (
	"encoding/json"

	"github.com/fxrun/fxrun/internal/config"
)

// LaunchJSON returns a run config as JSON that may be stored and shown, in the
// form that ParseRunConfig reads. Package container documents it.
func (g *Graph) LaunchJSON(launch config.RunConfig, subject Subject) (json.RawMessage, error) {
	scope, err := g.scopeOf("reading the run config", launch, subject)
	if err != nil {
		return nil, err
	}
	return LaunchJSON(scope.resources, scope.steps)
}

// LaunchJSON returns a launch config that was read as JSON.
func LaunchJSON(resources map[*Node]config.LaunchValues, steps map[*Target]config.LaunchValues) (json.RawMessage, error) {
	document := config.NewLaunchDocument()
	for n, values := range resources {
		document.AddResource(n.Key, n.Config, values)
	}
	for t, values := range steps {
		document.AddStep(t.step.Key, t.step.Config, values)
	}
	return document.JSON()
}
