package inspect

import (
	"maps"
	"os"
	"slices"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// Variable is an environment variable that a field of a resource or of a step reads. It never
// has the value of the variable.
type Variable struct {
	Name string `json:"name"`
	Set  bool   `json:"set"`
	// Resource is the key of the resource that reads the variable. It is "" if a step reads it.
	Resource string `json:"resource,omitempty"`
	// Step is the key of the step that reads the variable. An op of a job stands as
	// op:JOB/STEP. It is "" if a resource reads the variable.
	Step string `json:"step,omitempty"`
	// Field is the path of the field, such as pool.size.
	Field    string `json:"field"`
	Required bool   `json:"required,omitempty"`
	// Missing says that the field is required, and nothing gives it a value.
	Missing bool `json:"missing,omitempty"`
}

// Variables returns the variables that the definitions read: those of resources, and then
// those of steps, both by key. steps are what StepConfigs returns.
func (i *Inspector) Variables(steps map[string][]container.Field) []Variable {
	list := []Variable{}
	add := func(resource, step string, fields []container.Field) {
		for _, field := range fields {
			if field.Variable == "" {
				continue
			}
			_, set := os.LookupEnv(field.Variable)
			list = append(list, Variable{
				Name: field.Variable, Set: set, Resource: resource, Step: step, Field: field.Path, Required: field.Required,
				Missing: !set && field.Required && field.Source == container.SourceMissing,
			})
		}
	}
	for _, resource := range i.Resources() {
		add(resource.Key, "", resource.Config)
	}
	for _, step := range slices.Sorted(maps.Keys(steps)) {
		add("", step, steps[step])
	}
	return list
}

// StepConfigs returns the fields of the steps that have a config, by the key of the step. An
// op of a job stands as op:JOB/STEP. It looks at all definitions, so callers keep the result.
func (i *Inspector) StepConfigs(launcher *runs.Launcher) map[string][]container.Field {
	fields := make(map[string][]container.Field)
	for _, step := range i.ConfigOfAll(container.RunConfig{}).Steps {
		fields[step.Key] = step.Config
	}
	for _, job := range i.graph.Jobs() {
		if len(job.Ops) == 0 {
			continue
		}
		prepared, _ := launcher.Prepare(runs.Request{Job: job.Name}) // it tells of the config also if values are missing
		for _, step := range prepared.Preview().Steps {
			fields["op:"+job.Name+"/"+step.Key] = step.Config
		}
	}
	return fields
}
