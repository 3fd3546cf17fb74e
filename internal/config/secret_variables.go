package config

import (
	"os"

	"go.yaml.in/yaml/v3"
)

// SecretVariables are the environment variables that secret fields read.
type SecretVariables map[string]bool

// Texts returns the current values of the variables.
func (s SecretVariables) Texts() []string {
	var texts []string
	for name := range s {
		if text := os.Getenv(name); text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// Mask masks a value from a variable that also gives a value to a secret field,
// in this config or in another resource or step, by its name or by a reference
// of the launch. Then the name of the variable is probably wrong.
func (s SecretVariables) Mask(fields []Field) {
	for i := range fields {
		if s[fields[i].Variable] && fields[i].Value != "" {
			fields[i].Value = Masked
		}
	}
}

// Add adds the variables that the secret fields of a config read.
func (s SecretVariables) Add(config *Definition) {
	for _, field := range config.fields {
		if field.secret && field.key != "" {
			s[field.key] = true
			if field.alt != "" {
				s[field.alt] = true
			}
		}
	}
}

// AddReferences adds the variables that a source of a run config, below path,
// refers to. It leaves out those of known fields that are not secret, but not
// those of unknown fields, because a mistyped name may be the name of a secret.
// A variable stays in the set even if a later layer overrides the reference.
func (s SecretVariables) AddReferences(config *Definition, path string, source any) {
	if field, ok := config.field(path); ok && !field.secret {
		return
	}
	entry := func(name string, value any) {
		below := joinPath(path, name)
		if _, isField := config.field(below); name == "env" && !isField {
			s.addName(value)
		}
		s.AddReferences(config, below, value)
	}
	switch source := source.(type) {
	case nil, string:
	case setText:
		if source.node != nil {
			s.AddReferences(config, path, source.node)
		}
	case layers:
		for _, layer := range source {
			s.AddReferences(config, path, layer)
		}
	case attributed:
		s.AddReferences(config, path, source.source)
	case Fields:
		for name, value := range source {
			entry(name, value)
		}
	case map[string]any:
		for name, value := range source {
			entry(name, value)
		}
	case *yaml.Node:
		source = followAlias(source)
		for i, content := range source.Content {
			switch {
			case source.Kind != yaml.MappingNode:
				s.AddReferences(config, path, content)
			case i%2 == 1:
				entry(source.Content[i-1].Value, content)
			}
		}
	default:
		if node, err := encodeNode(source); path != "" && err == nil { // without a path the source is a struct, which has no references
			s.AddReferences(config, path, node)
		}
	}
}

// addName adds the name in {env: NAME}.
func (s SecretVariables) addName(value any) {
	switch value := value.(type) {
	case string:
		s[value] = true
	case *yaml.Node:
		if node := followAlias(value); node.Kind == yaml.ScalarNode {
			s[node.Value] = true
		}
	}
}
