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
	return writeLaunch(config.NewLaunchDocument(), resources, steps)
}

// PrivateLaunchJSON is LaunchJSON with the secrets that the launch gives. A secret
// that can't be written as text is an error.
func PrivateLaunchJSON(resources map[*Node]config.LaunchValues, steps map[*Target]config.LaunchValues) (json.RawMessage, error) {
	return writeLaunch(config.NewPrivateDocument(), resources, steps)
}

// launchDocument takes what a launch gives.
type launchDocument interface {
	AddResource(key string, definition *config.Definition, given config.LaunchValues)
	AddStep(key string, definition *config.Definition, given config.LaunchValues)
	JSON() (json.RawMessage, error)
}

func writeLaunch(document launchDocument, resources map[*Node]config.LaunchValues, steps map[*Target]config.LaunchValues) (json.RawMessage, error) {
	for n, values := range resources {
		document.AddResource(n.Key, n.Config, values)
	}
	for t, values := range steps {
		document.AddStep(t.step.Key, t.step.Config, values)
	}
	return document.JSON()
}
