package config

import (
	"errors"
	"slices"

	"go.yaml.in/yaml/v3"
)

// mergeKeys puts the entries that the merge keys (<<) of YAML name in their place, in a
// node and all nodes in it. What a map has itself goes before what is merged into it, and
// the first of several maps before the others.
func mergeKeys(node *yaml.Node) error {
	if node.Kind == yaml.AliasNode {
		return mergeKeys(node.Alias)
	}
	var faults []error
	for _, child := range node.Content {
		faults = append(faults, mergeKeys(child))
	}
	if node.Kind == yaml.MappingNode {
		faults = append(faults, mergeInto(node))
	}
	return errors.Join(faults...)
}

func mergeInto(node *yaml.Node) error {
	var own, merged []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Tag != "!!merge" {
			own = append(own, key, value)
			continue
		}
		for _, from := range mergedMaps(value) {
			if from.Kind != yaml.MappingNode {
				return &FieldError{Path: key.Value, Line: key.Line, Column: key.Column, Message: "a merge key takes a map or a list of maps, as in <<: *NAME"}
			}
			merged = append(merged, from.Content...)
		}
	}
	has := make(map[string]bool)
	for i := 0; i+1 < len(own); i += 2 {
		has[own[i].Value] = true
	}
	for i := 0; i+1 < len(merged); i += 2 {
		if name := merged[i].Value; !has[name] {
			has[name] = true
			own = append(own, merged[i], merged[i+1])
		}
	}
	node.Content = own
	return nil
}

// mergedMaps returns the maps that the value of a merge key names.
func mergedMaps(value *yaml.Node) []*yaml.Node {
	value = followAlias(value)
	if value.Kind != yaml.SequenceNode {
		return []*yaml.Node{value}
	}
	maps := slices.Clone(value.Content)
	for i, one := range maps {
		maps[i] = followAlias(one)
	}
	return maps
}
