package cli

import (
	"strings"

	"github.com/fxrun/fxrun/history"

	"github.com/fxrun/fxrun/inspect"
)

// valueName is what a materialization is called.
func valueName(value history.AssetMaterialized) string {
	if value.Partition == "" {
		return clean(value.Asset)
	}
	return clean(value.Asset + "[" + value.Partition + "]")
}

// madeText says in a few words what a step made: how many assets, if not its
// own alone, and rows and size of all together.
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
		texts = append(texts, sizeText(size))
	}
	return strings.Join(texts, gap)
}
