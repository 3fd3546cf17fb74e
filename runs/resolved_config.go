package runs

import (
	"strings"
	"unicode/utf8"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/child"
)

const (
	// longestValue is how many bytes of a value are recorded, and largestConfig is how many
	// bytes of text in all fields of a run.
	longestValue  = 500
	largestConfig = 64 << 10
)

// starting returns the event that the run begins, with its config as it was resolved.
func (l launch) starting(own owner) history.RunStarting {
	event := history.RunStarting{Owner: own.String()}
	if l.child == nil {
		return event
	}
	preview := (*child.Prepared)(l.child).Configs()
	recorded := configRecord{launch: l}
	for _, resource := range preview.Resources {
		recorded.add("resources."+resource.Key, resource.Config)
	}
	for _, step := range preview.Steps {
		recorded.add("steps."+step.Key, step.Config)
	}
	event.Config, event.ConfigOmitted = recorded.fields, recorded.omitted
	return event
}

// givenBy says who has given the fields that a launch has given, by their paths in a run
// config.
func (l launch) givenBy() map[string]string {
	var given map[string]string
	add := func(of string, fields []container.Field) {
		for _, field := range fields {
			if field.GivenBy != "" {
				if given == nil {
					given = make(map[string]string)
				}
				given[of+".config."+field.Path] = l.child.Mask(field.GivenBy)
			}
		}
	}
	preview := (*child.Prepared)(l.child).Configs()
	for _, resource := range preview.Resources {
		add("resources."+resource.Key, resource.Config)
	}
	for _, step := range preview.Steps {
		add("steps."+step.Key, step.Config)
	}
	return given
}

// configRecord gathers the fields of a config, as long as there is place for them.
type configRecord struct {
	launch  launch
	fields  []history.ConfigField
	size    int
	omitted int
}

func (c *configRecord) add(of string, fields []container.Field) {
	for _, field := range fields {
		one := c.field(of, field)
		size := len(one.Of) + len(one.Path) + len(one.Variable) + len(one.GivenBy) + len(one.Value)
		if c.omitted > 0 || c.size+size > largestConfig {
			c.omitted++
			continue
		}
		c.size += size
		c.fields = append(c.fields, one)
	}
}

// field returns a field as it is recorded. A field that is named like a secret counts as
// one: its value may come from the environment, which nobody expects in the history.
func (c *configRecord) field(of string, field container.Field) history.ConfigField {
	one := history.ConfigField{Of: of, Path: field.Path, Source: string(field.Source), Secret: field.Secret || field.Warning != ""}
	if field.Source == container.SourceLaunch {
		one.GivenBy = c.launch.child.Mask(field.GivenBy)
		if told, ok := c.launch.record.ConfigGivenBy[of+".config."+field.Path]; ok { // by the process that has queued the run
			one.GivenBy = told
		}
	}
	if field.Source == container.SourceLaunch || field.Source == container.SourceEnv {
		one.Variable = field.Variable
	}
	if !one.Secret {
		one.Value, one.Cut = shortened(c.launch.child.Mask(field.Value))
	}
	return one
}

// shortened returns the beginning of a text that is too long.
func shortened(text string) (string, bool) {
	text = strings.ToValidUTF8(text, string(utf8.RuneError)) // as stores keep it
	if len(text) <= longestValue {
		return text, false
	}
	end := longestValue
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end], true
}
