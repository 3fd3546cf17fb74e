package config

import (
	"errors"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// nodeOfText is the one reading of text, whether it comes from the environment,
// from a tag or from [RunConfig.Set]: it returns the YAML that a file would
// have for a value of type t. Text for a field of text is taken as it stands. A
// list is written a, b or as YAML, [a, b]; a map a: 1, b: 2 or {a: 1, b: 2}; a
// struct as YAML, {a: 1}. null stands for the nil pointer to anything but text.
func nodeOfText(text string, t reflect.Type) *yaml.Node {
	if takesText(t) {
		return textNode(text)
	}
	text = strings.TrimSpace(text)
	if t.Kind() == reflect.Pointer {
		if node := plainNode(text); node.Tag == "!!null" && text != "" {
			return node
		}
		return nodeOfText(text, t.Elem())
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		if isFlow(text, "[") {
			return flowNode(text, yaml.SequenceNode)
		}
		return listNode(text, t.Elem())
	case reflect.Map:
		if isFlow(text, "{") {
			return flowNode(text, yaml.MappingNode)
		}
		return mapNode(text, t)
	case reflect.Struct:
		return flowNode(text, yaml.MappingNode)
	}
	return plainNode(text)
}

// takesText reports whether every text is a value for the type, or the type
// itself makes something of it.
func takesText(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer && !decodesText(t) {
		t = t.Elem()
	}
	return decodesText(t) || t.Kind() == reflect.String || isBytes(t)
}

// plainNode is text without quotes, of which YAML finds the type.
func plainNode(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	node.Tag = node.ShortTag()
	if text == "" {
		node.Tag = "!!str"
	}
	return node
}

// isFlow reports whether a list or a map is written as YAML: in brackets, or on
// several lines.
func isFlow(text, bracket string) bool {
	return strings.HasPrefix(text, bracket) || strings.Contains(text, "\n")
}

// flowNode reads a list or a map that is written as YAML. Text that is none
// stays text, which no list takes: half a list would be a wrong one.
func flowNode(text string, kind yaml.Kind) *yaml.Node {
	if node := parsedNode(text); node != nil && node.Kind == kind {
		return node
	}
	return textNode(text)
}

// parsedNode reads text as one document of YAML; nil where it is none, or empty.
func parsedNode(text string) *yaml.Node {
	var document, second yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(text))
	if decoder.Decode(&document) != nil || len(document.Content) == 0 || !errors.Is(decoder.Decode(&second), io.EOF) {
		return nil
	}
	node := document.Content[0]
	if expandable(node, 0, new(int)) != nil {
		return nil
	}
	forgetPosition(node)
	return node
}

// listNode reads a, b, c.
func listNode(text string, item reflect.Type) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	if text == "" {
		return list
	}
	for part := range strings.SplitSeq(text, ",") {
		list.Content = append(list.Content, nodeOfText(strings.TrimSpace(part), item))
	}
	return list
}

// mapNode reads a: 1, b: 2. What follows the first colon of an entry is its
// value, colons included. An entry without one makes it no map, and so does one that
// begins with a colon: ::1: a, for a map of addresses, has no empty key.
func mapNode(text string, t reflect.Type) *yaml.Node {
	entries := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: literalMap}
	if text == "" {
		return entries
	}
	for part := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(part, ":")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			return textNode(text)
		}
		entries.Content = append(entries.Content, textNode(key), nodeOfText(strings.TrimSpace(value), t.Elem()))
	}
	return entries
}

// forgetPosition drops line and column, which would speak of one value's text.
func forgetPosition(node *yaml.Node) {
	node.Line, node.Column = 0, 0
	for _, child := range node.Content {
		forgetPosition(child)
	}
}
