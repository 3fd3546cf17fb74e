package config

import (
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// nodeOfText reads all text: that of the environment, of tags and of
// [RunConfig.Set]. It returns the YAML that a file would have for a value of
// type t. Text for a field of text is taken without a change. A list is written
// as a, b or in YAML as [a, b]. A map is written as a: 1, b: 2 or as {a: 1, b:
// 2}. A struct is written in YAML, as {a: 1}. null stands for the nil pointer
// to anything except text.
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

// takesText reports whether every text is a value of the type, or the type
// reads itself from text.
func takesText(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer && !decodesText(t) {
		t = t.Elem()
	}
	return decodesText(t) || t.Kind() == reflect.String && t != jsonNumberType || isBytes(t)
}

// plainNode returns a node of text without quotes, whose type YAML finds.
func plainNode(text string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.ScalarNode, Value: text}
	node.Tag = node.ShortTag()
	if text == "" {
		node.Tag = "!!str"
	}
	return node
}

// isFlow reports whether a list or a map is written as YAML, which is in
// brackets or on several lines.
func isFlow(text, bracket string) bool {
	return strings.HasPrefix(text, bracket) || strings.Contains(text, "\n")
}

// flowNode reads a list or a map that is written as YAML. Text that is not a
// list or a map stays text. No list accepts such a text, because a part of a
// list would be a wrong value.
func flowNode(text string, kind yaml.Kind) *yaml.Node {
	if node := parsedNode(text); node != nil && node.Kind == kind {
		return node
	}
	return textNode(text)
}

// parsedNode reads text as one document of YAML. It returns nil if the text is
// not YAML, or is empty.
func parsedNode(text string) *yaml.Node {
	node, err := parseDocument([]byte(text))
	if err != nil || node == nil {
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

// mapNode reads a: 1, b: 2. The value of an entry is everything after the first
// colon, with further colons. If an entry has no colon or begins with a colon, the
// text is not a map: ::1: a, for a map of addresses, has no empty key.
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

// forgetPosition removes line and column, because they would be those in the
// text of one value.
func forgetPosition(node *yaml.Node) {
	node.Line, node.Column = 0, 0
	for _, child := range node.Content {
		forgetPosition(child)
	}
}
