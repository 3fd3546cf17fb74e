package graph

import (
	"slices"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/fault"
)

// Subject says what a child is opened for, and what a launch config may
// configure.
type Subject struct {
	Targets []*Target
	Later   []*Target   // targets for nested children
	Steps   []*Target   // steps that exist, needed or not
	Others  []*Target   // steps that exist elsewhere
	Known   *KnownSteps // a nested child begins with those of its parent
	Keys    []string    // of resources that start even if nothing asks for them
	Keyed   bool        // the option was given, also with no key
	Launch  config.RunConfig
	Faults  []error
}

// Named returns the targets without nil, and reports those that are nil.
func (s *Subject) Named(option string, targets []*Target) []*Target {
	if !slices.Contains(targets, nil) {
		return targets
	}
	s.Faults = append(s.Faults, fault.Errorf("container.%s: one of its targets is nil", option))
	return slices.DeleteFunc(slices.Clone(targets), func(t *Target) bool { return t == nil })
}

// GatherSteps gathers the steps that the launch may configure, and reports targets of
// another container.
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
