package inspect

import (
	"slices"

	"github.com/fxrun/fxrun/history"
)

// StepValues are the materializations of each step of a run, by the key of the
// step. An op has none, and a function that makes several assets has several.
// [Inspector.StepValues] reads them.
type StepValues map[string][]history.AssetMaterialized

// Add adds a materialization. It replaces the materialization of the same asset by
// an earlier attempt.
func (v StepValues) Add(value history.AssetMaterialized) {
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

// Own returns the materialization of a step that makes a single asset and has the
// key of this asset.
func (v StepValues) Own(step string) (history.AssetMaterialized, bool) {
	if made := v[step]; len(made) == 1 && made[0].Asset == step && made[0].Partition == "" {
		return made[0], true
	}
	return history.AssetMaterialized{}, false
}
