package runs

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fxrun/fxrun/internal/prepare"
)

// launchDocument is a launch config as it is stored.
type launchDocument map[string]map[string]struct {
	Config map[string]any `json:"config"`
}

// readDocument reads a launch config; nil is an empty one.
func readDocument(stored json.RawMessage) (document launchDocument, err error) {
	if len(stored) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(stored, &document); err != nil {
		return nil, fmt.Errorf("reading the stored launch config: %w", err)
	}
	return document, nil
}

// has reports whether the document gives a value for a field.
func (d launchDocument) has(field prepare.GivenField) bool {
	var in any = d[field.Section][field.Key].Config
	for name := range strings.SplitSeq(field.Path, ".") {
		section, _ := in.(map[string]any)
		value, ok := section[name]
		if !ok {
			return false
		}
		in = value
	}
	return true
}
