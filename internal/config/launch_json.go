package config

import (
	"encoding/json"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// LaunchDocument is a run config that may be stored and shown. It leaves out the
// literal values of secret fields, and values with a password in them, such as
// the password of a URL. It keeps references such as {env: NAME}.
type LaunchDocument struct {
	Resources launchSections `json:"resources,omitempty"`
	Steps     launchSections `json:"steps,omitempty"`
}

// PrivateDocument is a run config with everything that a launch gives, the secrets
// too. It is for another process of the same program, and must not be stored or shown.
type PrivateDocument struct{ LaunchDocument }

type launchSection struct {
	Config map[string]any `json:"config"`
}

// NewLaunchDocument returns an empty document.
func NewLaunchDocument() LaunchDocument {
	return LaunchDocument{Resources: make(launchSections), Steps: make(launchSections)}
}

// NewPrivateDocument returns an empty document.
func NewPrivateDocument() PrivateDocument { return PrivateDocument{NewLaunchDocument()} }

// AddResource adds what a launch gives for a resource's config.
func (d LaunchDocument) AddResource(key string, definition *Definition, given LaunchValues) {
	d.Resources.add(key, definition, given, hidden)
}

// AddStep adds what a launch gives for a step's config.
func (d LaunchDocument) AddStep(key string, definition *Definition, given LaunchValues) {
	d.Steps.add(key, definition, given, hidden)
}

// AddResource adds what a launch gives for a resource's config, with its secrets.
func (d PrivateDocument) AddResource(key string, definition *Definition, given LaunchValues) {
	d.Resources.add(key, definition, given, revealed)
}

// AddStep adds what a launch gives for a step's config, with its secrets.
func (d PrivateDocument) AddStep(key string, definition *Definition, given LaunchValues) {
	d.Steps.add(key, definition, given, revealed)
}

// JSON returns the JSON.
func (d LaunchDocument) JSON() (json.RawMessage, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("rendering the run config: %w", err)
	}
	return forYAML(text), nil
}

type launchSections map[string]launchSection

// secrecy says whether the secrets in a document are left out.
type secrecy bool

const (
	hidden   secrecy = false
	revealed secrecy = true
)

func (s launchSections) add(key string, definition *Definition, given LaunchValues, secrets secrecy) {
	if fields, _ := definition.storedFields(given, secrets); len(fields) > 0 {
		s[key] = launchSection{fields}
	}
}

// storedFields returns the fields that a launch gives, in the form that a
// launch is read from. whole says that no secret was left out.
func (c *Definition) storedFields(values LaunchValues, secrets secrecy) (fields map[string]any, whole bool) {
	fields, whole = make(map[string]any), true
	for i := range c.fields {
		field := &c.fields[i]
		for _, section := range field.optional {
			switch _, there := lookPath(fields, section.path); {
			case section.path == "" || there:
			case values[section.path].section:
				setPath(fields, section.path, make(map[string]any))
			case values[section.path].null:
				setPath(fields, section.path, nil)
			}
		}
		given, ok := values[field.path]
		if !ok {
			continue
		}
		if shown, ok := given.written(c.shapes, field, secrets); ok {
			setPath(fields, field.path, shown)
		} else {
			whole = false
		}
	}
	return fields, whole
}

// shown returns the part of a value given at launch that may be shown.
func (v launchValue) shown(shapes *Shapes, field *Leaf) (any, bool) {
	return v.written(shapes, field, hidden)
}

// written returns a value given at launch in the form that a launch is read from. It
// returns false for a value that is left out.
func (v launchValue) written(shapes *Shapes, field *Leaf, secrets secrecy) (any, bool) {
	if v.node != nil {
		value := reflect.New(field.typ).Elem()
		r := reading{shapes: shapes}
		if r.read(v.node, value, ""); len(r.faults) > 0 || secrets == hidden && shapes.holdsPassword(value) {
			return nil, false
		}
		return shapes.stored(v.node, field.typ, secrets)
	}
	if secrets == revealed && v.value.IsValid() {
		return shapes.jsonable(v.value, secretText), true
	}
	if field.secret || !v.value.IsValid() || shapes.holdsPassword(v.value) {
		return nil, false
	}
	return shapes.jsonable(v.value, asText), true
}

// stored returns a node in the form of JSON, from which a value of type t is
// read. It returns false if the node contains the literal value of a secret.
func (s *Shapes) stored(node *yaml.Node, t reflect.Type, secrets secrecy) (any, bool) {
	node = followAlias(node)
	if name, ok := reference(t, node); ok {
		return map[string]any{"env": name}, true
	}
	switch {
	case t.Kind() == reflect.Pointer && node.Kind == yaml.ScalarNode && node.Tag == "!!null":
		return nil, true
	case t.Kind() == reflect.Pointer:
		return s.stored(node, t.Elem(), secrets)
	case t.Implements(reflect.TypeFor[hider]()) && secrets == hidden:
		return nil, false
	case decodesText(t):
		return node.Value, secrets == revealed || redact(node.Value) == node.Value
	case t.Kind() == reflect.Struct:
		item, given := s.item(t), make(LaunchValues)
		item.Read(given, "", node)
		fields, whole := item.storedFields(given, secrets)
		return fields, whole
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && !isBytes(t):
		return s.storedList(node, t, secrets)
	case t.Kind() == reflect.Map:
		return s.storedMap(node, t, secrets)
	}
	value := reflect.New(t).Elem()
	r := reading{shapes: s}
	if r.read(node, value, ""); len(r.faults) > 0 {
		return nil, false
	}
	return s.jsonable(value, asText), true
}

func (s *Shapes) storedList(node *yaml.Node, t reflect.Type, secrets secrecy) (any, bool) {
	list := make([]any, len(node.Content))
	for i, content := range node.Content {
		var ok bool
		if list[i], ok = s.stored(content, t.Elem(), secrets); !ok {
			return nil, false
		}
	}
	return list, true
}

func (s *Shapes) storedMap(node *yaml.Node, t reflect.Type, secrets secrecy) (any, bool) {
	if node.Kind == yaml.ScalarNode {
		return node.Value, true
	}
	entries := make(map[string]any, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := followAlias(node.Content[i]).Value
		value, ok := s.stored(node.Content[i+1], t.Elem(), secrets)
		if !ok || secrets == hidden && redact(key) != key {
			return nil, false
		}
		entries[key] = value
	}
	return plainMap(entries), true
}

// plainMap writes the map {env: NAME} as text, because the map itself would be
// read as a reference.
func plainMap(entries map[string]any) any {
	if name, ok := entries["env"].(string); ok && len(entries) == 1 && variableName.MatchString(name) {
		return "env:" + name
	}
	return entries
}

// setPath sets a dotted path in nested maps.
func setPath(fields map[string]any, path string, value any) {
	section, name, nested := cutLast(path)
	if !nested {
		fields[name] = value
		return
	}
	inner, ok := lookPath(fields, section)
	if !ok {
		inner = make(map[string]any)
		setPath(fields, section, inner)
	}
	inner[name] = value
}

func lookPath(fields map[string]any, path string) (map[string]any, bool) {
	section, name, nested := cutLast(path)
	if nested {
		outer, ok := lookPath(fields, section)
		if !ok {
			return nil, false
		}
		fields = outer
	}
	inner, ok := fields[name].(map[string]any)
	return inner, ok
}
