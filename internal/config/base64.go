package config

import (
	"encoding/base64"

	"go.yaml.in/yaml/v3"
)

// base64Key is the key of {base64: TEXT}, which stands for bytes that are not
// UTF-8.
const base64Key = "base64"

// wrappedBase64 writes bytes that are not UTF-8.
func wrappedBase64(data []byte) any {
	return map[string]any{base64Key: base64.StdEncoding.EncodeToString(data)}
}

// unwrapBase64 replaces {base64: TEXT} by a node with the tag !!binary.
func unwrapBase64(node *yaml.Node) *yaml.Node {
	if node.Kind != yaml.MappingNode || len(node.Content) != 2 || node.Content[0].Value != base64Key {
		return node
	}
	text := *followAlias(node.Content[1])
	if text.Kind == yaml.ScalarNode {
		text.Tag = "!!binary"
	}
	return &text
}
