package inspect

import (
	"fmt"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// LaunchWarnings returns what a person should read before a launch, although it does not
// hinder it: variables and config that nothing reads, fields that are named like secrets and
// can be read, and the warnings of the plan. preview is that of the request. environ has
// the form of os.Environ.
func (i *Inspector) LaunchWarnings(environ []string, request runs.Request, preview runs.Preview) []string {
	warnings := []string{}
	if config, err := i.JobConfig(request.Job, request.Config); err == nil {
		for _, variable := range i.UnknownVariables(environ, config) {
			warnings = append(warnings, UnknownVariableText(variable))
		}
		for _, key := range i.ReplacedConfigs(config) {
			warnings = append(warnings, ReplacedConfigText(key))
		}
	}
	warnings = append(warnings, ReadableSecrets(preview.Resources, preview.Steps)...)
	return append(warnings, preview.Warnings...)
}

// UnknownVariableText says that nothing reads a variable.
func UnknownVariableText(variable container.UnknownVariable) string {
	text := "no field reads the environment variable " + variable.Name
	if variable.Nearest != "" {
		text += ", did you mean " + variable.Nearest + "?"
	}
	return text
}

// ReplacedConfigText says that nothing reads the config of a resource that the application
// has replaced.
func ReplacedConfigText(key string) string {
	return "resources." + key + ": nothing reads this config, because a value of the host application takes the place of the resource"
}

// ReadableSecrets names each field that is named like a secret although its type does not
// mask it.
func ReadableSecrets(resources []container.Description, steps []container.StepDescription) []string {
	var texts []string
	add := func(section, key string, fields []container.Field) {
		for _, field := range fields {
			if field.Warning != "" {
				texts = append(texts, fmt.Sprintf("%s.%s.config.%s: %s", section, key, field.Path, field.Warning))
			}
		}
	}
	for _, resource := range resources {
		add("resources", resource.Key, resource.Config)
	}
	for _, step := range steps {
		add("steps", step.Key, step.Config)
	}
	return texts
}
