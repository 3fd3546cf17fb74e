package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// schema is a JSON Schema with the keywords that run configs need.
type schema struct {
	Draft       string   `json:"$schema,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Comment     string   `json:"$comment,omitempty"`
	Ref         string   `json:"$ref,omitempty"`
	Type        jsonType `json:"type,omitempty"`
	Format      string   `json:"format,omitempty"`
	Enum        []any    `json:"enum,omitempty"`
	Minimum     any      `json:"minimum,omitempty"`
	Maximum     any      `json:"maximum,omitempty"`
	MinLength   *int     `json:"minLength,omitempty"`
	MaxLength   *int     `json:"maxLength,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`

	Items    *schema `json:"items,omitempty"`
	MinItems *int    `json:"minItems,omitempty"`
	MaxItems *int    `json:"maxItems,omitempty"`

	Properties           map[string]*schema `json:"properties,omitempty"`
	PatternProperties    map[string]*schema `json:"patternProperties,omitempty"`
	PropertyNames        *schema            `json:"propertyNames,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"` // false or a *schema
	Required             []string           `json:"required,omitempty"`
	MinProperties        *int               `json:"minProperties,omitempty"`
	MaxProperties        *int               `json:"maxProperties,omitempty"`

	AnyOf       []*schema          `json:"anyOf,omitempty"`
	Not         *schema            `json:"not,omitempty"`
	Default     any                `json:"default,omitempty"`
	WriteOnly   bool               `json:"writeOnly,omitempty"`
	Definitions map[string]*schema `json:"$defs,omitempty"`
}

// jsonType is one type, or several types.
type jsonType []string

// MarshalJSON writes a single type without brackets.
func (t jsonType) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// variableDefinition is the place of the schema of {env: NAME}.
const variableDefinition = "env"

// Schema builds the JSON Schema of a run config, one resource or step
// after another.
type Schema struct{ resources, steps *schema }

// NewSchema returns a schema without resources and steps.
func NewSchema() *Schema { return &Schema{resources: section()} }

// AddResource adds a resource. The schema of a needed resource requires the
// fields that must be given at launch, except those that the launch given gives
// already.
func (s *Schema) AddResource(key, description string, definition *Definition, needed bool, given LaunchValues) {
	s.resources.addConfig(key, definition, needed, given).Description = description
}

// AddResourceElsewhere adds a resource of other launches, because one file may have
// sections for all jobs. It is a pattern and not a property: an editor offers
// properties only.
func (s *Schema) AddResourceElsewhere(key string, definition *Definition) {
	if s.resources.PatternProperties == nil {
		s.resources.PatternProperties = make(map[string]*schema)
	}
	s.resources.PatternProperties["^"+regexp.QuoteMeta(key)+"$"] = section().addConfig(key, definition, false, definition.everything())
}

// AddStep adds a step, as AddResource adds a resource.
func (s *Schema) AddStep(key string, definition *Definition, needed bool, given LaunchValues) {
	s.stepsSection().addConfig(key, definition, needed, given)
}

// AddStepElsewhere adds a step of other launches. The step has one of several
// configs. It is in the schema because one file may have sections for all jobs.
func (s *Schema) AddStepElsewhere(key string, definitions []*Definition) {
	var entries []*schema
	for _, definition := range definitions {
		entries = append(entries, section().addConfig(key, definition, false, definition.everything()))
	}
	if len(entries) == 1 {
		s.stepsSection().Properties[key] = entries[0]
		return
	}
	s.stepsSection().Properties[key] = &schema{AnyOf: entries}
}

// RefuseStep allows no config under the key of a step, and says why.
func (s *Schema) RefuseStep(key, why string) {
	s.stepsSection().Properties[key] = &schema{Description: why, Not: new(schema)}
}

func (s *Schema) stepsSection() *schema {
	if s.steps == nil {
		s.steps = section()
	}
	return s.steps
}

// JSON returns the whole schema as JSON.
func (s *Schema) JSON() (json.RawMessage, error) {
	root := section()
	root.Draft, root.Title = "https://json-schema.org/draft/2020-12/schema", "Run config"
	root.Properties["resources"] = s.resources
	if s.steps != nil {
		root.Properties["steps"] = s.steps
	}
	for _, name := range []string{"resources", "steps"} {
		if root.Properties[name] != nil && len(root.Properties[name].Required) > 0 {
			root.require(name)
		}
	}
	root.Definitions = map[string]*schema{variableDefinition: variableSchema()}
	text, err := plainJSON(root)
	if err != nil {
		return nil, fmt.Errorf("describing the run config: %w", err)
	}
	return text, nil
}

// addConfig adds the config of one resource or step. The schema of a needed
// config requires the fields that must be given at launch.
func (s *schema) addConfig(key string, definition *Definition, needed bool, given LaunchValues) *schema {
	config := definition.schema(given, nil)
	entry := section()
	entry.Properties["config"] = config
	s.Properties[key] = entry
	if len(config.Required) > 0 && needed {
		entry.require("config")
		s.require(key)
	}
	return entry
}

// everything returns what a launch would give that gives all fields. Of a config that
// the launch does not use, nothing is required.
func (c *Definition) everything() LaunchValues {
	given := make(LaunchValues, len(c.fields))
	for _, field := range c.fields {
		given[field.path] = launchValue{}
	}
	return given
}

// plainJSON writes JSON in which < and > are not escaped.
func plainJSON(value any) (json.RawMessage, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return forYAML(bytes.TrimSpace(text.Bytes())), nil
}

// section is an object with known names. It may be null, because YAML has null
// for a section whose entries are all comments.
func section() *schema {
	return &schema{Type: jsonType{"object", "null"}, Properties: make(map[string]*schema), AdditionalProperties: false}
}

// require makes a name required, and then null is not allowed.
func (s *schema) require(name string) {
	s.Type = jsonType{"object"}
	if !slices.Contains(s.Required, name) {
		s.Required = append(s.Required, name)
	}
}

func variableSchema() *schema {
	return &schema{
		Title: "the value of an environment variable", Type: jsonType{"object"},
		Properties: map[string]*schema{"env": {Type: jsonType{"string"}, Pattern: variableName.String()}},
		Required:   []string{"env"}, AdditionalProperties: false,
	}
}

// schema returns the schema of the config, with nested structs as sections.
// above are the structs around it. Fields that are given already are not
// required again.
func (c *Definition) schema(given LaunchValues, above []reflect.Type) *schema {
	root := section()
	for i := range c.fields {
		field := &c.fields[i]
		names := strings.Split(field.path, ".")
		at, name := root, names[len(names)-1]
		demanded, from := c.demands(field, given)
		for depth, outer := range names[:len(names)-1] {
			if at.Properties[outer] == nil {
				at.Properties[outer] = section()
			}
			if demanded && depth >= from {
				at.require(outer)
			}
			at = at.Properties[outer]
		}
		if demanded {
			at.require(name)
		}
		if !field.fixed {
			at.Properties[name] = c.fieldSchema(field, above)
		}
	}
	return root
}

// demands reports whether a launch has to give a field. from counts the names
// of the path that end with the innermost section which may be left out,
// because such a section is not required itself.
func (c *Definition) demands(field *Leaf, given LaunchValues) (demanded bool, from int) {
	if field.atLaunch {
		_, ok := given[field.path]
		return !ok, 0
	}
	for _, section := range field.optional {
		if section.path != "" {
			from = strings.Count(section.path, ".") + 1
		}
	}
	return c.item && field.required && field.text == "", from
}
