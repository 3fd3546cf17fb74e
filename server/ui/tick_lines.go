package ui

import (
	"encoding/json"
	"log/slog"
	"strings"

	"github.com/fxrun/fxrun/automation"
)

// tickLines returns the log lines of a tick as people read them: the time, the level, the
// message, and the attributes by name. A line that is not as expected stays as it is.
func tickLines(lines []automation.LogLine) []string {
	var texts []string
	for _, line := range lines {
		texts = append(texts, tickLine(line))
	}
	return texts
}

func tickLine(line automation.LogLine) string {
	var fields map[string]any
	if json.Unmarshal(line, &fields) != nil {
		return string(line)
	}
	var parts []string
	for _, name := range []string{slog.TimeKey, slog.LevelKey, slog.MessageKey} {
		if value, ok := fields[name]; ok {
			parts = append(parts, valueText(value))
			delete(fields, name)
		}
	}
	for _, name := range sortedKeys(fields) {
		parts = append(parts, name+"="+valueText(fields[name]))
	}
	return strings.Join(parts, " ")
}
