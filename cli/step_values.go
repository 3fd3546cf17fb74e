package cli

import (
	"slices"
	"strings"

	"github.com/fxrun/fxrun/history"
)

// stepValues are the materializations of each step, by the step's key: none of
// an op, several of a function that gives several assets.
type stepValues map[string][]history.AssetMaterialized

// add adds a materialization. It takes the place of that of an earlier
// attempt.
func (v stepValues) add(value history.AssetMaterialized) {
	made := v[value.Step]
	earlier := slices.IndexFunc(made, func(other history.AssetMaterialized) bool {
		return other.Asset == value.Asset && other.Partition == value.Partition
	})
	if earlier >= 0 {
		made[earlier] = value
		return
	}
	v[value.Step] = append(made, value)
}

// own returns the materialization of a step that makes the one asset that it
// is called after.
func (v stepValues) own(step string) (history.AssetMaterialized, bool) {
	if made := v[step]; len(made) == 1 && made[0].Asset == step && made[0].Partition == "" {
		return made[0], true
	}
	return history.AssetMaterialized{}, false
}

// valueName is what a materialization is called.
func valueName(value history.AssetMaterialized) string {
	if value.Partition == "" {
		return clean(value.Asset)
	}
	return clean(value.Asset + "[" + value.Partition + "]")
}

// summary says in a few words what a step made: how many assets, if not its
// own alone, and rows and size of all together.
func (v stepValues) summary(step string) string {
	made := v[step]
	var texts []string
	if _, ok := v.own(step); !ok && len(made) > 0 {
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
