package binding

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/child"
)

// Steps returns all steps of a graph.
func Steps(g *assets.Graph) iter.Seq[*assets.Step] {
	return func(yield func(*assets.Step) bool) {
		for _, step := range stepsOf(g) {
			if !yield(step) {
				return
			}
		}
	}
}

// Apart returns a warning for each step whose values several IO managers store, if these
// are not known to store them together. A step that says so itself needs no warning.
func Apart(c *container.Container, steps iter.Seq[*assets.Step]) []string {
	var warnings []string
	for step := range steps {
		var keys []string
		for _, output := range step.Outputs {
			if output.Type != nil && !slices.Contains(keys, output.IO) {
				keys = append(keys, output.IO)
			}
		}
		if step.StoredApart || len(keys) < 2 || areTogether(c, keys) {
			continue
		}
		last := len(keys) - 1
		warnings = append(warnings, fmt.Sprintf("%s stores its values by %s and %s, which are not known to store them together: "+
			"if one value cannot be stored, another one may be stored already; store them by one IO manager or as tables of one database, "+
			"or say by assets.StoredApart that they need not fit together",
			defined(step.Kind, step.Key, step), strings.Join(keys[:last], ", "), keys[last]))
	}
	return warnings
}

// areTogether reports whether all IO managers are known to be of one group.
func areTogether(c *container.Container, keys []string) bool {
	first, known := togetherness(c, keys[0])
	return known && !slices.ContainsFunc(keys[1:], func(key string) bool {
		group, known := togetherness(c, key)
		return !known || group != first
	})
}

// togetherness returns the group that iomanagers.StoredTogether names for an IO manager.
func togetherness(c *container.Container, key string) (group string, known bool) {
	for _, fact := range (*child.Parent)(c).Graph().Static(key) {
		if named, ok := fact.(interface{ StoredTogether() string }); ok {
			return named.StoredTogether(), true
		}
	}
	return "", false
}
