package ui

import (
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// stepConfigs returns the fields of the steps that have a config, as a launch without config
// would get them, by their keys. The key of an op is as in op:cleanup/find.
func (p *Pages) stepConfigs() map[string][]container.Field {
	fields := make(map[string][]container.Field)
	for _, step := range p.inspect.ConfigOfAll(container.RunConfig{}).Steps {
		fields[step.Key] = step.Config
	}
	for _, job := range p.config.Graph.Jobs() {
		if len(job.Ops) == 0 {
			continue
		}
		prepared, _ := p.config.Launcher.Prepare(runs.Request{Job: job.Name}) // it tells of the config also if values are missing
		for _, step := range prepared.Preview().Steps {
			fields["op:"+job.Name+"/"+step.Key] = step.Config
		}
	}
	return fields
}
