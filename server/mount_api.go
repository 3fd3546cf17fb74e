package server

import (
	"github.com/fxrun/fxrun/inspect"
	"github.com/fxrun/fxrun/server/api"
)

// api returns what the JSON API needs.
func (c Config) api(checks *inspect.HealthChecks) api.Config {
	config := api.Config{
		Inspector: c.Inspector, Graph: c.Graph, Launcher: c.Launcher, Automations: c.Automations, Prefix: c.Prefix, ReadOnly: c.ReadOnly,
		Health: checks, Logger: c.Logger,
	}
	for _, fact := range c.About {
		config.About = append(config.About, api.Fact(fact))
	}
	return config
}
