package inspect

import (
	"slices"

	"github.com/fxrun/fxrun/history"
)

// StepValues are the materializations of each step of a run, by the step's key:
// none of an op, several of a function that makes several assets. They are read by
// [Inspector.StepValues].
type StepValues map[string][]history.AssetMaterialized

// Add adds a materialization. It takes the place of the same asset's
// materialization by an earlier attempt.
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

// Own returns the materialization of a step that makes one asset and has that
// asset's key.
func (v StepValues) Own(step string) (history.AssetMaterialized, bool) {
	if made := v[step]; len(made) == 1 && made[0].Asset == step && made[0].Partition == "" {
		return made[0], true
	}
	return history.AssetMaterialized{}, false
}
