package cli

import (
	"encoding/json"
	"fmt"
	"io"
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
