package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// writeDocument writes a value as indented JSON.
func writeDocument(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

// documentText is the text of a value within an indented document, whose lines but the first begin
// with prefix.
func documentText(value any, prefix string) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetIndent(prefix, "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("writing JSON: %w", err)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// writeWithFaults writes a document that has the faults in it, and returns
// them for the exit code.
func writeWithFaults(w io.Writer, value any, faults error) error {
	if err := writeDocument(w, value); err != nil {
		return err
	}
	if faults == nil {
		return nil
	}
	return &shownError{faults}
}
