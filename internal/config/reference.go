package config

import (
	"reflect"
	"regexp"

	"go.yaml.in/yaml/v3"
)

var variableName = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)

// literalMap is the style of a map in which env is an ordinary key, because the
// map has a tag, as in !!map {env: X}.
const literalMap = yaml.TaggedStyle

// reference reads {env: NAME}, which stands for a value of any type except a
// struct, at any depth. For a map it is a reference only if NAME can be the
// name of a variable. Otherwise env is a key of the map.
func reference(t reflect.Type, node *yaml.Node) (name string, ok bool) {
	if !refers(t) || node.Kind != yaml.MappingNode || node.Style&literalMap != 0 || len(node.Content) != 2 || node.Content[0].Value != "env" {
		return "", false
	}
	value := followAlias(node.Content[1])
	if value.Kind != yaml.ScalarNode || t.Kind() == reflect.Map && !variableName.MatchString(value.Value) {
		return "", false
	}
	return value.Value, true
}

// refers reports whether a reference to a variable may stand for a value of the
// type.
func refers(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer && !decodesText(t) {
		t = t.Elem()
	}
	return t.Kind() != reflect.Struct || decodesText(t)
}

// loneEnvironment reads the text env:NAME, by which a run config writes the map
// {env: NAME} itself.
func loneEnvironment(node *yaml.Node) (name string, ok bool) {
	if node.Kind != yaml.ScalarNode || len(node.Value) < len("env:") || node.Value[:len("env:")] != "env:" {
		return "", false
	}
	name = node.Value[len("env:"):]
	return name, variableName.MatchString(name)
}

// references returns the variables that a node refers to, as a value of type t.
func (s *Shapes) references(t reflect.Type, node *yaml.Node) []string {
	node = followAlias(node)
	if name, ok := reference(t, node); ok {
		return []string{name}
	}
	for t.Kind() == reflect.Pointer && !decodesText(t) {
		t = t.Elem()
	}
	var names []string
	switch {
	case decodesText(t) || isBytes(t):
	case t.Kind() == reflect.Struct && node.Kind == yaml.MappingNode:
		item, given := s.item(t), make(LaunchValues)
		item.Read(given, "", node)
		names = item.references(given)
	case (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) && node.Kind == yaml.SequenceNode:
		for _, content := range node.Content {
			names = append(names, s.references(t.Elem(), content)...)
		}
	case t.Kind() == reflect.Map && node.Kind == yaml.MappingNode:
		for i := 1; i < len(node.Content); i += 2 {
			names = append(names, s.references(t.Elem(), node.Content[i])...)
		}
	}
	return names
}

// references returns the variables that a launch refers to.
func (c *Definition) references(given LaunchValues) []string {
	var names []string
	for i := range c.fields {
		if value := given[c.fields[i].path]; value.node != nil {
			names = append(names, c.shapes.references(c.fields[i].typ, value.node)...)
		}
	}
	return names
}

// looksLikeReference reports whether a node is a map with env among its keys.
func looksLikeReference(node *yaml.Node) bool {
	if node == nil || node.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(node.Content); i += 2 {
		if node.Content[i].Value == "env" {
			return true
		}
	}
	return false
}

func followAlias(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}
