package cli

import (
	"strings"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/quantity"

	"github.com/fxrun/fxrun/inspect"
)

// valueName returns the name under which a materialization is shown.
func valueName(value history.AssetMaterialized) string { return clean(inspect.ValueName(value)) }

// madeText says in a few words what a step made: the number of assets, unless it is
// only the asset with the key of the step, and the sum of their rows and sizes.
func madeText(values inspect.StepValues, step string) string {
	made := values[step]
	var texts []string
	if _, ok := values.Own(step); !ok && len(made) > 0 {
		texts = append(texts, counted(len(made), "asset"))
	}
	var rows, size int64
	known := false
	for _, value := range made {
		if n, ok := wholeNumber(value.Metadata["rows"]); ok {
			rows, known = rows+n, true
		}
		size += value.Size
	}
	if known {
		texts = append(texts, counted(int(rows), "row"))
	}
	if size > 0 {
		texts = append(texts, quantity.Size(size))
	}
	return strings.Join(texts, gap)
}
