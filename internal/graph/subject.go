package graph

import (
	"slices"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
)

// Subject is what a child is opened for, and what a launch config may speak of.
type Subject struct {
	Targets []*Target
	Later   []*Target   // for nested children
	Steps   []*Target   // that exist, needed or not
	Others  []*Target   // steps that exist elsewhere
	Known   *KnownSteps // a nested child's begins as its parent's
	Keys    []string    // of resources that are to start whatever asks for them
	Keyed   bool        // Keys were given, be it none
	Launch  config.RunConfig
	Faults  []error
}

// Named leaves out targets that are nil, and reports them.
func (s *Subject) Named(option string, targets []*Target) []*Target {
	if !slices.Contains(targets, nil) {
		return targets
	}
	s.Faults = append(s.Faults, fault.Errorf("container.%s: one of its targets is nil", option))
	return slices.DeleteFunc(slices.Clone(targets), func(t *Target) bool { return t == nil })
}

// GatherSteps gathers the steps that the launch may speak of, and reports targets that
// are not the container's.
func (s *Subject) GatherSteps(of *Graph) []error {
	own := slices.Concat(s.Targets, s.Later)
	var faults []error
	for _, target := range slices.Concat(own, s.Steps, s.Others) {
		if target.graph != of {
			faults = append(faults, fault.Errorf("%s is a target of another container", target.name))
		}
	}
	known, more := newKnownSteps(own, s.Steps, s.Others, s.Known)
	s.Known = known
	return append(faults, more...)
}
