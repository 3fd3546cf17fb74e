package binding

import (
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// Options returns the options of the child container of a plan: what the plan needs, and which
// steps a run config may configure. What lives per step is left to the children of the steps.
// storage is as in [Targets].
func Options(plan *assets.Plan, storage map[string]*container.Target) []fx.Option {
	var targets, later []*container.Target
	for _, target := range Targets(plan, storage) {
		if target.LivesPerStep() {
			later = append(later, target)
		} else {
			targets = append(targets, target)
		}
	}
	return []fx.Option{
		container.Needs(targets...), container.NeedsLater(later...), container.Steps(plan.Known...), container.OtherSteps(plan.Others...),
	}
}

// Targets returns all that a plan needs of a child container: what its functions ask for, and
// the IO managers of outputs and inputs, each once. storage is what gives the IO manager of a
// key, as [New] returns it. It is nil if something else takes the place of all IO managers.
func Targets(plan *assets.Plan, storage map[string]*container.Target) []*container.Target {
	var seen []string // there are few
	targets, _ := plan.Targets(func(use assets.Storage) (*container.Target, error) {
		if slices.Contains(seen, use.IO) {
			return nil, nil
		}
		seen = append(seen, use.IO)
		return storage[use.IO], nil
	})
	return targets
}
