package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// newEncoder returns an encoder whose JSON has no control characters for a
// terminal. Package json escapes only some of these characters.
func newEncoder(w io.Writer) *json.Encoder { return json.NewEncoder(escaper{w}) }

// escaper escapes the control characters in JSON. They occur only in strings. Each
// call of Write must get a complete JSON value.
type escaper struct{ to io.Writer }

func (e escaper) Write(text []byte) (int, error) {
	escaped := text
	if bytes.ContainsFunc(text, isRaw) {
		escaped = escapeControls(text)
	}
	if _, err := e.to.Write(escaped); err != nil {
		return 0, err
	}
	return len(text), nil
}

func isRaw(r rune) bool { return r != '\n' && isControl(r) }

func escapeControls(text []byte) []byte {
	var escaped bytes.Buffer
	for _, r := range string(text) {
		if isRaw(r) {
			fmt.Fprintf(&escaped, `\u%04x`, r)
		} else {
			escaped.WriteRune(r)
		}
	}
	return escaped.Bytes()
}

// writeDocument writes a value as indented JSON.
func writeDocument(w io.Writer, value any) error {
	encoder := newEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// documentText returns a value as text for a place within an indented document.
// Every line except the first begins with prefix.
func documentText(value any, prefix string) (string, error) {
	var text strings.Builder
	encoder := newEncoder(&text)
	encoder.SetIndent(prefix, "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("writing JSON: %w", err)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// writeWithFaults writes a document that contains the faults, and returns the
// faults for the exit code.
func writeWithFaults(w io.Writer, value any, faults error) error {
	if err := writeDocument(w, value); err != nil {
		return err
	}
	if faults == nil {
		return nil
	}
	return &shownError{faults}
}
