package config

import (
	"bytes"
	"encoding/json"
	"regexp"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// nodeOfJSON reads a text of JSON as the node that YAML has for it. It returns nil for a
// text that is not JSON.
//
// The YAML library cannot read all of JSON: it refuses the escapes \/ and \ud83d\ude00,
// which other programs write, and takes some characters of a text for line ends.
func nodeOfJSON(text []byte) *yaml.Node {
	if !utf8.Valid(text) || !json.Valid(text) || hasHalfCharacter(text) {
		return nil
	}
	reader := jsonReader{text: text, decoder: json.NewDecoder(bytes.NewReader(text)), line: 1, column: 1}
	reader.decoder.UseNumber()
	return reader.value()
}

var (
	wholeCharacter = regexp.MustCompile(`(?i)\\\\|\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}`)
	halfCharacter  = regexp.MustCompile(`(?i)\\ud[89a-f][0-9a-f]{2}`)
)

// hasHalfCharacter reports whether a text has an escape that is one half of a character,
// as \ud83d is without the other half. The decoder would read it as another character.
func hasHalfCharacter(text []byte) bool {
	return halfCharacter.Match(text) && halfCharacter.Match(wholeCharacter.ReplaceAll(text, nil))
}

// jsonReader reads valid JSON, and finds where its values stand.
type jsonReader struct {
	text         []byte // what is not read yet
	read         int    // how many bytes are read
	decoder      *json.Decoder
	line, column int // of what is not read yet
}

// value reads one value, with all values in it.
func (r *jsonReader) value() *yaml.Node {
	r.skip(len(r.text) - len(bytes.TrimLeft(r.text, " \t\r\n,:")))
	line, column := r.line, r.column
	token := r.token()
	var node *yaml.Node
	switch token := token.(type) {
	case json.Delim:
		node = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
		if token == '{' {
			node.Kind, node.Tag = yaml.MappingNode, "!!map"
		}
		for r.decoder.More() {
			node.Content = append(node.Content, r.value())
		}
		r.token()
	case string:
		node = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: token}
	case json.Number:
		node = plainNode(token.String())
	case bool:
		node = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"}
		if token {
			node.Value = "true"
		}
	default:
		node = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	}
	node.Line, node.Column = line, column
	return node
}

// token reads the next token. The text is valid, so it has one.
func (r *jsonReader) token() json.Token {
	token, _ := r.decoder.Token()
	r.skip(int(r.decoder.InputOffset()) - r.read)
	return token
}

// skip goes on by some bytes. Columns count characters.
func (r *jsonReader) skip(n int) {
	passed := r.text[:n]
	if end := bytes.LastIndexByte(passed, '\n'); end >= 0 {
		r.line += bytes.Count(passed, []byte("\n"))
		r.column, passed = 1, passed[end+1:]
	}
	r.column += utf8.RuneCount(passed)
	r.text, r.read = r.text[n:], r.read+n
}
