package prepare

import (
	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
)

// GivenField is a config field that a launch gives a value for.
type GivenField struct {
	// Section is "resources" or "steps", and Key is the resource or the step.
	Section, Key string
	config.GivenField
}

// At is where the field stands in a run config, as in "resources.warehouse.config.table".
func (f GivenField) At() string { return f.Section + "." + f.Key + ".config." + f.Path }

// Given returns the fields that the launch of the child gives to the resources and steps that
// the child needs.
func (p *Prepared) Given() []GivenField {
	return p.preparation.given(p.preparation.launches, p.preparation.stepLaunches)
}

// GivenBy returns the fields that a run config would give to them, as far as it can be read. It
// reads no variable of the environment, and validates nothing.
func (p *Prepared) GivenBy(launch config.RunConfig) []GivenField {
	resources, _ := p.preparation.Graph.ReadLaunch(launch)
	steps, _ := p.preparation.Settings.Known.ReadSteps(launch)
	return p.preparation.given(resources, steps)
}

func (p *Preparation) given(resources map[*graph.Node]config.LaunchValues, steps map[*graph.Target]config.LaunchValues) []GivenField {
	var fields []GivenField
	add := func(section, key string, definition *config.Definition, launch config.LaunchValues) {
		for _, field := range definition.Given(launch) {
			fields = append(fields, GivenField{section, key, field})
		}
	}
	for _, n := range append(p.starting(), p.later...) {
		if launch, ok := resources[n]; ok {
			add("resources", n.Key, n.Config, launch)
		}
	}
	for _, t := range p.Settings.Known.Mine() {
		if launch, ok := steps[t]; ok {
			add("steps", t.Step().Key, t.Step().Config, launch)
		}
	}
	return fields
}
