package ui_test

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/fxrun/fxrun/server/ui"
)

// FuzzSetField checks that a field that was typed into the form stands in the text, and that
// nothing else of the text has changed.
func FuzzSetField(f *testing.F) {
	for _, text := range []string{
		"", "# a\n", "null", "resources:\n", "resources: {db: {config: {a: 1, table: b}}}", "resources: # all\n  db:\n    config:\n      table: x # y\n",
		"a: [1, 2]\nresources:\n  db: null\n", "resources: text", "[1]", "x: &a {b: 1}\nresources: {db: *a}", "---\na: 1\n---\nb: 2\n", "resources: {db: {config: []}}",
		"<<: {a: 1}\nresources: {db: {config: {table: {env: A}}}}", "? [a]\n: b\n", "resources: &r\n  db: *r\n",
	} {
		for _, typed := range []string{"", "orders", "010", "{env: A}", "- a", "a: b", "\"", "true", "é\n ü"} {
			f.Add(text, typed, "string")
			f.Add(text, typed, "int")
			f.Add(text, typed, "[]string")
		}
	}
	const path = "resources.db.config.table"
	f.Fuzz(func(t *testing.T, text, typed, goType string) {
		written, err := ui.SetField(text, path, typed, goType)
		if err != nil {
			return
		}
		var before, after any
		if err := yaml.Unmarshal([]byte(written), &after); err != nil {
			if yaml.Unmarshal([]byte(text), &before) != nil {
				return // the text was no better
			}
			t.Fatalf("%q becomes %q, which is not YAML: %v", text, written, err)
		}
		given := ui.GivenValues(written)
		switch got, ok := given[path]; {
		case typed == "" && ok:
			t.Errorf("the field of %q was emptied, but is %q", text, got)
		case typed != "" && goType == "string" && !strings.HasPrefix(typed, "{env:") && got != typed:
			t.Errorf("the field of %q is %q, want %q, in\n%s", text, got, typed, written)
		}
	})
}
