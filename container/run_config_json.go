package container

import (
	"encoding/json"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
)

// LaunchJSON renders a run config as JSON that may be stored and shown, in the
// form that [ParseRunConfig] reads: {env: NAME} references are kept, the
// literals of secret fields are left out. A launch that reads it back has to
// give those again.
//
// The steps that the config may speak of are those that opts name by [Steps],
// [Needs] and [NeedsLater]; other options make no difference, so that those of
// a child can be given as they are.
//
// The error is a *[Faults] with what is wrong with the config.
func (c *Container) LaunchJSON(launch RunConfig, opts ...fx.Option) (json.RawMessage, error) {
	scope, err := c.scopeOf("reading the run config", launch, opts)
	if err != nil {
		return nil, err
	}
	return launchJSON(scope.resources, scope.steps)
}

func launchJSON(resources map[*node]config.LaunchValues, steps map[*Target]config.LaunchValues) (json.RawMessage, error) {
	document := config.NewLaunchDocument()
	for n, values := range resources {
		document.AddResource(n.key, n.config, values)
	}
	for t, values := range steps {
		document.AddStep(t.step.key, t.step.config, values)
	}
	return document.JSON()
}
