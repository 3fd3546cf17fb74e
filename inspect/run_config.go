package inspect

import (
	"context"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
)

// RunConfig is the config of the resources and steps of a run, as it was resolved when the
// run began.
type RunConfig struct {
	// Known says that the history has the config. It is false for a run that has not begun,
	// whose old events were removed, or of a version that did not record it.
	Known bool `json:"known"`
	// Parts are the resources and the steps that have a config, resources first.
	Parts []RunConfigPart `json:"parts"`
	// Omitted is how many more fields there were that the history had no place for.
	Omitted int `json:"omitted,omitempty"`
}

// RunConfigPart is the config of a resource or of a step.
type RunConfigPart struct {
	// Of is the place in a run config: "resources.warehouse", or "steps.raw/orders".
	Of string `json:"of"`
	// Fields are the fields, in the order of the struct.
	Fields []RunConfigField `json:"fields"`
}

// RunConfigField is a field with the value that a run has used.
type RunConfigField struct {
	history.ConfigField

	// Set says that the field had a value. It is all that is known of the value of a secret.
	Set bool `json:"set"`
	// From says for people where the value came from: "default", "code", "environment
	// WAREHOUSE_TABLE", "--set", "job nightly", "run.yaml", or "not set".
	From string `json:"from"`
}

// RunConfig returns the config of a run. It reads one event of the run. The error
// of a run that does not exist matches history.ErrNotFound.
func (i *Inspector) RunConfig(ctx context.Context, run string) (RunConfig, error) {
	config := RunConfig{Parts: []RunConfigPart{}}
	found, err := i.store.Events(ctx, history.EventQuery{RunID: run, Types: []history.EventType{history.TypeRunStarting}, Limit: 1})
	if err != nil || len(found) == 0 {
		return config, err
	}
	starting, ok := found[0].Data.(history.RunStarting)
	if !ok {
		return config, nil
	}
	config.Known, config.Omitted = len(starting.Config) > 0, starting.ConfigOmitted
	for _, field := range starting.Config {
		last := len(config.Parts) - 1
		if last < 0 || config.Parts[last].Of != field.Of {
			config.Parts = append(config.Parts, RunConfigPart{Of: field.Of})
			last++
		}
		config.Parts[last].Fields = append(config.Parts[last].Fields, newRunConfigField(field))
	}
	return config, nil
}

func newRunConfigField(field history.ConfigField) RunConfigField {
	shown := RunConfigField{ConfigField: field, Set: true}
	switch source := container.Source(field.Source); {
	case source == container.SourceZero || source == container.SourceMissing:
		shown.Set, shown.From = false, "not set"
	case field.GivenBy != "" && field.Variable != "":
		shown.From = field.GivenBy + ", environment " + field.Variable
	case field.GivenBy != "":
		shown.From = field.GivenBy
	case field.Variable != "" && source == container.SourceLaunch:
		shown.From = "launch, environment " + field.Variable
	case field.Variable != "":
		shown.From = "environment " + field.Variable
	default:
		shown.From = field.Source
	}
	return shown
}
