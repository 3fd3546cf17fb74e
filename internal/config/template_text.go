package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// templateText writes lines at one depth.
type templateText struct {
	out     *strings.Builder
	indent  string
	secrets SecretVariables
}

func (t templateText) inside() templateText {
	t.indent += "  "
	return t
}

func (t templateText) line(text string) { t.out.WriteString(t.indent + text + "\n") }

// comment writes text for people, with "# " before each line. Settings that are
// commented out have no blank after the #.
func (t templateText) comment(text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.Map(printable, line))
		if line != "" {
			t.line("# " + line)
		}
	}
}

// printable returns a blank in place of a character that YAML does not allow,
// even in comments.
func printable(r rune) rune {
	if !unicode.IsPrint(r) {
		return ' '
	}
	return r
}

// flowYAML writes JSON as one line of YAML, without quotes where YAML needs
// none.
func flowYAML(value any) string {
	raw, ok := value.(json.RawMessage)
	if !ok || bytes.Equal(raw, []byte("null")) {
		return ""
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if plain := yamlKey(text); !strings.ContainsAny(plain, "\r\n") {
			return plain
		}
	}
	return string(raw)
}

// yamlKey returns a text as YAML.
func yamlKey(text string) string {
	written, err := yaml.Marshal(text)
	if err != nil {
		return fmt.Sprintf("%q", text)
	}
	return strings.TrimSuffix(string(written), "\n")
}
