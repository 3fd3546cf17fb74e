package ui

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlOf returns the stored config of a launch as YAML. It is "" for none.
func yamlOf(config json.RawMessage) string {
	var document yaml.Node
	if len(config) == 0 || yaml.Unmarshal(config, &document) != nil || len(document.Content) == 0 {
		return ""
	}
	unfold(document.Content[0])
	text, err := encoded(&document)
	if err != nil {
		return ""
	}
	return text
}

// unfold removes the style of JSON, apart from references to the environment.
func unfold(node *yaml.Node) {
	if isReference(node) {
		return
	}
	node.Style = 0
	for _, child := range node.Content {
		unfold(child)
	}
}

// isReference reports whether a node is {env: NAME}.
func isReference(node *yaml.Node) bool {
	return node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[0].Value == "env"
}

func encoded(document *yaml.Node) (string, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := errors.Join(encoder.Encode(document), encoder.Close()); err != nil {
		return "", err
	}
	return text.String(), nil
}

// setField sets one field of a run config in YAML to what was typed into the form, and
// keeps all else, with its comments. A field that was emptied is removed.
func setField(text, path, typed, goType string) (string, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return "", fmt.Errorf("the YAML must be valid before the form can change it: %w", err)
	}
	if len(document.Content) == 0 {
		document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	names := splitPath(path)
	if names == nil {
		return "", fmt.Errorf("%q is not the path of a field", path)
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		*root = yaml.Node{Kind: yaml.MappingNode}
	}
	if typed == "" {
		remove(root, names)
	} else {
		value, err := nodeOf(typed, goType)
		if err != nil {
			return "", err
		}
		if changed, ok := spliced(text, leaf(root, names), value); ok {
			return changed, nil
		}
		if err := set(root, names, value); err != nil {
			return "", err
		}
	}
	if len(root.Content) == 0 {
		return "", nil
	}
	return encoded(&document)
}

// leaf returns the node of a path, or nil.
func leaf(node *yaml.Node, names []string) *yaml.Node {
	for _, name := range names {
		if node.Kind != yaml.MappingNode {
			return nil
		}
		at := find(node, name)
		if at < 0 {
			return nil
		}
		node = node.Content[at+1]
	}
	return node
}

// spliced puts a value in the place of a plain scalar and leaves every other letter of the
// text as it is, with its empty lines and its quotes. It returns false where that cannot
// be done.
func spliced(text string, old, value *yaml.Node) (string, bool) {
	isOneLine := value.Kind == yaml.ScalarNode || isReference(value) && value.Style == yaml.FlowStyle
	if old == nil || !isOneLine || old.Kind != yaml.ScalarNode || old.Style != 0 || old.Anchor != "" || old.Value == "" || old.Line == 0 {
		return "", false
	}
	lines := strings.SplitAfter(text, "\n")
	if old.Line > len(lines) {
		return "", false
	}
	line := []rune(lines[old.Line-1])
	if old.Column < 1 || old.Column > len(line) {
		return "", false
	}
	before, after := string(line[:old.Column-1]), string(line[old.Column-1:])
	rest, ok := strings.CutPrefix(after, old.Value)
	written, err := yaml.Marshal(value)
	scalar := strings.TrimSuffix(string(written), "\n")
	if !ok || err != nil || strings.Contains(scalar, "\n") || strings.ContainsAny(before, "{[") { // a plain scalar in brackets may not have every letter
		return "", false
	}
	lines[old.Line-1] = before + scalar + rest
	return strings.Join(lines, ""), true
}

// splitPath takes a path such as resources.raw.db.config.auth.user apart. The key may have
// dots; the section and "config" tell where it begins and ends.
func splitPath(path string) []string {
	section, rest, ok := strings.Cut(path, ".")
	if !ok {
		return nil
	}
	key, field, ok := strings.Cut(rest, ".config.")
	if !ok || key == "" || field == "" {
		return nil
	}
	return append([]string{section, key, "config"}, strings.Split(field, ".")...)
}

// nodeOf returns what was typed as YAML. Text fields take it as it stands; {env: NAME} is
// a reference everywhere.
func nodeOf(typed, goType string) (*yaml.Node, error) {
	goType = strings.TrimLeft(goType, "*")
	isReference := strings.HasPrefix(typed, "{env:")
	isCollection := strings.HasPrefix(goType, "[]") && goType != "[]uint8" || strings.HasPrefix(goType, "map[")
	isPlain := strings.HasPrefix(goType, "int") || strings.HasPrefix(goType, "uint") || strings.HasPrefix(goType, "float") || goType == "bool"
	if isCollection && !strings.HasPrefix(typed, "[") && !strings.HasPrefix(typed, "{") {
		opening, closing := "[", "]"
		if strings.HasPrefix(goType, "map[") {
			opening, closing = "{", "}"
		}
		typed = opening + typed + closing
	}
	if !isReference && !isCollection && !isPlain {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: typed}, nil
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(typed), &document); err != nil || len(document.Content) != 1 {
		return nil, fmt.Errorf("%q is not valid YAML", typed)
	}
	return document.Content[0], nil
}

func find(mapping *yaml.Node, name string) int {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return i
		}
	}
	return -1
}

func set(mapping *yaml.Node, names []string, value *yaml.Node) error {
	if mapping.Kind != yaml.MappingNode {
		return fmt.Errorf("%s stands where a mapping must be", mapping.Value)
	}
	at := find(mapping, names[0])
	switch {
	case len(names) == 1 && at >= 0:
		value.LineComment = mapping.Content[at+1].LineComment
		mapping.Content[at+1] = value
		return nil
	case len(names) == 1:
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: names[0]}, value)
		return nil
	case at < 0:
		mapping.Content = append(mapping.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: names[0]}, &yaml.Node{Kind: yaml.MappingNode})
		at = len(mapping.Content) - 2
	case mapping.Content[at+1].Kind == yaml.ScalarNode && mapping.Content[at+1].Tag == "!!null":
		*mapping.Content[at+1] = yaml.Node{Kind: yaml.MappingNode}
	}
	return set(mapping.Content[at+1], names[1:], value)
}

// remove removes a field, and the mappings that are empty without it.
func remove(mapping *yaml.Node, names []string) {
	at := find(mapping, names[0])
	if mapping.Kind != yaml.MappingNode || at < 0 {
		return
	}
	if len(names) > 1 {
		remove(mapping.Content[at+1], names[1:])
		if len(mapping.Content[at+1].Content) > 0 {
			return
		}
	}
	mapping.Content = append(mapping.Content[:at], mapping.Content[at+2:]...)
}

// givenValues returns the scalars and lists that a run config in YAML gives, by their
// paths.
func givenValues(text string) map[string]string {
	given := make(map[string]string)
	var document yaml.Node
	if yaml.Unmarshal([]byte(text), &document) != nil || len(document.Content) == 0 {
		return given
	}
	collect(given, "", document.Content[0])
	return given
}

func collect(given map[string]string, path string, node *yaml.Node) {
	switch {
	case isReference(node):
		given[path] = "{env: " + node.Content[1].Value + "}"
	case node.Kind == yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			inner := node.Content[i].Value
			if path != "" {
				inner = path + "." + inner
			}
			collect(given, inner, node.Content[i+1])
		}
	case node.Kind == yaml.ScalarNode:
		given[path] = node.Value
	case node.Kind == yaml.SequenceNode:
		flow := *node
		flow.Style = yaml.FlowStyle
		if text, err := yaml.Marshal(&flow); err == nil {
			given[path] = strings.TrimSpace(string(text))
		}
	}
}
